"""`os`: folds of the rows, against sums over slots one by one and by hand (M8, M10, M15 to M17)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from designs import conv, design

from pgsim.arch import DATAFLOWS, Rate

FLOW = DATAFLOWS["os"]
LAYER = conv(10, 4, 5, 3, groups=2)  # D = 45


def test_a_window_is_whole_folds() -> None:
    assert FLOW.window_unit(rows=6) == 6


@pytest.mark.parametrize(("macs", "steps"), [(1, 45), (4, 12), (16, 3), (64, 1)])
def test_a_fold_takes_the_whole_reduction(macs: int, steps: int) -> None:
    # ceil(45 / macs) steps of a PE, in 3 cycles each.
    rate = FLOW.rate(LAYER, 4, macs, 3)
    assert rate == Rate(macs, 3, pe_steps=steps, reduction_folds=1)
    assert rate.output_cycles == 3 * steps
    # A beat is a fold of 4 rows, which reads whole vectors.
    beat = FLOW.beat(LAYER, 4, rate)
    assert (beat.slots, beat.cycles, beat.taps, beat.fold_elements) == (4, 3 * steps, 1, 45)
    assert beat.is_fold


def test_folds_are_filled_row_by_row() -> None:
    slots = np.arange(20)
    rate = Rate(2, 1, 23, 1)
    expected = []
    for issued in slots.tolist():
        folds, left = 0, issued
        while left > 0:
            folds, left = folds + 1, left - 4
        expected.append(folds)
    assert FLOW.folds(slots, 4, rate).tolist() == expected
    assert FLOW.fold_cycles(slots, rate).tolist() == [23] * 20
    # In proportion, a slot is a quarter of a fold (M30).
    assert FLOW.issued_cycles(5, 4, rate) == Fraction(5 * 23, 4)


def test_sums_leave_row_by_row() -> None:
    # 4 x 2 PEs: the last sum leaves 4 cycles after the last step, and a column has 4 to send.
    assert FLOW.drains and FLOW.sums_in_pes and not FLOW.holds_lane_operand
    assert FLOW.skew_cycles(4, 2) == FLOW.edge_cycles(4, 2) == 4
    assert FLOW.bus_cycles(4) == 4
    fold_cycles = np.array([1, 4, 9])
    assert design().array.fold_spacing(fold_cycles).tolist() == [4, 4, 9]
    alone = design({"array.overlap": "none"}).array
    assert alone.fold_spacing(fold_cycles).tolist() == [5, 8, 13]


def test_every_fold_streams_the_lanes_operands_again() -> None:
    folds = [np.array([3, 0]), np.array([1, 2])]
    found = FLOW.lane_loads(folds, np.array([1, 0]), stay=False)
    assert [each.tolist() for each in found] == [[3, 0], [1, 2]]


def test_sums_come_to_the_buffer_piece_by_piece() -> None:
    assert FLOW.sum_visits(Rate(1, 1, 45, 1), np.array([1, 3])).tolist() == [1, 3]
