"""Cycles and bursts of two orders of a few blocks, by hand (M25, M40, M41).

Orders of any layer are compared with their simulation in tests/model/search/test_sized.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from plain_python import in_plain_python
from point_nests import ORDER

from pgsim.kernels import nest_orders, nests, timeline
from pgsim.kernels.nest_orders import Orders, Pieces, Sized
from pgsim.kernels.nests import Walk
from pgsim.kernels.turns import Order, Work

ROWS_OUTERMOST, CHANNELS_OUTERMOST = (0, 2, 1, 3, 4), (0, 2, 3, 1, 4)
ALL = (2**62,) * 3  # buffers hold all of each operand


@pytest.fixture(autouse=True)
def _in_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch, nest_orders, nests, timeline)


def four_blocks(
    burst_cycles: int = 1, runs: int = 1, weight_runs: int = 1, bursts: int = 1
) -> tuple[Sized, Pieces]:
    """Two blocks of 3 rows and two of 2 channels, whose elements are a burst each.

    So many bursts take so many cycles.
    A block's first pass takes 10 cycles, and its gated one 1 to 4, in raster order.
    """
    sizes = np.array([[1, 1], [3, 3], [1, 1], [2, 2], [1, 1]])
    trips = np.array([1, 2, 1, 2, 1])
    own = Walk(np.arange(5), trips, sizes, sizes[1:3], sizes[1:3], 1)
    sized = Sized(
        own,
        whole=np.array([[1, 6, 1, 1, 1], [1, 1, 1, 4, 1], [1, 6, 1, 4, 1]]),
        block=np.array([[1, 3, 1, 1, 1], [1, 1, 1, 2, 1], [1, 3, 1, 2, 1]]),
        widths=np.ones((3, 5), np.int64),
        burst=np.array([burst_cycles, bursts]),
        weight_runs=weight_runs,
    )
    cycles = np.zeros((2, runs, 4), np.int64)
    cycles[0], cycles[1] = 10, (1, 2, 3, 4)
    work = Work(cycles, cycles, 0 * cycles)
    return sized, Pieces(work, cycles > 0, leading=1)


def costs(
    layer: tuple[Sized, Pieces],
    loops: tuple[int, ...],
    fits: tuple[int, ...] = ALL,
    stretch: int = 0,
    order: Order = ORDER,
) -> list[int]:
    """Cycles, and bursts of activations, weights, sums and outputs."""
    own = Orders(np.array([loops]), np.array([fits]), np.array([stretch]))
    (found,) = nest_orders.costs_of_orders(own, *layer, order).tolist()
    return found


def test_bursts_are_those_of_what_is_held() -> None:
    """Rows are 3 elements and channels 2 weights, each fetched once, and 6 outputs in each block.

    Of one block of weights, those of both come again for the second rows; and likewise rows.
    """
    layer = four_blocks()
    assert costs(layer, ROWS_OUTERMOST)[1:] == [2 * 3, 2 * 2, 0, 4 * 6]
    few = (3, 2, 6)
    assert costs(layer, ROWS_OUTERMOST, few)[1:] == [2 * 3, 4 * 2, 0, 4 * 6]
    assert costs(layer, CHANNELS_OUTERMOST, few)[1:] == [4 * 3, 2 * 2, 0, 4 * 6]


def test_blocks_move_beside_the_work_of_those_before() -> None:
    """Bursts of a cycle hide behind the work, 4 * 10 + 1 + 2 + 3 + 4, but for 3 + 2 and 6.

    Of 4 cycles, blocks wait. Rows outermost: beside the first of 11 cycles come 2 weights, beside
    the second 3 elements of the next rows, and 6 outputs of the first leave; then 6, 6 and 6.
    Channels outermost: 3, then 2 and 6, 6, 6, and 6.
    """
    for loops in (ROWS_OUTERMOST, CHANNELS_OUTERMOST):
        assert costs(four_blocks(), loops)[0] == 5 + 50 + 6
    assert costs(four_blocks(4), ROWS_OUTERMOST)[0] == 20 + 11 + 4 * (9 + 6 + 6 + 6)
    assert costs(four_blocks(4), CHANNELS_OUTERMOST)[0] == 20 + 12 + 4 * (8 + 6 + 6 + 6)


def test_blocks_take_what_they_do_in_the_order_in_which_they_come() -> None:
    """Of 2 cycles a burst, beside blocks of 11, 13, 12 and 14 move 3, 8, 6 and 6; of 11, 12, 13 and
    14, as with rows outermost, 2, 9, 6 and 6."""
    waits = {
        loops: costs(four_blocks(2), loops)[0] for loops in (CHANNELS_OUTERMOST, ROWS_OUTERMOST)
    }
    assert waits[CHANNELS_OUTERMOST] == 10 + 11 + 16 + 12 + 14 + 12
    assert waits[ROWS_OUTERMOST] == 10 + 11 + 18 + 13 + 14 + 12


def test_with_one_buffer_nothing_is_hidden() -> None:
    """All 34 bursts and the work come one after the other.

    Of 3 cycles for 2 bursts, the 5, 2 and 3 that come take 8, 3 and 5 cycles, and the 6 that leave
    each of four blocks 9.
    """
    order = ORDER._replace(one_buffer=True)
    layer = four_blocks(3, bursts=2)
    assert costs(layer, ROWS_OUTERMOST, order=order)[0] == 8 + 3 + 5 + 4 * 9 + 50
    assert costs(four_blocks(4), ROWS_OUTERMOST, order=order)[0] == 4 * 34 + 50


def test_what_runs_ahead_is_waited_for_at_the_end() -> None:
    """Beside the blocks move 5 elements and 3 * 6 outputs; the last outputs come behind."""
    order = ORDER._replace(run_ahead=True)
    assert costs(four_blocks(), ROWS_OUTERMOST, order=order)[0] == 5 + 50 + 6
    assert costs(four_blocks(4), ROWS_OUTERMOST, order=order)[0] == 4 * (5 + 5 + 18 + 6)


def test_operands_that_stay_take_the_buses_once_in_a_stretch() -> None:
    """Buses of 20 cycles: eight passes wait for them, the last of 4 cycles, or, once, none."""
    order = ORDER._replace(bus_cycles=20)
    assert costs(four_blocks(), ROWS_OUTERMOST, order=order)[0] == 5 + 7 * 20 + 4 + 6
    assert costs(four_blocks(), ROWS_OUTERMOST, stretch=4, order=order)[0] == 5 + 50 + 6


def test_later_runs_find_their_weights() -> None:
    """Three runs, of which the first fetches 4 weights: the others wait for 3 elements alone."""
    found = costs(four_blocks(runs=3, weight_runs=3), ROWS_OUTERMOST)
    assert found == [3 * (50 + 6) + 5 + 3 + 3, 3 * 6, 4, 0, 3 * 24]
    assert costs(four_blocks(runs=3), ROWS_OUTERMOST)[1:] == [3 * 6, 3 * 4, 0, 3 * 24]


def two_input_blocks(*, happens: bool) -> tuple[Sized, Pieces]:
    """One block of 3 rows and 2 channels, with two of 5 input channels inside.

    Passes take 2 and 3 bits of activations, 5 together, and 8 of weights. A burst is a bit.
    """
    sizes = np.array([[1, 1], [3, 0], [1, 0], [2, 0], [5, 5]])
    own = Walk(np.arange(5), np.array([1, 1, 1, 1, 2]), sizes, sizes[1:3], sizes[1:3], 1)
    sized = Sized(
        own,
        whole=np.array([[1, 3, 1, 1, 10], [1, 1, 1, 2, 10], [1, 3, 1, 2, 1]]),
        block=np.array([[1, 3, 1, 1, 5], [1, 1, 1, 2, 5], [1, 3, 1, 2, 1]]),
        widths=np.array([[5, 8, 32, 4, 1], [2, 8, 32, 4, 1], [3, 8, 32, 4, 1]]),
        burst=np.array([1, 1]),
        weight_runs=1,
    )
    cycles = np.array([[[100]], [[100 * happens]]])
    return sized, Pieces(Work(cycles, cycles, 0 * cycles), cycles > 0, leading=1)


@pytest.mark.parametrize("happens", [False, True])
def test_gated_passes_fetch_again_what_is_not_held_where_they_happen(happens: bool) -> None:
    """Of 10 input channels: 30 activations and 20 weights. What is held comes with the first pass.

    Where one block of 15 activations or of 10 weights fits, each pass fetches its own bits.
    """
    layer, outputs = two_input_blocks(happens=happens), 6 * 4
    assert costs(layer, ROWS_OUTERMOST)[1:] == [30 * 5, 20 * 8, 0, outputs]
    again = int(happens)
    one = (15, 2**62, 2**62)
    assert costs(layer, ROWS_OUTERMOST, one)[1:] == [30 * (2 + 3 * again), 20 * 8, 0, outputs]
    one = (2**62, 10, 2**62)
    assert costs(layer, ROWS_OUTERMOST, one)[1:] == [30 * 5, 20 * 8 * (1 + again), 0, outputs]
