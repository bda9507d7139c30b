"""Costs at other figures: those of a design that has them, and the synthesis table's (M48)."""

from __future__ import annotations

import pytest

from pgsim import load_arch
from pgsim.cost import Costs, costs_of
from pgsim.cost.what_ifs import with_dram_energy, with_synthesized_pes


def test_dram_energy_is_that_of_a_dearer_kind() -> None:
    """GDDR5 costs 14 pJ a bit, LPDDR4 8: nothing else of what parts cost depends on the kind."""
    costs = costs_of(load_arch("pg_ws"))
    dearer = costs_of(load_arch("pg_ws").override({"memory.dram.kind": "gddr5"}))
    found = with_dram_energy(costs, 14 / 8)
    assert (costs.dram_pj_per_bit, found.dram_pj_per_bit) == pytest.approx((8, 14), rel=1e-12)
    assert _parts(found) == _parts(costs) == _parts(dearer)


def _parts(costs: Costs) -> tuple[object, ...]:
    """All that has a price but DRAM."""
    return costs.pe, costs.gating, costs.buffers, costs.registers


def test_synthesized_pes_have_the_ratios_of_the_synthesis_table() -> None:
    """Over the fixed 8-bit PE, whose price is the technology's: MODEL.md M29's table at 130 nm."""
    fixed = costs_of(load_arch("fixed_8bit"))
    fusion = costs_of(load_arch("pg_os"))
    narrow = costs_of(load_arch("fixed_8bit").override({"array.pe.max_activation_bits": 4}))
    serial = costs_of(load_arch("pg_serial"))
    unit = fixed.pe
    assert _ratios(with_synthesized_pes(fixed), unit) == pytest.approx((1, 1), rel=1e-12)
    assert _ratios(with_synthesized_pes(fusion), unit) == pytest.approx((2.33, 1.92), rel=3e-3)
    # The geometric mean of 4 x 4, 0.531 and 0.551, and of 8 x 8.
    mean = (0.531**0.5, 0.551**0.5)
    assert _ratios(with_synthesized_pes(narrow), unit) == pytest.approx(mean, rel=2e-3)
    assert with_synthesized_pes(serial).pe == serial.pe


def _ratios(costs: Costs, unit) -> tuple[float, float]:
    return (
        costs.pe.area_um2 / unit.area_um2,
        costs.pe.dynamic_pj_per_cycle / unit.dynamic_pj_per_cycle,
    )
