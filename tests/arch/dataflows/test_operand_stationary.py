"""`ws` and `is`: folds of the reduction, by hand and against loops (M10, M15 to M18)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, design

from pgsim.arch import DATAFLOWS, Dataflow, Rate

LAYER = conv(10, 4, 5, 3, groups=2)  # D = 45
FLOWS = pytest.mark.parametrize("flow", [DATAFLOWS["ws"], DATAFLOWS["is"]], ids=["ws", "is"])


def test_what_the_pes_hold() -> None:
    assert DATAFLOWS["ws"].lanes == ("channels",)
    assert DATAFLOWS["is"].lanes == ("positions",)
    assert DATAFLOWS["os"].lanes == ("channels", "positions")
    assert all(name == flow.name and flow.description for name, flow in DATAFLOWS.items())


def naive_folds(reduction: int, column_macs: int) -> int:
    folds = 0
    while reduction > 0:
        folds, reduction = folds + 1, reduction - column_macs
    return folds


@FLOWS
@pytest.mark.parametrize("rows", [1, 4, 50])
@pytest.mark.parametrize("macs", [1, 4])
def test_rows_hold_pieces_of_the_reduction(flow: Dataflow, rows: int, macs: int) -> None:
    folds = naive_folds(45, rows * macs)
    rate = flow.rate(LAYER, rows, macs, 2)
    assert rate == Rate(macs, 2, pe_steps=naive_folds(45, macs), reduction_folds=folds)
    beat = flow.beat(LAYER, rows, rate)
    assert (beat.slots, beat.cycles, beat.taps, beat.fold_elements) == (1, 2, 1, rows * macs)
    assert not beat.is_fold
    # All folds happen if anything is issued, and each takes all issued slots.
    slots = np.array([0, 1, 7])
    assert flow.folds(slots, rows, rate).tolist() == [0, folds, folds]
    assert flow.fold_cycles(slots, rate).tolist() == [0, 2, 14]
    assert flow.issued_cycles(7, rows, rate) == 7 * folds * 2


@FLOWS
def test_folds_load_before_they_stream(flow: Dataflow) -> None:
    # 4 x 2 PEs: 4 rows to load, and a skew of 4 to the last sum.
    assert flow.window_unit(4) == 1
    assert not flow.drains and flow.holds_lane_operand and not flow.sums_in_pes
    assert (flow.skew_cycles(4, 2), flow.edge_cycles(4, 2), flow.bus_cycles(4)) == (4, 8, 4)
    changes = {"array.dataflow": flow.name}
    fold_cycles = np.array([1, 4, 9])
    assert design(changes).array.fold_spacing(fold_cycles).tolist() == [4, 4, 9]
    alone = design(changes | {"array.overlap": "none"}).array
    assert alone.fold_spacing(fold_cycles).tolist() == [9, 12, 17]


@FLOWS
def test_operands_come_with_every_executed_pass_or_stay(flow: Dataflow) -> None:
    folds, first = [np.array([3, 3, 3]), np.array([3, 0, 3])], np.array([1, 0, 0])
    again = flow.lane_loads(folds, first, stay=False)
    assert [each.tolist() for each in again] == [[1, 1, 1], [1, 0, 1]]
    once = flow.lane_loads(folds, first, stay=True)
    assert [each.tolist() for each in once] == [[1, 0, 0], [0, 0, 0]]


@FLOWS
def test_every_fold_leaves_sums(flow: Dataflow) -> None:
    assert flow.sum_visits(Rate(1, 1, 45, 12), np.array([[1, 3]])).tolist() == [[12, 12]]
