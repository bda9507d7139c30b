"""Of a layer without a gated pass, the best of all nests that may be chosen is found (M41).

Each nest of a plain enumeration is simulated block by block. Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=500 python -m pytest tests/model/search/test_dense.py
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from designs import linear, recurrent
from search_cases import SearchCase, least, nests_of, search_case, with_zeros

from pgsim import GateTrace, simulate
from pgsim.arch import OBJECTIVES
from pgsim.kernels import nest_problem, nest_search
from pgsim.mapping import Nest
from pgsim.model.search.dense import dense_nest
from pgsim.model.search.problem import problem_of

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "6"))
DEAR = nest_problem.Cost(1e18, 10**9, 10**9, 1e18, 0)


def chosen(case: SearchCase, objective: str, fixed: nest_problem.Cost = DEAR) -> Nest | None:
    goal = case.goal(objective)
    found = dense_nest(case.job, problem_of(case.job, goal), goal, fixed)
    return None if found is None else found[0]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_nest_is_the_least_of_an_enumeration(seed: int) -> None:
    """And none is found where the fixed order is said to cost a little less than that one."""
    case = search_case(seed, gated=False, most=3)
    costs = [(nest, case.cost(nest)) for nest in nests_of(case)]
    for objective in OBJECTIVES:
        (best, cost), *_ = least(costs, objective)
        assert chosen(case, objective) == best, objective
        value = float(cost.value(objective))
        alike = nest_problem.Cost(value, cost.bursts, cost.cycles, cost.energy_pj, 0)
        assert chosen(case, objective, alike) == best, objective
        for less in (
            alike._replace(value=value * (1 - 1e-6)),
            alike._replace(bursts=cost.bursts - 1),
            alike._replace(cycles=cost.cycles - 1),
            alike._replace(energy_pj=cost.energy_pj * (1 - 1e-6)),
        ):
            assert chosen(case, objective, less) is None, (objective, less)


@pytest.mark.parametrize("seed", range(max(1, SEEDS // 3)))
def test_zeros_of_all_passes_are_weighed(seed: int) -> None:
    """M45: what PEs save is rounded down in each pass of a batch."""
    case = with_zeros(search_case(seed, gated=False, most=3), seed)
    costs = [(nest, case.cost(nest)) for nest in nests_of(case)]
    for objective in OBJECTIVES:
        assert chosen(case, objective) == least(costs, objective)[0][0], objective


def test_later_runs_that_find_their_weights_do_not_wait_for_them() -> None:
    """An enumeration says so: weights of three steps come through a slow DRAM once."""
    sizes = {"activation": 2, "weight": 1024, "output": 64}  # bytes
    changes = {
        f"memory.{name}_sram.{key}": value
        for name, size in sizes.items()
        for key, value in (("kib", size / 1024), ("banks", 1), ("port_bits", 8))
    }
    changes |= {"memory.dram.burst_bytes": 1, "memory.dram.bytes_per_cycle": 0.25}
    layer = recurrent(3, 6, 3, gate="none", msb_bits=None)
    case = SearchCase(layer, None, 1, changes, "full", output_bits=2, stays=(False, False))
    assert problem_of(case.job, case.goal("latency")).machine.weights_stay
    (best, _), *_ = least([(nest, case.cost(nest)) for nest in nests_of(case)], "latency")
    assert chosen(case, "latency") == best


def small() -> SearchCase:
    """Windows of 4 of 8 positions, and half of `8 * 2` weights of 8 bits, are what buffers hold."""
    bytes_of = {"activation": 64, "weight": 16, "output": 64}
    changes = {
        f"memory.{name}_sram.{key}": value
        for name, size in bytes_of.items()
        for key, value in (("kib", size / 1024), ("banks", 1), ("port_bits", 8))
    }
    changes |= {"memory.dram.burst_bytes": 1, "memory.dram.bytes_per_cycle": 1}
    return SearchCase(
        linear(8, 8, 2, gate="none"), None, 1, changes, "full", output_bits=4, stays=(False, False)
    )


def test_a_nest_moves_each_tensor_once_where_the_fixed_order_cannot() -> None:
    """By hand: the fixed order fetches weights, which do not fit, for each of its two windows.

    They are 16 bytes; `8 * 8` activations and `8 * 2` outputs of 4 bits are 32 and 8. With a block
    for each output channel, outermost, its 8 weights serve all 8 positions.
    """
    case = small()
    nest = chosen(case, "dram")
    assert nest is not None
    assert (case.cost(None).bursts, case.cost(nest).bursts) == (2 * 16 + 32 + 8, 16 + 32 + 8)
    assert nest.blocks[3] == 1


def test_only_blocks_are_tried_that_may_move_as_little_as_the_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An enumeration says which do, in the order of loops that suits each."""
    case, tried = small(), []
    of = nest_search.try_all

    def counted(*given: Any) -> Any:
        best = of(*given)
        tried.append(given[-1].tried[0])
        return best

    monkeypatch.setattr(nest_search, "try_all", counted)
    chosen(case, "dram")
    bursts: dict[tuple[int, ...], int] = {}
    for nest in nests_of(case):
        own = case.cost(nest).bursts
        bursts[nest.blocks] = min(own, bursts.get(nest.blocks, own))
    may_win = list(bursts.values()).count(min(bursts.values()))
    assert 0 < tried[-1] <= may_win < len(bursts)


def test_no_nest_is_chosen_of_more_tiles_than_are_held() -> None:
    """2^40 MACs take 2^32 cycles of 256 PEs; blocks that cost a little less are refused (M40)."""
    wide = {"activation_bits": 8, "msb_bits": None, "gate": "none"}
    trace = GateTrace.from_masks({}, [linear(2**20, 2**10, 2**10, **wide)], images=1)
    found = simulate(trace, "pg_os", "full").layers.iloc[0]
    assert 2**32 <= found.cycles <= 2**32 * 1.001
