"""What the search of gated layers skips, and what it must not skip (MODEL.md M41)."""

from __future__ import annotations

import numpy as np
import pytest
from search_cases import steered_case

import pgsim
from pgsim.kernels.nest_problem import Cost
from pgsim.model.search import gated

# Value, bursts, cycles, energy, volume: what is known to be possible.
BEST = {
    "dram": Cost(30.0, 30, 200, 9.0, 8),
    "latency": Cost(200.0, 30, 200, 9.0, 8),
    "energy": Cost(9.0, 30, 200, 9.0, 8),
    "edp": Cost(1800.0, 30, 200, 9.0, 8),
}


@pytest.mark.parametrize(
    ("objective", "least", "may_win"),
    [
        # By hand, from M41: the value decides, then bursts, then cycles.
        ("dram", (300, 29, 99), True),
        ("dram", (200, 30, 99), True),
        ("dram", (201, 30, 1), False),
        ("dram", (1, 31, 1), False),
        # Counts are whole: 29.2 bursts are 30, and 199.5 cycles are 200.
        ("dram", (199.5, 29.2, 99), True),
        ("dram", (200.5, 29.2, 99), False),
        ("latency", (199, 99, 99), True),
        ("latency", (199.5, 31, 99), False),
        ("latency", (200, 30, 99), True),
        ("energy", (999, 99, 8.999), True),
        ("energy", (1, 1, 9.001), False),
        ("edp", (100, 99, 17.9), True),
        ("edp", (100, 1, 18.1), False),
    ],
)
def test_what_costs_no_less_cannot_win(
    objective: str, least: tuple[float, float, float], may_win: bool
) -> None:
    goal = steered_case(0, most=3).goal(objective)
    bounds = goal.least(np.array([least], np.float64))
    assert goal.may_win(bounds, BEST[objective]).tolist() == [may_win]


def test_where_all_nests_move_the_same_bytes_cycles_decide_which_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of the digits' tensors stay on chip, and each weight is fetched once by most nests.

    8,318 choices of block sizes in six layers move as little as any, and few are as fast.
    """
    tried = []
    of = gated.SizedLayer.of
    monkeypatch.setattr(gated.SizedLayer, "of", lambda *given: tried.append(0) or of(*given))
    changes = {"mapping.kind": "search", "mapping.objective": "dram", "memory.retain": True}
    design = pgsim.load_arch("pg_os").override(changes | {"memory.ports": "all", "batch": 1})
    pgsim.simulate("digits_pg_4_2", design, "pg")
    assert 0 < len(tried) < 832
