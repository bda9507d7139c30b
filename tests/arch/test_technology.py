"""Technology files: what they hold, and errors that name what is wrong in them."""

import math

import pytest
from arch_files import rewritten, synthesis_text, technology_text

from pgsim.arch import PE, load_technology, logic_cost
from pgsim.errors import InputError


def cost(technology, kind, activation=8, weight=8, terms=16):
    pe = PE(kind=kind, max_activation_bits=activation, max_weight_bits=weight, terms=terms)
    found = pe.unit.cost(technology)
    return found.area_um2, found.dynamic_pj_per_cycle, found.leakage_uw


@pytest.mark.parametrize("name", ["sky131", "45nm"])
def test_a_technology_names_its_gate_level_table(tmp_path, name):
    path = rewritten(tmp_path, technology_text(), "synthesis: sky130", f"synthesis: {name}")
    with pytest.raises(InputError, match=rf"^technology: synthesis: {name}: no such.*\(sky130\)"):
        load_technology(path)


def test_a_gate_level_table_is_no_technology():
    with pytest.raises(InputError, match=r"^technology: sky130: no such file.*\(16nm, 45nm, "):
        load_technology("sky130")


def test_a_technology_must_name_a_gate_level_table(tmp_path):
    path = rewritten(tmp_path, technology_text(), "synthesis: sky130", "")
    expected = r"synthesis: missing: expected the name of a synthesis table, such as sky130\."
    with pytest.raises(InputError, match=expected):
        load_technology(path)


def test_a_gate_level_table_may_lie_beside_the_technology(tmp_path):
    path = rewritten(tmp_path, technology_text(), "synthesis: sky130", "synthesis: own/table.yaml")
    text = synthesis_text()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "table.yaml").write_text(text.replace("3407", "6814"))  # serial_both_16x1
    area, shipped_area = (cost(load_technology(each), "serial_both")[0] for each in (path, "45nm"))
    assert area == pytest.approx(2 * shipped_area, rel=1e-12)


def test_a_gate_level_table_must_hold_what_a_part_is_made_of(tmp_path):
    path = rewritten(tmp_path, technology_text(), "synthesis: sky130", "synthesis: own/custom.yaml")
    (tmp_path / "own").mkdir()
    rewritten(tmp_path / "own", synthesis_text(), "  comparator_32:", "  comparator_16:")
    technology = load_technology(path)
    assert logic_cost(technology, {"scheduler_skip_lanes_16": 1}).area_um2 > 0
    with pytest.raises(InputError, match=r"no module 'comparator_32'.*Did you mean 'comparator_16"):
        logic_cost(technology, {"comparator_32": 1})


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


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "bank_bytes: 512, word_bits: 32, read_pj: 1.08629",
            "bank_bytes: 64, word_bits: 32, read_pj: 1.08629",
            r"sram\.rows: .*each size once, smallest first",
        ),
        (
            "read_pj: 1.08629",
            "read_pj: -1",
            r"rows\[1\]\.read_pj: value -1: .*from 1e-12 to 1e",
        ),
        ("read_pj: 1.08629", "read_pj: 1e13", r"rows\[1\]\.read_pj: .*from 1e-12 to 1e\+12"),
        ("read_pj: 1.08629, ", "", r"sram\.rows\[1\]\.read_pj: missing"),
        ("pe_idle_fraction: 0.1", "pe_idle_fraction: 10", r"pe_idle_fraction: .*from 0 to 1\."),
        ("area_um2: 4419.8}", "area_um: 4419.8}", r"sram\.rows\[1\]\.area_um.*mean 'area_um2'"),
        ("corner: lstp ", "corner: ll ", r"corners\[1\]\.sram: missing: sram is of corner ll\."),
        ("- name: hp", "- name: hb", r"corners\[0\]\.sram\.corner: value 'hp': expected hb"),
        ("    energy: 1.409\n", "", r"corners\[1\]\.logic\.energy: missing"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path, old, new, message):
    path = rewritten(tmp_path, technology_text(), old, new)
    with pytest.raises(InputError, match=rf"custom\.yaml:\d+: .*{message}"):
        load_technology(path)
