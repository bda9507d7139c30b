"""Nests: sizes of loops and blocks."""

from __future__ import annotations

import pytest
from designs import conv, linear, recurrent

from pgsim.arch import NestKeys
from pgsim.mapping import loop_sizes, nest_of_blocks
from pgsim.mapping.nest import given_nest, walk_of


@pytest.mark.parametrize(
    ("layer", "sizes"),
    [
        (conv(6, 4, in_size=9, kernel=3, groups=2), (5, 7, 7, 2, 3)),
        (linear(10, 3, 4), (5, 10, 1, 4, 3)),  # positions are rows
        (recurrent(10, 3, 4), (5, 1, 1, 4, 3)),  # a run is one time step
    ],
)
def test_the_loops_of_a_run_and_group(layer, sizes):
    assert loop_sizes(layer, 5) == sizes


def test_a_block_is_at_most_the_whole_loop():
    made = nest_of_blocks("CKQPN", (5, 10, 1, 4, 3), (None, 4, 7, 4, 1))
    assert made.blocks == (5, 4, 1, 4, 1)
    assert made.trips == (1, 3, 1, 1, 3)
    assert [made.block_sizes(loop).tolist() for loop in range(5)] == [
        [5],
        [4, 4, 2],
        [1],
        [4],
        [1, 1, 1],
    ]
    assert made.depths == [4, 3, 2, 1, 0]


def test_a_smaller_last_batch_has_the_same_blocks_as_far_as_it_has_images():
    made = nest_of_blocks("NPQKC", (8, 10, 1, 4, 3), (4, 4, None, None, None))
    assert made.of_batch(6).trips == (2, 3, 1, 1, 1)
    assert made.of_batch(3).blocks == (3, 4, 1, 4, 3)
    assert made.of_batch(6).block_sizes(0).tolist() == [4, 2]


def test_a_file_gives_a_nest_to_any_layer():
    keys = NestKeys(order="KPQNC", block_rows=4, block_channels=100)
    assert given_nest(keys, linear(10, 3, 4), 2).blocks == (2, 4, 1, 4, 3)


def test_columns_of_results_name_the_nest():
    assert nest_of_blocks("CKQPN", (5, 10, 1, 4, 3), (1, 4, 1, 2, 3)).cells == {
        "nest_order": "CKQPN",
        "nest_unheld": "none",
        "block_images": 1,
        "block_rows": 4,
        "block_columns": 1,
        "block_channels": 2,
        "block_in_channels": 3,
    }


def test_a_walk_knows_the_input_rows_and_columns_of_each_block():
    # 3 x 3 taps, stride 1, no padding: 9 rows, 7 outputs. Blocks of 3 rows: 0-4, 3-7, 6-8.
    layer = conv(6, 4, in_size=9, kernel=3)
    walk, most, union = walk_of(
        layer, nest_of_blocks("NPQKC", loop_sizes(layer, 1), (1, 3, 7, 4, 6))
    )
    assert walk.reach[0].tolist() == [5, 5, 3]
    assert walk.fresh[0].tolist() == [5, 3, 1]
    assert walk.reach[1].tolist() == [9, 0, 0]
    assert (most.tolist(), union.tolist(), walk.taps) == ([5, 9], [9, 9], 9)
    assert walk.sizes[:, 0].tolist() == [1, 3, 7, 4, 6]
    assert walk.sizes[1].tolist() == [3, 3, 1]


def test_a_nest_is_repeated_for_blocks_of_images():
    # One block of 2 images stands inside of the channels; of 5 images there are three such blocks.
    small = nest_of_blocks("CKQPN", (2, 10, 1, 4, 3), (2, 4, 1, 2, 1))
    assert (small.repeated(5).order, small.repeated(5).trips) == ("NCKQP", (3, 3, 1, 2, 3))
    # Where its images are several blocks already, they stay where they are.
    several = nest_of_blocks("CKQPN", (2, 10, 1, 4, 3), (1, 4, 1, 2, 1))
    assert (several.repeated(5).order, several.repeated(5).trips) == ("CKQPN", (5, 3, 1, 2, 3))
