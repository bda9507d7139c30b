"""Corners of a technology, and a node scaled from another, against the figures of their sources."""

import pytest

from pgsim import InputError, load_arch
from pgsim.arch import load_technology
from pgsim.cost import costs_of

# Stillmaker and Baas (Integration 58, 2017): energy and delay of an inverter chain at V volts are
# polynomials in V, given here by their coefficients, highest power first.
ENERGY = {
    "HP45": (1.018, -0.3107, 0.1539),
    "LP45": (1.103, -0.362, 0.2767),
    "HP16": (0.2958, -0.1241, 0.03024),
    "LP16": (0.2139, -0.1187, 0.05639),
}
DELAY = {
    "HP45": (-501.6, 1567, -1619, 566.1),
    "LP45": (-285.7, 1239, -1795, 898.8),
    "HP16": (0, 24.8, -47.52, 28.87),
    "LP16": (-114.6, 366.7, -397.4, 153.6),
}
VOLTS = {"HP45": 1.0, "LP45": 1.1, "HP16": 0.85, "LP16": 0.85}
AREA_45_TO_16 = 0.19  # the paper's table
# CACTI 7, a bank of 128 bytes, leakage in mW: itrs-hp at 45 and 22 nm, itrs-lstp at 45 and 28 nm.
HP45, HP22, LSTP45, LSTP28 = 0.249588, 0.0699505, 5.52467e-05, 6.81007e-05


def ratio(fits, new, old):
    values = [
        sum(factor * VOLTS[kind] ** power for power, factor in enumerate(reversed(fits[kind])))
        for kind in (new, old)
    ]
    return values[0] / values[1]


def close(value):
    return pytest.approx(value, rel=1e-3)  # factors are given to four digits


def pe(technology, bits=8):
    (row,) = (row for row in technology.pe.fixed if row.max_bits == bits)
    return row


def bank(technology, size=4096):
    (row,) = (row for row in technology.sram.rows if row.bank_bytes == size)
    return row


def test_without_a_corner_each_section_is_as_it_stands(technology):
    assert technology.at_corner(None) is technology
    assert (technology.pe.corner, technology.sram.corner) == ("hp", "lstp")


def test_high_performance_takes_other_sram(technology):
    found = technology.at_corner("hp")
    assert found.pe is technology.pe
    # CACTI 7, 45 nm, itrs-hp, 4096 bytes
    assert (bank(found).read_pj, bank(found).write_pj) == (3.42953, 4.31011)
    assert (bank(found).leakage_mw, bank(found).access_ns) == (7.30186, 0.300907)


def test_low_standby_power_takes_other_logic(technology):
    found = technology.at_corner("lstp")
    assert found.sram is technology.sram
    assert pe(found).area_um2 == 510.73
    assert pe(found).dynamic_pj_per_cycle == close(0.20344 * ratio(ENERGY, "LP45", "HP45"))
    assert pe(found).leakage_uw == close(16.106 * LSTP45 / HP45)
    assert found.pe.synthesized_mhz == close(500 / ratio(DELAY, "LP45", "HP45"))
    assert len(found.pe.fusion) == len(technology.pe.fusion)


def test_one_corner_is_chosen_for_both():
    for name in ("45nm", "16nm"):
        for corner in ("hp", "lstp"):
            found = load_technology(name).at_corner(corner)
            assert {found.pe.corner, found.sram.corner} == {corner}


def test_an_unknown_corner_is_named_with_the_nearest():
    design = load_arch("pg_os").override({"corner": "lst"})
    expected = r"^corner: value 'lst': expected one of hp, lstp, which .* 45nm.*Did you mean 'lstp'"
    with pytest.raises(InputError, match=expected):
        costs_of(design)


def test_a_design_at_a_corner_costs_what_its_parts_cost_there():
    costs = costs_of(load_arch("pg_os").override({"corner": "hp"}))
    assert costs.buffers["activation"].read_pj_per_word == pytest.approx(2 * 3.42953, rel=1e-12)


@pytest.mark.parametrize("size", [128, 4096, 1048576])
@pytest.mark.parametrize(
    ("corner", "kinds", "leakage"),
    [("hp", ("HP16", "HP45"), HP22 / HP45), ("lstp", ("LP16", "LP45"), LSTP28 / LSTP45)],
)
def test_sram_of_16_nm_is_that_of_45_nm_scaled(size, corner, kinds, leakage):
    new, old = (bank(load_technology(node).at_corner(corner), size) for node in ("16nm", "45nm"))
    energy, delay = ratio(ENERGY, *kinds), ratio(DELAY, *kinds)
    assert new.read_pj == close(old.read_pj * energy)
    assert new.write_pj == close(old.write_pj * energy)
    assert new.access_ns == close(old.access_ns * delay)
    assert new.leakage_mw == close(old.leakage_mw * leakage)
    assert new.area_um2 == close(old.area_um2 * AREA_45_TO_16)


@pytest.mark.parametrize("kind", ["fixed", "fusion"])
@pytest.mark.parametrize(
    ("corner", "energy", "delay", "leakage"),
    [
        ("hp", ratio(ENERGY, "HP16", "HP45"), ratio(DELAY, "HP16", "HP45"), HP22 / HP45),
        ("lstp", ratio(ENERGY, "LP16", "HP45"), ratio(DELAY, "LP16", "HP45"), LSTP28 / HP45),
    ],
)
def test_pes_of_16_nm_are_those_of_45_nm_scaled(kind, corner, energy, delay, leakage):
    new, old = load_technology("16nm").at_corner(corner).pe, load_technology("45nm").pe
    assert new.synthesized_mhz == close(old.synthesized_mhz / delay)
    for scaled, row in zip(getattr(new, kind), getattr(old, kind), strict=True):
        assert scaled.max_bits == row.max_bits
        assert scaled.dynamic_pj_per_cycle == close(row.dynamic_pj_per_cycle * energy)
        assert scaled.leakage_uw == close(row.leakage_uw * leakage)
        assert scaled.area_um2 == close(row.area_um2 * AREA_45_TO_16)


def test_a_bit_of_dram_costs_the_same_at_any_node():
    nodes = [load_technology(name) for name in ("45nm", "16nm")]
    old, new = ({row.kind: row.pj_per_bit for row in node.dram} for node in nodes)
    assert old == new
