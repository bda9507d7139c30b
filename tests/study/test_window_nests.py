"""The best nest of each window, beside every nest that the rules allow (M40, M41)."""

from __future__ import annotations

import pytest
from designs import conv
from jobs import job_of
from search_cases import SearchCase, nests_of, search_case

from pgsim.mapping import Nest
from pgsim.study.window_nests import WindowNests

SEEDS = range(6)
OUTPUT = {
    "memory.output_sram.kib": 1 / 8,
    "memory.output_sram.banks": 1,
    "memory.output_sram.port_bits": 8,
}


def window_of(case: SearchCase, nest: Nest) -> int:
    """The slots of a nest's window, from the rule's words: positions of the block, or channels."""
    images, rows, columns, channels, _ = nest.blocks
    of_channels = (
        case.changes["array.dataflow"] == "is" or case.changes["array.lanes"] == "positions"
    )
    return channels if of_channels else images * rows * columns


def value(case: SearchCase, nest: Nest) -> int:
    return int(case.ledger(nest).cycles.sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_windows_are_those_of_all_nests_and_none_is_better_than_enumeration(seed: int) -> None:
    case = search_case(seed, gated=True)
    cycles: dict[int, list[int]] = {}
    for nest in nests_of(case):
        cycles.setdefault(window_of(case, nest), []).append(value(case, nest))
    own = WindowNests(case.job)
    found = {
        window: own.best(window, lambda nest: (value(case, nest), *nest.tie))
        for window in own.splits
    }
    assert {window for window, nest in found.items() if nest} == set(cycles)
    for window, nest in found.items():
        if nest is not None:
            assert window_of(case, nest) == window
            assert min(cycles[window]) <= value(case, nest) <= max(cycles[window])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_change_of_one_loop_betters_what_is_found(seed: int) -> None:
    """Of all nests with its window, those that differ in one loop's block, or in the order."""
    case = search_case(seed, gated=True)
    own, every = WindowNests(case.job), list(nests_of(case))
    lanes = own.loops[1]
    for window in own.splits:
        best = own.best(window, lambda nest: (value(case, nest), *nest.tie))
        for other in every if best else ():
            differ = {loop for loop in range(5) if other.blocks[loop] != best.blocks[loop]}
            moving = [[each for each in nest.order if nest.trips["NPQKC".index(each)] > 1]
                      for nest in (best, other)]  # fmt: skip
            one = not differ or (len(differ) == 1 and moving[0] == moving[1])
            if window_of(case, other) == window and one and differ <= {*lanes, 4}:
                assert value(case, best) <= value(case, other)


def test_the_splits_of_a_window_of_positions() -> None:
    """4 x 4 outputs: blocks of 1, 2 and 4 rows and columns."""
    own = WindowNests(job_of(conv(2, 3, 4, 1)))
    assert own.splits == {
        1: [(1, 1, 1)],
        2: [(1, 2, 1), (1, 1, 2)],
        4: [(1, 4, 1), (1, 2, 2), (1, 1, 4)],
        8: [(1, 4, 2), (1, 2, 4)],
        16: [(1, 4, 4)],
    }


def test_a_window_of_channels_where_slots_are_channels() -> None:
    own = WindowNests(job_of(conv(2, 3, 4, 1), changes={"array.lanes": "positions"}))
    assert own.splits == {1: [(1,)], 2: [(2,)], 3: [(3,)]}


def test_a_window_that_does_not_fit_has_no_nest() -> None:
    """1/8 KiB in two halves holds 16 sums: no window of 5 x 5 positions."""
    job = job_of(conv(2, 3, 5, 1), changes=OUTPUT)
    own = WindowNests(job)
    found = {window: own.best(window, lambda nest: nest.tie) for window in own.splits}
    assert [window for window, nest in found.items() if nest is None] == [25]
    for window, nest in found.items():
        if nest is not None:  # larger blocks come first in the tie: as many channels as fit
            assert nest.blocks[3] == max(k for k in (1, 2, 3) if k * window <= 16)
