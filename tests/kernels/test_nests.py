"""What blocks reach, what is held and what moves, against sets of elements and hand counts."""

from __future__ import annotations

from itertools import permutations, product

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from inner_kernels import called

from pgsim.kernels import nests
from pgsim.kernels.nests import Held, Walk, Widths, outside, walk
from pgsim.kernels.sides import Line, Side

reached = called(nests.reached)

POINT = Line(1, 1, 1, 1, 0, 1)

LINES = st.builds(
    Line,
    outputs=st.integers(1, 9),
    inputs=st.integers(1, 9),
    taps=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 4),
    dilation=st.integers(1, 3),
)
SIDES = st.builds(Side, rows=LINES, frames=st.just(POINT) | LINES)


def under(line: Line, output: int) -> set[int]:
    """The inputs under any tap of an output."""
    at = {output * line.stride - line.padding + t * line.dilation for t in range(line.taps)}
    return {place for place in at if 0 <= place < line.inputs}


def rows_of(side: Side, outputs: range) -> set[int]:
    """The input rows of all frames under any tap of some output rows."""
    return {
        frame * side.rows.inputs + row
        for output in outputs
        for frame in under(side.frames, output // side.rows.outputs)
        for row in under(side.rows, output % side.rows.outputs)
    }


PLAIN = st.builds(Side, rows=LINES.map(lambda own: own._replace(dilation=1)), frames=st.just(POINT))


@settings(deadline=None)  # kernels are compiled in the first example
@given(side=SIDES | PLAIN, block=st.integers(1, 9))
def test_a_block_reaches_the_rows_under_its_taps(side: Side, block: int) -> None:
    outputs = side.rows.outputs * side.frames.outputs
    blocks = [range(b, min(b + block, outputs)) for b in range(0, outputs, block)]
    room = np.zeros((2, len(blocks) + 3), np.int64)
    found = reached(side, block, room[0], room[1])
    assert not room[:, len(blocks) :].any()
    reach, fresh = room[:, : len(blocks)]
    own = [rows_of(side, outputs) for outputs in blocks]
    before = [set().union(*own[:number]) for number in range(len(own))]
    assert reach.tolist() == [len(rows) for rows in own]
    assert fresh.tolist() == [len(rows - known) for rows, known in zip(own, before, strict=True)]
    assert found == (max(map(len, own)), len(set().union(*own)))


def line(*numbers: int) -> Side:
    """A side of one frame."""
    return Side(Line(*numbers), POINT)


def test_rows_of_frames_are_counted_through() -> None:
    # Two frames of four rows; two taps in each dimension. Output rows 0 to 2 reach both frames:
    # blocks of two reach rows 0-2 of each, and rows 2-3.
    side = Side(Line(3, 4, 2, 1, 0, 1), Line(1, 2, 2, 1, 0, 1))
    reach, fresh = np.zeros((2, 2), np.int64)
    assert reached(side, 2, reach, fresh) == (6, 8)
    assert (reach.tolist(), fresh.tolist()) == ([6, 4], [6, 2])


def test_rows_between_the_taps_are_not_reached() -> None:
    # Outputs 0 and 1 see rows 0, 2 and 3, 5; 2 and 3 see rows 6, 8 and 9, 11.
    assert reached(line(4, 12, 2, 3, 0, 2), 2, *np.zeros((2, 2), np.int64)) == (4, 8)
    # Four outputs of three rows each, of which the next shares two: rows 0-3 and 2-5.
    assert reached(line(4, 6, 3, 1, 0, 1), 2, *np.zeros((2, 2), np.int64)) == (4, 6)


@pytest.mark.parametrize(("taps", "stride"), [(1, 1), (1, 2), (3, 3), (5, 2), (7, 1)])
def test_rows_of_long_lines_are_not_counted_one_by_one(taps: int, stride: int) -> None:
    # A line of 2^50 outputs, whose blocks of 2^40 reach as many rows: between the first row of the
    # first output and the last one of the last.
    outputs, block = 2**50, 2**40
    inputs = (outputs - 1) * stride + taps
    room = np.zeros((2, 2**10), np.int64)
    most, union = reached(line(outputs, inputs, taps, stride, 0, 1), block, *room)
    shared = max(taps - stride, 0)
    rows = block * min(stride, taps) + shared
    assert (most, union) == (rows, outputs * min(stride, taps) + shared)
    assert room.tolist() == [[rows] * 2**10, [rows] + [rows - shared] * (2**10 - 1)]


ORDER = np.arange(5)  # images, rows, columns, channels, input channels


@pytest.mark.parametrize(
    ("most", "depth"),
    [
        (2 * 6 * 4 * 8, 0),  # all
        (2 * 6 * 4 * 8 - 1, 1),  # of one image
        (6 * 4 * 8, 1),
        (6 * 4 * 8 - 1, 2),  # of one block of rows: 3 * 4 * 8
        (3 * 4 * 8 - 1, 3),  # and of columns: 3 * 2 * 8; channels matter not
        (3 * 2 * 8 - 1, 5),  # of one block of input channels: 3 * 2 * 5
        (3 * 2 * 5, 5),
        (3 * 2 * 5 - 1, -1),
    ],
)
def test_an_operand_is_held_at_the_outermost_depth_that_fits(most: int, depth: int) -> None:
    whole, block = np.array([2, 6, 4, 1, 8]), np.array([1, 3, 2, 1, 5])
    assert outside(ORDER, whole, block, most) == depth


def test_what_does_not_matter_is_no_reason_to_hold_less() -> None:
    whole, block = np.array([1, 1, 1, 6, 8]), np.array([1, 1, 1, 2, 8])
    order = np.array([0, 3, 1, 2, 4])  # channels do not fit, all that is inside does
    assert outside(order, whole, block, 16) == 2


def test_blocks_that_reach_only_padding_fit_anything() -> None:
    whole, block = np.array([3, 0, 4, 1, 8]), np.array([1, 0, 2, 1, 8])
    assert outside(ORDER, whole, block, 0) == 0


def a_walk(order: str, trips: tuple[int, ...]) -> Walk:
    """Blocks of 2 images, 3 rows, 5 columns, 7 channels, 11 input channels, one tap."""
    letters = "NPQKC"
    sizes = np.repeat(np.array([[2], [3], [5], [7], [11]]), max(trips), axis=1)
    numbers = np.array([letters.index(letter) for letter in order])
    return Walk(numbers, np.array(trips), sizes, sizes[1:3].copy(), sizes[1:3].copy(), 1)


BIT = Widths(activation=1, weight=1, sums=1, output=1, burst=1)  # bursts are elements


@pytest.mark.parametrize("order", ["".join(each) for each in permutations("NPQKC")][::7])
def test_blocks_come_in_the_order_of_the_loops(order: str) -> None:
    trips = (2, 1, 3, 2, 2)
    indices, _ = walk(a_walk(order, trips), Held(5, 5, 5), BIT)
    loops = ["NPQKC".index(letter) for letter in order]
    expected = product(*(range(trips[loop]) for loop in loops))
    assert [tuple(each[loops]) for each in indices.T] == list(expected)


def test_activations_held_inside_the_channels_come_once_for_each() -> None:
    # Channels outermost: all rows are fetched for each of both.
    _, moved = walk(a_walk("KPNQC", (1, 2, 1, 2, 1)), Held(2, 5, 5), BIT)
    assert moved.shape == (4, 4)
    assert moved[0].tolist() == [2 * 3 * 5 * 11] * 4
    # All of them fit: channels fetch them once.
    _, moved = walk(a_walk("KPNQC", (1, 2, 1, 2, 1)), Held(0, 5, 5), BIT)
    assert moved[0].tolist() == [2 * 3 * 5 * 11] * 2 + [0, 0]


def test_weights_held_inside_the_rows_come_once_for_each() -> None:
    nest = a_walk("PKNQC", (1, 2, 1, 2, 1))
    _, moved = walk(nest, Held(5, 2, 5), BIT)
    assert moved[1].tolist() == [7 * 11] * 4
    _, moved = walk(nest, Held(5, 0, 5), BIT)
    assert moved[1].tolist() == [7 * 11] * 2 + [0, 0]


def test_sums_that_lack_input_channels_leave_and_come_back() -> None:
    widths = BIT._replace(sums=32, output=4)
    sums = 2 * 3 * 5 * 7
    nest = a_walk("CPNQK", (1, 2, 1, 1, 3))
    _, moved = walk(nest, Held(5, 5, 2), widths)  # of one block of rows
    assert moved[2].tolist() == [0, 0] + [32 * sums] * 4
    assert moved[3].tolist() == [32 * sums] * 4 + [4 * sums] * 2
    _, moved = walk(nest, Held(5, 5, 0), widths)  # of all rows: none leaves before it is done
    assert moved[2].tolist() == [0] * 6
    assert moved[3].tolist() == [0] * 4 + [4 * sums] * 2


def test_each_block_and_operand_is_rounded_up_to_bursts() -> None:
    widths = Widths(activation=3, weight=5, sums=32, output=4, burst=64)
    _, moved = walk(a_walk("NPQKC", (1, 1, 1, 1, 2)), Held(5, 5, 0), widths)
    activations, weights, outputs = 2 * 3 * 5 * 11 * 3, 7 * 11 * 5, 2 * 3 * 5 * 7 * 4
    assert moved[0].tolist() == [-(-activations // 64)] * 2
    assert moved[1].tolist() == [-(-weights // 64)] * 2
    assert moved[3].tolist() == [0, -(-outputs // 64)]


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(5)), st.lists(st.integers(1, 3), min_size=5, max_size=5))
def test_all_orders_fetch_the_same_if_everything_fits(order: list[int], trips: list[int]) -> None:
    letters = "".join("NPQKC"[loop] for loop in order)
    _, moved = walk(a_walk(letters, tuple(trips)), Held(0, 0, 0), BIT)
    n, p, q, k, c = (size * trip for size, trip in zip((2, 3, 5, 7, 11), trips, strict=True))
    assert moved.sum(axis=1).tolist() == [n * p * q * c, k * c, 0, n * p * q * k]
