"""What buffers hold of a nest, counted by hand."""

from __future__ import annotations

import pytest
from designs import conv, linear
from nest_jobs import nested

from pgsim.errors import InputError
from pgsim.model.nests.holding import Holding


def small(buffer: str, usable_bits: int) -> dict[str, object]:
    """A buffer with so many usable bits, half of all."""
    sizes = {"kib": usable_bits * 2 / 8192, "banks": 1, "port_bits": 8}
    return {f"memory.{buffer}_sram.{key}": value for key, value in sizes.items()}


def depths(layer, order, blocks, changes=None):
    job = nested(layer, order, blocks, changes)
    return tuple(Holding(job, job.nest).held)


def test_everything_is_held_at_once_where_it_fits():
    assert depths(linear(8, 8, 4), "PNQKC", (1, 2, 1, 2, 4)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("usable_bits", "depth"),
    [
        (8 * 8 * 4, 0),  # all positions
        (8 * 8 * 4 - 8, 2),  # channels are outermost, so two of rows are next: one block
        (2 * 8 * 4, 2),
        (2 * 8 * 4 - 8, 5),  # half of the input channels
        (2 * 4 * 4, 5),
    ],
)
def test_activations_of_a_block_of_rows(usable_bits, depth):
    changes = small("activation", usable_bits)
    found, *_ = depths(linear(8, 8, 4), "KPNQC", (1, 2, 1, 2, 4), changes)
    assert found == depth


@pytest.mark.parametrize(
    ("usable_bits", "depth"),
    [
        (4 * 8 * 8, 0),  # rows outermost need all weights again
        (4 * 8 * 8 - 8, 2),  # two channels
        (2 * 8 * 8 - 8, 5),  # half of their input channels
    ],
)
def test_weights_of_a_block_of_channels(usable_bits, depth):
    _, found, _ = depths(linear(8, 8, 4), "PKNQC", (1, 2, 1, 2, 4), small("weight", usable_bits))
    assert found == depth


def test_sums_take_32_bits_and_input_channels_are_no_reason_to_hold_fewer():
    # `os` needs room for a window of 4 x 2 sums, 256 bits. All are 8 * 4 * 32 bits.
    blocks = (1, 2, 1, 4, 4)
    assert depths(linear(8, 8, 4), "CPNQK", blocks, small("output", 1024))[2] == 0
    assert depths(linear(8, 8, 4), "CPNQK", blocks, small("output", 1016))[2] == 2
    assert depths(linear(8, 8, 4), "PCNQK", blocks, small("output", 256))[2] == 1


def test_rows_that_blocks_share_are_held_once():
    # Two output rows reach rows 0-2 and 1-3, of 4 pixels: 12 at most each, 16 together.
    layer = conv(1, 1, in_size=4, kernel=3)
    for usable, depth in ((16 * 4, 0), (12 * 4, 1)):
        found, *_ = depths(layer, "PNQKC", (1, 1, 2, 1, 1), small("activation", usable))
        assert found == depth


def test_a_block_that_does_not_fit_is_refused():
    job = nested(linear(8, 8, 4), "PNQKC", (1, 2, 1, 2, 4), small("activation", 24))
    with pytest.raises(InputError) as refused:
        _ = Holding(job, job.nest).held
    assert str(refused.value) == (
        "layer 'linear' on test-4x2: a block of the nest PNQKC (1, 2, 1, 2, 4) needs more of "
        "activation_sram than fits: 8 elements of 6: take smaller blocks"
    )


@pytest.mark.parametrize(
    ("buffer", "usable", "bits", "kib"),
    [
        ("weight", 64, 3 * 3 * 8, "0.017578125"),  # one kernel of one channel, 2 * 72 / 8192
        ("activation", 32, 3 * 3 * 4, "0.0087890625"),  # what one output reaches, 2 * 36 / 8192
    ],
)
def test_where_no_block_fits_the_least_size_of_the_buffer_is_said(buffer, usable, bits, kib):
    layer = conv(2, 4, in_size=6, kernel=3)
    job = nested(layer, "PNQKC", (1, 2, 2, 2, 2), small(buffer, usable))
    with pytest.raises(InputError) as refused:
        _ = Holding(job, job.nest).held
    assert str(refused.value) == (
        f"layer 'conv' on test-4x2: no block of a nest fits {buffer}_sram: the smallest takes "
        f"{bits} bits, and a tile may use {usable}: expected memory.{buffer}_sram.kib of at least "
        f"{kib}"
    )
    enough = {**small(buffer, usable), f"memory.{buffer}_sram.kib": float(kib)}
    assert depths(layer, "PNQKC", (1, 1, 1, 1, 1), enough)
