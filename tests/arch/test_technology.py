"""Costs against the figures of their sources, written here as literals."""

import itertools
import math

import pytest

from pgsim.arch import PE, load_technology, pe_cost, sram_cost
from pgsim.errors import InputError


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


@pytest.mark.parametrize(
    ("kind", "widths", "area_um2", "dynamic_pj"),
    [  # Horowitz (ISSCC 2014): int8 add 0.03 pJ, 36 um2; int32 add 0.1 pJ, 137 um2
        ("serial_activation", (8, 8), 713.0, 0.58),  # 16 * 36 + 137, 16 * 0.03 + 0.1
        ("serial_activation", (8, 4), 425.0, 0.34),  # adders of half the width
        ("serial_weight", (4, 8), 425.0, 0.34),  # the parallel operand is the activation
        ("serial_both", (8, 8), 209.0, 0.16),  # 16 adders of one bit: 2 * 36 + 137
    ],
)
def test_serial_units_are_built_from_adders(technology, kind, widths, area_um2, dynamic_pj):
    # leakage at the density of the fixed 8-bit unit, 16.106 uW over 510.73 um2
    expected = (area_um2, dynamic_pj, 16.106 / 510.73 * area_um2)
    assert cost(technology, kind, *widths) == pytest.approx(expected, rel=1e-12)


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
    arithmetic = technology.arithmetic  # Horowitz, ISSCC 2014
    assert (arithmetic.int8_add_pj, arithmetic.int32_add_pj) == (0.03, 0.1)
    assert (arithmetic.int8_add_um2, arithmetic.int32_add_um2) == (36, 137)
    # CACTI's 128-byte bank, per bit
    assert technology.registers.read_pj_per_bit == pytest.approx(0.78964 / 32, rel=2e-3)
    assert technology.registers.write_pj_per_bit == pytest.approx(1.09259 / 32, rel=2e-3)
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
    from pgsim.files import shipped

    return shipped("arch_configs/technology", "45nm", ".yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bank_bytes: 512,", "bank_bytes: 64,", r"sram\.rows: .*each size once, smallest first"),
        ("read_pj: 1.08629", "read_pj: -1", r"sram\.rows\[1\]\.read_pj: value -1.*number over 0"),
        ("read_pj: 1.08629, ", "", r"sram\.rows\[1\]\.read_pj: missing"),
        ("pe_idle_fraction: 0.1", "pe_idle_fraction: 10", r"pe_idle_fraction: .*from 0 to 1\."),
        ("int8_add_pj: 0.03", "int8_ad_pj: 0.03", r"int8_ad_pj.*Did you mean 'int8_add_pj'"),
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
