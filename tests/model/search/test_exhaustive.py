"""The search finds what a plain enumeration of all block sizes and orders finds (MODEL.md M41).

Each nest of the enumeration is simulated block by block, as `tests/reference` proves it. Long runs
ask for more cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/model/search/test_exhaustive.py
"""

from __future__ import annotations

import os
from random import Random

import pytest
from search_cases import SearchCase, least, nests_of, search_case, windows_of

from pgsim.arch import OBJECTIVES
from pgsim.model.search import Choice, searched
from pgsim.model.work_store import WorkStore

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "6"))
TIED = 48  # its least nest moves as much as the fixed order, in more cycles


def found(case: SearchCase, objective: str) -> Choice:
    store = WorkStore(limit_bytes=0)
    return searched(case.job, case.goal(objective), 0, case.images, store)


def difference(case: SearchCase, objectives=tuple(OBJECTIVES)) -> dict[str, object]:
    costs = [(nest, case.cost(nest)) for nest in nests_of(case)]
    fixed = [(window, case.cost(None, window)) for window in (None, *windows_of(case))]
    wrong = {}
    for objective in objectives:
        (nest, cost), *_ = least(costs, objective)
        expected = Choice(nest)
        for window, own in fixed:
            if own.is_less_than(cost, objective):
                expected, cost = Choice(window=window), own
        chosen = found(case, objective)
        if chosen != expected:
            wrong[objective] = (chosen, case.cost(*chosen), expected, cost)
    return wrong


@pytest.mark.parametrize("ports", ["slots", "all"])
@pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_chosen_nest_is_the_least_of_all(seed: int, gated: bool, ports: str) -> None:
    case = search_case(seed, gated=gated)
    assert not difference(case.with_changes({"memory.ports": ports}))


@pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])
@pytest.mark.parametrize("seed", sorted({*range(SEEDS), TIED}))
def test_times_of_many_digits_wrap_nothing(seed: int, gated: bool) -> None:
    """Bursts of 10^17 and more parts of a cycle; without a mask, no more than the fixed order."""
    case = search_case(200 + seed, gated=gated)
    burst_bytes = Random(seed).choice((8, 512, 65536))
    case = case.with_changes(
        {"memory.dram.bytes_per_cycle": 1 / 3, "memory.dram.burst_bytes": burst_bytes}
    )
    if case.job.gated:
        assert not difference(case)
        return
    fixed = case.cost(None)
    for objective in OBJECTIVES:
        assert not fixed.is_less_than(case.cost(*found(case, objective)), objective)


@pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_so_it_is_where_streams_open_pages(seed: int, gated: bool) -> None:
    """Pages of two bursts, or of few, that take long to open, and refresh (M44)."""
    rng, case = Random(seed), search_case(100 + seed, gated=gated)
    pages = {
        "model": "pages",
        "channels": rng.choice((1, 2)),
        "page_bytes": case.changes["memory.dram.burst_bytes"] * rng.choice((1, 2, 5)),
        "row_miss_ns": rng.choice((3, 20, 200)),
        "refresh_ns": rng.choice((0, 100)),
        "refresh_interval_ns": rng.choice((300, 3904)),
    }
    assert not difference(case.with_changes({f"memory.dram.{key}": pages[key] for key in pages}))
