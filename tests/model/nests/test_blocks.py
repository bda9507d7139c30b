"""Blocks of a nest: which nests a layer can have, and what each block moves."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, linear
from nest_jobs import nested

from pgsim.errors import InputError
from pgsim.model.nests import blocks_of_nest

MASK = np.array([[[1, 0, 0, 0], [0, 1, 0, 0]]], bool)


def gated(order, blocks, changes=None):
    return nested(linear(4, 8, 2), order, blocks, changes, "pg", MASK)


@pytest.mark.parametrize(
    ("order", "blocks"),
    [
        ("NPQKC", (1, 2, 1, 2, 4)),
        ("CNPQK", (1, 2, 1, 2, 8)),  # input channels in one block
        ("NPCQK", (1, 2, 1, 2, 4)),  # nothing inside of them has more than one
    ],
)
def test_a_gate_takes_whole_sums(order, blocks):
    assert blocks_of_nest(gated(order, blocks)).indices.shape[1] == 2


@pytest.mark.parametrize("order", ["CNPQK", "NCPQK"])
def test_sums_that_wait_for_other_outputs_have_no_gate(order):
    with pytest.raises(InputError) as refused:
        blocks_of_nest(gated(order, (1, 2, 1, 2, 4)))
    assert str(refused.value).startswith(f"layer 'linear' on test-4x2: nest {order} (1, 2, 1, 2, 4")
    assert "a gate needs whole sums: expected C innermost, or block_in_channels 8" in str(
        refused.value
    )


def test_planes_on_demand_follow_the_fixed_order():
    with pytest.raises(InputError, match=r"layer 'linear' on test-4x2: nest NPQKC .*on_demand"):
        blocks_of_nest(gated("NPQKC", (1, 2, 1, 2, 8), {"memory.lsb_fetch": "on_demand"}))


def test_a_layer_without_planes_on_demand_has_any_nest():
    job = nested(linear(4, 8, 2), "NPQKC", (1, 2, 1, 2, 8), {"memory.lsb_fetch": "on_demand"})
    assert blocks_of_nest(job).indices.shape[1] == 2


def test_too_many_blocks_are_refused():
    job = nested(linear(3000, 1000, 2), "NPQKC", (1, 1, 1, 1, 1))
    with pytest.raises(InputError, match=r"some 6000000 tiles of a run and group .*larger blocks"):
        blocks_of_nest(job)


def test_input_blocks_of_a_turn_are_kept_apart():
    # Two turns of two input blocks: 2 * 4 * 4 bits of input and 2 * 4 * 8 of weights each, which
    # are held; a burst has 16 bytes.
    blocks = blocks_of_nest(gated("NPQKC", (1, 2, 1, 2, 4)))
    activations, weights, sums, written = blocks.bursts
    assert activations.tolist() == [[1, 1], [1, 1]]
    assert weights.tolist() == [[1, 1], [0, 0]]
    assert sums.tolist() == [[0, 0], [0, 0]]
    assert written.tolist() == [[0, 1], [0, 1]]


def test_chunks_are_blocks_of_as_many_input_channels():
    # Input channels 3, 3, 2 of 8; without a gate they are turns of their own.
    blocks = blocks_of_nest(nested(linear(4, 8, 2), "CNPQK", (1, 2, 1, 2, 3)))
    found = [
        (each.job.shape.reduction, each.blocks.tolist(), each.times, each.opens)
        for each in blocks.chunks
    ]
    assert found == [
        (3, [True, True, False, False, False, False], 1, True),
        (3, [False, False, True, True, False, False], 1, False),
        (2, [False, False, False, False, True, True], 1, False),
    ]
    # With one every turn takes all of them.
    blocks = blocks_of_nest(gated("NPQKC", (1, 2, 1, 2, 2)))
    found = [
        (each.job.shape.reduction, each.blocks.tolist(), each.times, each.opens)
        for each in blocks.chunks
    ]
    assert found == [(2, [True, True], 1, True), (2, [True, True], 3, False)]


def test_the_order_of_positions_is_found_for_masks_alone():
    # Blocks of 2 x 2 of 4 x 4 positions: the first has rows 0 and 1 of columns 0 and 1.
    small = conv(3, 2, 4, 1)
    mask = np.ones((1, 2, 16), bool)
    blocks = blocks_of_nest(nested(small, "NPQKC", (1, 2, 2, 2, 3), scheme="pg", mask=mask))
    expected = [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15]
    assert blocks.tiles.order.tolist() == expected
    # More positions than are held one by one, in 2^10 blocks.
    large = conv(3, 2, 2**18, 1, gate="none", msb_bits=None)
    roomy = {f"memory.{each}_sram.kib": 2**20 for each in ("activation", "weight", "output")}
    blocks = blocks_of_nest(nested(large, "NPQKC", (1, 2**13, 2**13, 2, 3), roomy))
    assert blocks.every_tile.outputs.sum() == 2 * 2**36
    assert blocks.tiles.order is None
