"""From a trace's rows to a scheduler's, against moving every bit by itself (M6, M7)."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from packed_rows import Bits, packed, random_bits

from pgsim.kernels.layout import (
    interleave_images,
    join_images,
    reorder_slots,
    transpose_positions,
)

SIZES = (1, 2, 7, 32, 63, 64, 65, 100, 127, 128, 130)


def masks(seed: int) -> tuple[Bits, int, int]:
    """Masks [image][channel][position] of whole batches, the batch, the positions."""
    rng = Random(seed)
    batch, positions = rng.choice((1, 2, 3, 5)), rng.choice(SIZES)
    images = batch * rng.choice((1, 2))
    return random_bits(rng, images, rng.choice(SIZES), positions), batch, positions


def batches(bits: Bits, batch: int) -> list[Bits]:
    return [bits[first : first + batch] for first in range(0, len(bits), batch)]


@pytest.mark.parametrize("seed", range(30))
def test_join_images_puts_one_image_after_the_other(seed: int) -> None:
    bits, batch, positions = masks(seed)
    expected = [
        [[bit for image in own for bit in image[channel]] for channel in range(len(own[0]))]
        for own in batches(bits, batch)
    ]
    assert np.array_equal(join_images(packed(bits), batch, positions), packed(expected))


@pytest.mark.parametrize("seed", range(30))
def test_interleave_images_puts_the_images_of_a_step_together(seed: int) -> None:
    bits, batch, positions = masks(seed)
    expected = [
        [
            [image[channel][position] for position in range(positions) for image in own]
            for channel in range(len(own[0]))
        ]
        for own in batches(bits, batch)
    ]
    assert np.array_equal(interleave_images(packed(bits), batch, positions), packed(expected))


@pytest.mark.parametrize("seed", range(30))
def test_transpose_positions_turns_channels_into_slots(seed: int) -> None:
    bits, _, positions = masks(seed)
    expected = [
        [[channel[position] for channel in image] for position in range(positions)]
        for image in bits
    ]
    assert np.array_equal(transpose_positions(packed(bits), positions), packed(expected))


def test_no_word_passes_through_a_float() -> None:
    # 2**64 - 1 has 64 significant bits; a float keeps 53, and would round it up to 2**64.
    bits = [[[1] * 64] * 64]
    full = np.full((1, 64, 1), 2**64 - 1, np.uint64)
    assert np.array_equal(transpose_positions(packed(bits), 64), full)
    assert np.array_equal(join_images(packed(bits), 1, 64), full)
    assert np.array_equal(interleave_images(packed(bits), 1, 64), full)
    # 100 channels: the second block of 64 is padded, and must not turn the words into floats.
    turned = transpose_positions(packed([[[1] * 64] * 100]), 64)
    expected = np.array([[[2**64 - 1, 2**36 - 1]] * 64], np.uint64)
    assert np.array_equal(turned, expected)


@pytest.mark.parametrize("seed", range(30))
def test_reorder_slots_puts_stretches_one_after_the_other(seed: int) -> None:
    rng = Random(seed)
    slots = rng.choice(SIZES)
    bits = random_bits(rng, 2, 3, slots)
    cuts = [0, *sorted(rng.sample(range(1, slots), rng.randint(0, slots - 1))), slots]
    stretches = [range(begin, end) for begin, end in pairwise(cuts)]
    rng.shuffle(stretches)
    expected = [
        [[row[slot] for stretch in stretches for slot in stretch] for row in rows] for rows in bits
    ]
    begins = np.array([stretch.start for stretch in stretches])
    lengths = np.array([len(stretch) for stretch in stretches])
    assert np.array_equal(reorder_slots(packed(bits), begins, lengths), packed(expected))
