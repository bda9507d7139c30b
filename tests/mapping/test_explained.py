"""Nests as lines that a person reads: each text is written by hand (M9, M40)."""

from __future__ import annotations

import pytest

from pgsim.mapping.explained import explained, loop, nested, times
from pgsim.mapping.nest import Nest

# Sizes and blocks are of images, rows, columns, channels and input channels.
NEST = Nest("CKNPQ", (3, 10, 4, 6, 9), (1, 4, 4, 6, 3))


@pytest.mark.parametrize(
    ("total", "size", "line"),
    [
        (12, 4, "for 3 parts of 4:"),
        (10, 4, "for 3 parts of 4, the last of 2:"),
        (5, 4, "for 2 parts of 4, the last of 1:"),
        (4, 4, ""),
        (3, 4, ""),
    ],
)
def test_a_loop_says_how_many_and_what_the_last_is(total: int, size: int, line: str) -> None:
    """By hand: 10 are 4, 4 and 2."""
    assert loop(total, size, "parts of {}") == line


@pytest.mark.parametrize(("count", "words"), [(1, "once"), (2, "2 times"), (12345, "12,345 times")])
def test_counts_are_in_words(count: int, words: str) -> None:
    """As a person says it."""
    assert times(count) == words


def test_loops_of_one_block_are_left_out_and_what_is_held_stands_where_it_is() -> None:
    """By hand. Channels and columns are one block, and so no lines: weights are inside of C."""
    held = {"weights": 2, "activations": 4, "sums": 0}
    assert explained(NEST, held, {"weights": 3, "sums": 1}) == [
        "hold sums, filled once",
        "for 3 blocks of 3 input channels (C):",
        "  hold weights, filled 3 times",
        "  for 3 blocks of 1 images (N):",
        "    for 3 blocks of 4 rows (P), the last of 2:",
        "      hold activations",
        "      one block: 1 images, 4 rows, 4 columns, 6 channels, 3 input channels",
    ]


def test_what_is_held_of_a_single_block_stands_beside_it() -> None:
    """By hand: five loops lie outside of the last place."""
    own = Nest("NPQKC", (1, 2, 2, 2, 2), (1, 2, 2, 2, 2))
    assert explained(own, {"weights": 0, "sums": 5}, {}) == [
        "hold weights",
        "hold sums",
        "one block: 1 images, 2 rows, 2 columns, 2 channels, 2 input channels",
    ]


def test_lines_are_indented_by_the_loops_around_them() -> None:
    """By hand: an empty line is no loop."""
    assert nested(["for a:", "", "for b:"], [["x"], ["y", "z"], [], ["w"]], "end") == [
        "x",
        "for a:",
        "  y",
        "  z",
        "  for b:",
        "    w",
        "    end",
    ]
