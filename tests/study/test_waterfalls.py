"""Where the saving goes: every total of M30 worked by hand for one layer, and exact sums."""

from __future__ import annotations

from fractions import Fraction

import pytest
from designs import design, drawn, linear, trace_of

from pgsim import simulate
from pgsim.cost import costs_of, price_list
from pgsim.results import Result
from pgsim.study.waterfalls import CYCLES, ENERGY, waterfalls

# 5 positions by 3 channels, D = 6, on a 4 x 2 array of 8-bit fusion units, `os`, `skip`: lane
# groups of 2 and 1 channels; L is 1 at 8 by 8 bits, 2 at 4 by 8 and 4 at 2 by 8; 15 outputs, 5
# gated.
GATED = {
    "rounding": Fraction(15, 4),  # (15 + 5) * 6 MACs / (4 MACs * 8 PEs)
    "edges": Fraction(19, 2),  # MSB 2 * 2 folds * 2; 2 + 1 ideal slots * 2 / 4 rows
    "lane imbalance": 10,  # 3 + 1 entries in the fullest lanes
    "scheduler": Fraction(21, 2),  # 4 + 1 active slots
    "whole folds": 12,  # one LSB fold of 2 cycles in each lane group
    "port stalls": 12,
    # 6 folds of 2 cycles end 4 apart, at 2, 6, ... 22 (gates are known at 10 and 18); the skew
    "bubbles": 26,
    "DRAM stalls": 28,
}
BASELINES = {
    "uniform:8,8": {
        "baseline": 30,  # 2 lane groups of 2 folds of 6 cycles, skew 4, DRAM 2
        "promise": 10,  # 30 * (15 * 2 * 8 + 5 * 2 * 8) / (15 * 64)
    },
    "full": {
        # 4 folds of 3 cycles begin 4 apart, whose sums the bus of 4 rows takes: 12 + 3, skew, DRAM
        "baseline": 21,
        "promise": 14,  # 21 * (15 * 2 * 8 + 5 * 2 * 8) / (15 * 4 * 8)
    },
}


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    trace = trace_of(linear(5, 6, 3), drawn("xx..x ..x.. ....x"))
    arch = design({"array.pe.kind": "fusion"})
    return {scheme: simulate(trace, arch, scheme) for scheme in ("pg", *BASELINES)}


@pytest.mark.parametrize("baseline", BASELINES)
def test_every_total_of_cycles_by_hand(baseline: str, results: dict[str, Result]) -> None:
    found, _ = waterfalls({"base": results[baseline]}, results["pg"])
    expected = BASELINES[baseline] | GATED
    assert list(found.steps) == list(CYCLES) == list(expected)
    assert found.totals == {name: list(expected.values()) for name in ("linear", "network")}
    assert (found.against, found.quantity) == ("base", "cycles")


@pytest.mark.parametrize("baseline", BASELINES)
def test_every_total_of_energy_from_the_parts_in_the_tables(
    baseline: str, results: dict[str, Result]
) -> None:
    # Of each part: what PG spends, less what the promise leaves of the baseline's.
    _, found = waterfalls({"base": results[baseline]}, results["pg"])
    base, own = results[baseline].summary, results["pg"].summary
    promise = {"uniform:8,8": 1 / 3, "full": 2 / 3}[baseline]
    parts = ("pe", "gating", "sram", "dram", "leakage")
    expected = [own[f"energy_{part}_pj"] - base[f"energy_{part}_pj"] * promise for part in parts]
    changes = [float(each) for each in found.changes().values()]
    assert list(found.steps) == list(ENERGY)
    assert changes[1:] == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert float(found.network["baseline"]) == pytest.approx(base["energy_pj"], rel=1e-12)
    assert float(found.network["promise"]) == pytest.approx(base["energy_pj"] * promise, rel=1e-12)
    assert float(found.network["leakage"]) == pytest.approx(own["energy_pj"], rel=1e-12)


def test_energies_telescope_without_rounding() -> None:
    """The last total is counts times prices as fractions, summed here from the ledger itself."""
    arch = design({"array.pe.kind": "fusion"})
    trace = trace_of(linear(5, 6, 3), drawn("xx..x ..x.. ....x"))
    base, gated = (simulate(trace, arch, scheme) for scheme in ("uniform:8,8", "pg"))
    _, found = waterfalls({"base": base}, gated)
    (layer,) = gated.layer_results
    counts = layer.ledger.total()
    exact = sum(
        Fraction(each.pj) * counts[each.count]
        for each in price_list(costs_of(arch), network_gated=True)
        if each.pj
    )
    # `cycles` has two prices, each in a part of its own, so no two floats are added to one price.
    assert found.totals["linear"][-1] == exact
    assert found.totals["linear"][0] + sum(found.changes("linear").values()) == exact
