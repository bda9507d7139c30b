"""Energy of PEs that stand still at zeros, from the gate level's figures as literals (M45)."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from arch_files import synthesis_text, technology_text
from designs import design, drawn, linear, trace_of
from unit_costs import close

from pgsim import InputError, simulate
from pgsim.cost import costs_of

ZEROS = {"activation": [[0, 4, 0.25], [2, 2, 0.5], [0, 2, 0.75]], "weight": [[0, 8, 0.25]]}
LAYER, MASK = linear(6, 3, 1, zeros=ZEROS), drawn("x.x..x")
GATING = {"array.dataflow": "ws", "array.pe.zero_gating": True}
TABLE = yaml.safe_load(synthesis_text())["modules"]


def pj(module: str) -> float:
    return float(TABLE[module]["dynamic_pj_per_cycle"])


def test_a_zero_saves_what_the_unit_and_its_sum_spend() -> None:
    # 27 busy PE cycles of which 11 + 7 have a zero (model/test_zeros), 125 idle at a tenth; a busy
    # one is Bit Fusion's 0.20344 pJ, times what isolation adds.
    busy = 0.20344 * pj("fixed_8x8_isolated") / pj("fixed_8x8")
    zero = 2 * pj("fixed_8x8_isolated_half_zero") / pj("fixed_8x8_isolated") - 1
    found = simulate(trace_of(LAYER, MASK), design(GATING)).summary
    assert found["energy_pe_pj"] == close(busy * (27 - 18 * (1 - zero) + 0.1 * 125))


def test_isolation_costs_area_leakage_and_time() -> None:
    plain, isolated = (
        costs_of(design({"array.pe.zero_gating": gating, "clock_mhz": "auto"}))
        for gating in (False, True)
    )
    own, without = TABLE["fixed_8x8_isolated"], TABLE["fixed_8x8"]
    for figure in ("area_um2", "leakage_uw"):
        ratio = own[figure] / without[figure]
        assert getattr(isolated.pe, figure) == close(getattr(plain.pe, figure) * ratio)
        assert ratio > 1
    ratio = own["critical_path_ns"] / without["critical_path_ns"]
    assert isolated.arch.mhz == close(plain.arch.mhz / ratio)


@pytest.mark.parametrize(
    ("kind", "macs", "module"),
    [
        ("fixed", 1, "fixed_8x8_isolated"),
        ("fusion", 1, "fusion_8x8_isolated"),
        ("fusion", 2, "fusion_8x8_isolated_at_4x8"),
        ("fusion", 4, "fusion_8x8_isolated_at_2x8"),
        ("fusion", 8, "fusion_8x8_isolated_at_2x2"),
        ("fusion", 16, "fusion_8x8_isolated_at_2x2"),
        ("serial_activation", 16, "serial_activation_16x8"),
        ("serial_weight", 1, "serial_weight_16x8"),
        ("serial_both", 16, "serial_both_16x1"),
    ],
)
def test_a_zeros_share_is_that_of_the_next_more_macs(kind: str, macs: int, module: str) -> None:
    costs = costs_of(design({"array.pe.kind": kind, "array.pe.zero_gating": True}))
    share = costs.arch.pe.zero_share(costs.technology, macs)
    assert share == close(2 * pj(f"{module}_half_zero") / pj(module) - 1)
    assert 0 < share < 1


def test_serial_pes_have_nothing_added() -> None:
    changes = {"array.pe.kind": "serial_both"}
    plain, gating = (
        costs_of(design(changes | {"array.pe.zero_gating": each})).pe for each in (False, True)
    )
    assert plain == gating


def test_zeros_save_more_the_more_there_are() -> None:
    energies = []
    for share in (0.0, 0.25, 0.5, 1.0):
        layer = linear(6, 3, 1, gate="none", msb_bits=4, zeros={"activation": [[0, 4, share]]})
        found = simulate(trace_of(layer), design(GATING), "full").summary
        energies.append(found["energy_pe_pj"])
    assert energies == sorted(energies, reverse=True)
    assert energies[0] > energies[-1] > 0


def test_a_table_where_a_zero_costs_less_than_nothing_is_refused(tmp_path: Path) -> None:
    text = synthesis_text()
    energy = TABLE["fixed_8x8_isolated_half_zero"]["dynamic_pj_per_cycle"]
    spoilt = text.replace(f"pj_per_cycle: {energy},", "pj_per_cycle: 1,")
    (tmp_path / "mine.yaml").write_text(spoilt)
    naming = technology_text().replace("synthesis: sky130", "synthesis: mine.yaml")
    (tmp_path / "node.yaml").write_text(naming)
    arch = design(GATING | {"technology": str(tmp_path / "node.yaml")})
    with pytest.raises(InputError, match=r"mine\.yaml: a MAC with a zero operand comes out as -0"):
        simulate(trace_of(LAYER, MASK), arch)
