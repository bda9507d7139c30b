"""Costs against the figures of their sources, written here as literals."""

import itertools
import math

import numpy as np
import pytest
import yaml

from pgsim.arch import PE, load_technology, pe_cost, sram_cost
from pgsim.arch.technology import load_synthesis
from pgsim.errors import InputError
from pgsim.files import shipped


@pytest.fixture(scope="module")
def technology():
    return load_technology("45nm")


def cost(technology, kind, activation=8, weight=8, terms=16):
    pe = PE(kind=kind, max_activation_bits=activation, max_weight_bits=weight, terms=terms)
    found = pe_cost(technology, pe)
    return found.area_um2, found.dynamic_pj_per_cycle, found.leakage_uw


@pytest.mark.parametrize(
    ("kind", "bits", "expected"),
    [  # Bit Fusion (ISCA 2018), area, energy and leakage of one PE at 45 nm
        ("fixed", 2, (81.07, 0.0407, 1.736)),
        ("fixed", 4, (191.63, 0.08243, 5.312)),
        ("fixed", 8, (510.73, 0.20344, 16.106)),
        ("fixed", 16, (1679.41, 0.60269, 57.016)),
        ("fusion", 2, (81.07, 0.0407, 1.736)),
        ("fusion", 4, (354.39, 0.11778, 10.951)),
        ("fusion", 8, (1734.55, 0.45919, 59.328)),
        ("fusion", 16, (8831.39, 2.11345, 295.419)),
    ],
)
def test_square_units_are_the_rows_of_the_table(technology, kind, bits, expected):
    assert cost(technology, kind, bits, bits) == expected


def test_widths_between_rows_round_up(technology):
    assert cost(technology, "fixed", 5, 7) == (510.73, 0.20344, 16.106)
    assert cost(technology, "fixed", 1, 1) == (81.07, 0.0407, 1.736)


def test_unequal_widths_cost_the_geometric_mean(technology):
    # sqrt(191.63 * 510.73), sqrt(0.08243 * 0.20344), sqrt(5.312 * 16.106)
    expected = pytest.approx((312.8437, 0.1294974, 9.249631), rel=1e-5)
    assert cost(technology, "fixed", 4, 8) == expected
    assert cost(technology, "fixed", 8, 4) == expected


@pytest.fixture(scope="module")
def synthesized():
    """The figures of the gate-level table, as they stand in its file."""
    text = shipped("arch_configs/synthesis", "sky130", ".yaml").read_text()
    return yaml.safe_load(text)["modules"]


def scaled(row, fixed):
    """A row's figures as many times Bit Fusion's fixed 8-bit unit as it is ours at 130 nm."""
    return tuple(
        figure * row[key] / fixed[key]
        for key, figure in (
            ("area_um2", 510.73),
            ("dynamic_pj_per_cycle", 0.20344),
            ("leakage_uw", 16.106),
        )
    )


@pytest.mark.parametrize(
    ("kind", "widths", "terms", "module"),
    [
        ("serial_activation", (8, 8), 16, "serial_activation_16x8"),
        ("serial_activation", (8, 4), 16, "serial_activation_16x4"),
        ("serial_activation", (8, 8), 8, "serial_activation_16x4"),  # as many bits of products
        ("serial_weight", (8, 3), 16, "serial_activation_16x8"),  # the activation is parallel
        ("serial_both", (8, 8), 16, "serial_both_16x1"),
        ("serial_both", (8, 8), 64, "serial_both_64x1"),
    ],
)
def test_serial_units_are_scaled_from_the_gate_level(
    technology, synthesized, kind, widths, terms, module
):
    expected = scaled(synthesized[module], synthesized["fixed_8x8"])
    assert cost(technology, kind, *widths, terms) == pytest.approx(expected, rel=1e-9)


def test_serial_units_between_and_beyond_sizes_are_on_a_line(technology):
    sizes = [cost(technology, "serial_activation", 8, bits) for bits in (4, 6, 8, 16)]
    four, six, eight, sixteen = map(np.array, sizes)
    assert np.allclose(six, (four + eight) / 2, rtol=1e-12)
    assert np.allclose(sixteen, eight + 2 * (eight - four), rtol=1e-12)


@pytest.mark.parametrize("kind", ["serial_activation", "serial_weight", "serial_both"])
def test_the_smallest_serial_unit_still_costs_something(technology, kind):
    assert min(cost(technology, kind, 1, 1, terms=1)) > 0


@pytest.mark.parametrize("name", ["sky131", "45nm"])
def test_a_technology_names_its_gate_level_table(tmp_path, technology_text, name):
    path = rewritten(tmp_path, technology_text, "synthesis: sky130", f"synthesis: {name}")
    with pytest.raises(InputError, match=rf"^technology: synthesis: {name}: no such.*\(sky130\)"):
        load_technology(path)


def test_a_gate_level_table_is_no_technology():
    with pytest.raises(InputError, match=r"^technology: sky130: no such file.*\(45nm\)"):
        load_technology("sky130")


def test_a_technology_must_name_a_gate_level_table(tmp_path, technology_text):
    path = rewritten(tmp_path, technology_text, "synthesis: sky130", "")
    expected = r"synthesis: missing: expected the name of a synthesis table, such as sky130\."
    with pytest.raises(InputError, match=expected):
        load_technology(path)


def test_a_gate_level_table_may_lie_beside_the_technology(tmp_path, technology_text):
    path = rewritten(tmp_path, technology_text, "synthesis: sky130", "synthesis: own/table.yaml")
    text = shipped("arch_configs/synthesis", "sky130", ".yaml").read_text()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "table.yaml").write_text(text.replace("3407", "6814"))  # serial_both_16x1
    area, shipped_area = (cost(load_technology(each), "serial_both")[0] for each in (path, "45nm"))
    assert area == pytest.approx(2 * shipped_area, rel=1e-12)


def test_a_gate_level_table_must_hold_what_is_taken_from_it(tmp_path):
    text = shipped("arch_configs/synthesis", "sky130", ".yaml").read_text()
    path = rewritten(tmp_path, text, "  comparator_32:", "  comparator_16:")
    with pytest.raises(InputError, match=r"custom\.yaml:\d+: modules: .*without comparator_32"):
        load_synthesis(path)


def test_every_bank_of_a_buffer_on_a_row_costs_that_row(technology):
    # CACTI 7, 45 nm itrs-lstp, 4096 bytes: 3.92891 and 5.1861 pJ a 32-bit word, 1.63397 uW
    found = sram_cost(technology, kib=64, banks=16, port_bits=64)
    assert found.read_pj_per_word == pytest.approx(2 * 3.92891, rel=1e-12)
    assert found.write_pj_per_word == pytest.approx(2 * 5.1861, rel=1e-12)
    assert found.leakage_mw == pytest.approx(16 * 0.00163397, rel=1e-12)
    # Intel's 0.346 um2 cell at an assumed array efficiency of one half
    assert found.area_um2 == pytest.approx(64 * 1024 * 8 * 0.692, rel=1e-12)


@pytest.mark.parametrize(
    ("kib", "read_pj"),
    [
        (0.125, 0.78964),  # the smallest row, 128 bytes
        (0.25, 0.926163),  # half way between 128 and 512 bytes: sqrt(0.78964 * 1.08629)
        (1024, 112.042),  # the largest row, 1 MiB
        (2048, 170.4061),  # beyond it by the last segment: 112.042 * 112.042 / 73.6676
        (1 / 32, 0.574001),  # 32 bytes, below the first: 0.78964 * 0.78964 / 1.08629
    ],
)
def test_bank_energy_is_a_power_law_between_rows_and_outside(technology, kib, read_pj):
    found = sram_cost(technology, kib=kib, banks=1, port_bits=32).read_pj_per_word
    assert found == pytest.approx(read_pj, rel=2e-6)


def test_costs_grow_with_the_bank_and_banks_split_a_buffer(technology):
    sizes = [0.05 * 1.3**step for step in range(50)]
    reads = [sram_cost(technology, kib, 1, 32).read_pj_per_word for kib in sizes]
    assert all(small < large for small, large in itertools.pairwise(reads))
    whole, split = sram_cost(technology, 64, 1, 32), sram_cost(technology, 64, 16, 32)
    assert split.read_pj_per_word < whole.read_pj_per_word
    assert split.area_um2 == whole.area_um2


@pytest.mark.parametrize(
    ("kind", "pj"), [("lpddr4", 8), ("hbm2", 3.9), ("gddr5", 14), ("ddr3", 70), ("bitfusion", 15)]
)
def test_dram_energy_of_each_kind(technology, kind, pj):
    assert technology.dram_pj_per_bit(kind) == pj


def test_an_unknown_dram_is_named_with_the_nearest_known(technology):
    with pytest.raises(InputError, match=r"'lpddr5'.*lpddr4, hbm2.*Did you mean 'lpddr4'\?"):
        technology.dram_pj_per_bit("lpddr5")


def test_the_rest_of_the_shipped_table(technology):
    assert len(technology.sram.rows) == 13
    assert all(row.word_bits == 32 for row in technology.sram.rows)
    assert math.isclose(technology.pe_idle_fraction, 0.1)


def test_a_loaded_technology_is_returned_as_it_is(technology):
    assert load_technology(technology) is technology


@pytest.mark.parametrize(("name", "hint"), [("nope", ""), ("45mn", r".*Did you mean '45nm'\?")])
def test_a_technology_that_does_not_exist_names_the_key(name, hint):
    with pytest.raises(InputError, match=f"^technology: {name}: no such file{hint}"):
        load_technology(name)


def rewritten(tmp_path, technology_text, old, new):
    assert technology_text.count(old) == 1
    path = tmp_path / "custom.yaml"
    path.write_text(technology_text.replace(old, new))
    return path


@pytest.fixture(scope="module")
def technology_text():
    return shipped("arch_configs/technology", "45nm", ".yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bank_bytes: 512,", "bank_bytes: 64,", r"sram\.rows: .*each size once, smallest first"),
        ("read_pj: 1.08629", "read_pj: -1", r"sram\.rows\[1\]\.read_pj: value -1.*number over 0"),
        ("read_pj: 1.08629, ", "", r"sram\.rows\[1\]\.read_pj: missing"),
        ("pe_idle_fraction: 0.1", "pe_idle_fraction: 10", r"pe_idle_fraction: .*from 0 to 1\."),
        ("um2_per_bit: 0.692", "um2_a_bit: 0.692", r"sram\.um2_a_bit.*Did you mean 'um2_per_bit'"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path, technology_text, old, new, message):
    path = rewritten(tmp_path, technology_text, old, new)
    with pytest.raises(InputError, match=rf"custom\.yaml:\d+: .*{message}"):
        load_technology(path)


def test_a_pe_wider_than_the_table_is_refused(tmp_path, technology_text):
    row = "    - {max_bits: 16, area_um2: 8831.39, dynamic_pj_per_cycle: 2.11345, "
    path = rewritten(tmp_path, technology_text, row + "leakage_uw: 295.419}\n", "")
    with pytest.raises(InputError, match="no PE of 16 bits in the technology table"):
        cost(load_technology(path), "fusion", 16, 16)
