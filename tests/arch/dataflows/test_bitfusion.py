"""`bitfusion`: rows of input channels of one kernel tap, by hand (M10, M16, M17, M21)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, design

from pgsim.arch import DATAFLOWS

FLOW = DATAFLOWS["bitfusion"]
LAYER = conv(10, 4, 5, 3, groups=2)  # 9 taps of 5 input channels


@pytest.mark.parametrize(
    ("macs", "folds", "steps"),
    [
        (1, 9 * 2, 9 * 5),  # 4 rows hold 4 of 5 channels, then 1
        (2, 9, 9 * 3),  # 8 channels at once; 2 + 2 + 1 a PE
        (8, 9, 9),
    ],
)
def test_no_fold_holds_two_taps(macs: int, folds: int, steps: int) -> None:
    rate = FLOW.rate(LAYER, 4, macs, 1)
    assert (rate.reduction_folds, rate.pe_steps) == (folds, steps)
    beat = FLOW.beat(LAYER, 4, rate)
    assert (beat.slots, beat.taps, beat.fold_elements, beat.is_fold) == (1, 9, 4 * macs, False)


def test_pes_wait_for_no_weights() -> None:
    # 4 x 2 PEs: no load before a fold, and no bus to wait for.
    assert (FLOW.edge_cycles(4, 2), FLOW.bus_cycles(4)) == (4, 0)
    assert FLOW.lanes == ("channels",) and FLOW.holds_lane_operand and not FLOW.drains
    changes = {"array.dataflow": "bitfusion"}
    fold_cycles = np.array([1, 4, 9])
    assert design(changes).array.fold_spacing(fold_cycles).tolist() == [1, 4, 9]
    alone = design(changes | {"array.overlap": "none"}).array
    assert alone.fold_spacing(fold_cycles).tolist() == [5, 8, 13]


@pytest.mark.parametrize(
    ("macs", "folds", "steps"),
    [
        (1, 12, 45),  # 45 elements in 4 rows
        (2, 6, 23),
        (8, 2, 6),
    ],
)
def test_by_im2col_a_fold_holds_elements_of_any_taps(macs: int, folds: int, steps: int) -> None:
    flow = FLOW.by_im2col
    rate = flow.rate(LAYER, 4, macs, 1)
    assert (rate.reduction_folds, rate.pe_steps) == (folds, steps)
    beat = flow.beat(LAYER, 4, rate)
    assert (beat.slots, beat.taps, beat.fold_elements, beat.is_fold) == (1, 1, 4 * macs, False)
    assert (flow.edge_cycles(4, 2), flow.bus_cycles(4)) == (4, 0)


@pytest.mark.parametrize("name", ["os", "ws", "is"])
def test_other_dataflows_take_every_layer_so(name: str) -> None:
    assert DATAFLOWS[name].by_im2col is DATAFLOWS[name]
