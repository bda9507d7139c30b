"""Inputs under the taps of outputs, by hand (M1, M50).

Blocks of them are compared with sets in tests/kernels/test_nests.py.
"""

from __future__ import annotations

import pytest
from plain_python import in_plain_python

from pgsim.kernels import sides
from pgsim.kernels.sides import Line, Side

POINT = Line(outputs=1, inputs=1, taps=1, stride=1, padding=0, dilation=1)


@pytest.fixture(autouse=True)
def _in_plain_python(monkeypatch: pytest.MonkeyPatch) -> None:
    in_plain_python(monkeypatch, sides)


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        # Of each output the inputs under its taps, -1 where there is padding.
        (Line(3, 5, 3, 1, 0, 1), [[0, 1, 2], [1, 2, 3], [2, 3, 4]]),
        (Line(3, 3, 3, 1, 1, 1), [[-1, 0, 1], [0, 1, 2], [1, 2, -1]]),
        (Line(2, 4, 2, 2, 0, 1), [[0, 1], [2, 3]]),
        (Line(2, 6, 3, 1, 0, 2), [[0, 2, 4], [1, 3, 5]]),
        (Line(3, 4, 2, 3, 2, 2), [[-1, 0], [1, 3], [-1, -1]]),
    ],
)
def test_an_input_is_a_stride_an_output_and_a_dilation_a_tap_away(
    line: Line, rows: list[list[int]]
) -> None:
    """By hand."""
    found = [
        [sides.under(line, output, tap) for tap in range(line.taps)] for output in range(len(rows))
    ]
    assert found == rows


@pytest.mark.parametrize(
    ("output", "places"),
    [
        # Output 4 is row 1 of frame 1: rows 1 and 2 of input frames 1 and 2, of 4 rows each.
        (4, [5, 6, 9, 10]),
        # Output 0 is row 0 of frame 0: rows 0 and 1 of frame 0, and there is no frame before.
        (0, [0, 1, 4, 5]),
        # Output 8 is row 2 of frame 2, whose second frame is padding.
        (8, [10, 11, -1, -1]),
    ],
)
def test_rows_of_frames_are_counted_through(output: int, places: list[int]) -> None:
    """By hand. Taps go frame by frame: 0 and 1 in the first, 2 and 3 in the next."""
    side = Side(rows=Line(3, 4, 2, 1, 0, 1), frames=Line(3, 3, 2, 1, 0, 1))
    assert [sides.place_of(side, output, tap) for tap in range(4)] == places


def test_padding_of_rows_or_of_frames_is_padding() -> None:
    """By hand: each has a row of it before the first and behind the last."""
    side = Side(rows=Line(3, 3, 3, 1, 1, 1), frames=Line(2, 2, 3, 1, 1, 1))
    found = [sides.place_of(side, 3, tap) for tap in range(9)]
    assert found == [-1, 0, 1, -1, 3, 4, -1, -1, -1]


def test_all_frames_and_their_rows_are_the_size_of_a_side() -> None:
    """By hand: 2 frames of 3 output rows, 5 of 7 input rows, 2 taps of 3."""
    side = Side(rows=Line(3, 7, 3, 2, 0, 1), frames=Line(2, 5, 2, 3, 0, 1))
    assert sides.sizes_of(side) == (6, 35, 6)
    assert sides.sizes_of(Side(side.rows, POINT)) == (3, 7, 3)
