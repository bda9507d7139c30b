"""What a mask leaves of smaller windows, step by step (MODEL.md M41).

The hand-counted cases run on the array of `designs`, four rows and two columns, whose skew is 4.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from designs import drawn, linear
from fixed_orders import (
    as_known,
    bound_of,
    case_of,
    fixed_costs,
    fixed_counts,
    goal_of_one,
    windowed_case,
)
from search_cases import SearchCase

from pgsim.arch import OBJECTIVES
from pgsim.kernels.nest_problem import Cost
from pgsim.kernels.nest_value import better
from pgsim.model.search.fixed_stages import FixedStages
from pgsim.model.search.goal import Goal


def steps_of(case: SearchCase, goal: Goal) -> list[list[Cost]]:
    """What every smaller window costs at least, by each step."""
    bound = bound_of(case, goal)
    places = np.arange(bound.frame.windows.size)
    return [step(places) for step in FixedStages(bound).steps]


@pytest.mark.parametrize("ports", ["slots", "all"])
@pytest.mark.parametrize("number", range(8))
def test_no_window_costs_less_than_any_step_says(number: int, ports: str) -> None:
    """Every window is simulated, over all batches. No step says less than one before it."""
    case = windowed_case(number, gated=True, ports=ports)
    costs = fixed_costs(case)
    for objective in OBJECTIVES:
        for cost, *least in zip(costs, *steps_of(case, case.goal(objective)), strict=True):
            own = as_known(cost, objective)
            for known in least:
                assert known.value <= own.value
                assert not better(own, known)[0]
            for before, after in pairwise(least):
                assert before.value <= after.value
                assert before.cycles <= after.cycles


@pytest.mark.parametrize("number", range(8))
def test_no_window_counts_less_of_anything_that_has_a_price(number: int) -> None:
    """Every window is simulated. If one count alone has a price, energy is that count."""
    case = windowed_case(number, gated=True, ports=("slots", "all")[number // 2 % 2])
    counts = fixed_counts(case)
    for name in case.prices:
        for least in steps_of(case, goal_of_one(case, name)):
            for count, known in zip(counts, least, strict=True):
                assert known.energy_pj <= count[name], name


def test_without_a_mask_there_is_nothing_more_to_know() -> None:
    """By hand from M41: the bound of all passes is the one step."""
    case = case_of(linear(6, 4, 2, gate="none"), {"array.dataflow": "ws"})
    bound = bound_of(case, case.goal("latency"))
    assert FixedStages(bound).steps == (bound.costs,)


# Two channels of six positions, and what each step makes of them in windows of one to five:
#
#     x . x . . x     four entries fill two columns for 2 cycles, whatever the windows;
#     . x . . . .     the fullest lanes have 1 + 1 + 1 + 0 + 0 + 1 entries in windows of one,
#                     1 + 1 + 1 in windows of two, and 2 + 1 where the first three share one;
#                     and four slots have an entry, so that a scheduler that only skips issues 4.
MASK = drawn("x.x..x .x....")
PACKED, FULLEST, ISSUED = [2] * 5, [4, 3, 3, 3, 3], [4] * 5


@pytest.mark.parametrize(("scheduler", "issued"), [("skip", ISSUED), ("queue", FULLEST)])
def test_each_step_knows_more_than_the_one_before(scheduler: str, issued: list[int]) -> None:
    """By hand, as drawn above. Lanes that queue have no gaps, and take what the fullest one does.

    The MSB pass takes 6 + 4 cycles, and DRAM one before and one after.
    """
    case = case_of(linear(6, 4, 2), {"array.dataflow": "ws", "lsb.scheduler": scheduler}, MASK)
    found = [[each.cycles - 12 for each in least] for least in steps_of(case, case.goal("latency"))]
    assert found == [PACKED, FULLEST, issued]


def test_windows_may_be_asked_for_in_any_order() -> None:
    """By hand, as drawn above: of windows of five, one and two, the second is the shortest."""
    case = case_of(linear(6, 4, 2), {"array.dataflow": "ws", "lsb.scheduler": "queue"}, MASK)
    steps = FixedStages(bound_of(case, case.goal("latency"))).steps
    found = [[each.cycles - 12 for each in step(np.array([4, 0, 1]))] for step in steps]
    assert found == [[2, 2, 2], [3, 4, 3], [3, 4, 3]]


EXACTLY = {
    "skip": ("issue_table_read_words", "issue_table_written_words", "scanned_slots"),
    "queue": ("issue_table_read_words", "output_sram_read_words", "output_sram_write_words"),
}


@pytest.mark.parametrize("scheduler", EXACTLY)
def test_what_is_issued_says_exactly_what_it_spends(scheduler: str) -> None:
    """Every window is simulated. A bound that is lower is no help.

    Whole words leave nothing to round, and the array keeps its lanes' operands.
    """
    ports = {f"memory.{name}_sram.port_bits": 8 for name in ("activation", "weight", "output")}
    changes = {"array.dataflow": "ws", "lsb.scheduler": scheduler, **ports}
    case = case_of(linear(6, 4, 2), changes, MASK, output_bits=8)
    counts = fixed_counts(case)
    every = ("msb_busy_pe_cycles", "lsb_busy_pe_cycles", "compared_outputs")
    for name in (*every, "activation_sram_read_words", *EXACTLY[scheduler]):
        *_, issued = steps_of(case, goal_of_one(case, name))
        expected = [each[name] for each in counts]
        assert expected[0] > 0
        assert [each.energy_pj for each in issued] == pytest.approx(expected, rel=1e-8), name
