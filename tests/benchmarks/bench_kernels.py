"""How fast each kernel goes through masks shaped as those of ResNet-18's gated layers.

The masks are synthetic, of density 0.3; half of the bits are alike in groups of eight positions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from pgsim.kernels.activity import activity
from pgsim.kernels.combine import Table, combine
from pgsim.kernels.layout import interleave_images, join_images, transpose_positions
from pgsim.kernels.queue import Fifos, queue

CHANNELS_AND_POSITIONS = (*4 * [(64, 3136)], *4 * [(128, 784)], *4 * [(256, 196)], *4 * [(512, 49)])
IMAGES = 16
LANES = 16  # of a lane group
WINDOW_SLOTS = 256
DENSITY = 0.3
NO_PORTS = np.empty((0, 3), np.int64)
ONE_PORT = np.array([(1, 576 * 2, 1024)], np.int64)  # 576 2-bit operands a vector, 1024 bits a slot


class Mask(NamedTuple):
    """A layer's masks, uint64 (images, channels, words), and how many bits of a row count."""

    words: NDArray[np.uint64]
    positions: int


@pytest.fixture(scope="module")
def masks() -> list[Mask]:
    rng = np.random.default_rng(0)
    return [_mask(rng, *shape) for shape in CHANNELS_AND_POSITIONS]


def _mask(rng: np.random.Generator, channels: int, positions: int) -> Mask:
    groups = rng.random((IMAGES, channels, -(-positions // 8))) < DENSITY
    bits = np.repeat(groups, 8, axis=2)[..., :positions]
    own = rng.random(bits.shape, np.float32)
    bits = np.where(own < 0.5, bits, own < 0.5 + DENSITY / 2)
    padded = np.zeros((IMAGES, channels, -(-positions // 64) * 64), bool)
    padded[..., :positions] = bits
    return Mask(np.packbits(padded, axis=2, bitorder="little").view(np.uint64), positions)


def _tiles(lanes: int, positions: int) -> tuple[NDArray[np.int64], ...]:
    return np.arange(lanes), _bounds(lanes, LANES), _bounds(positions, WINDOW_SLOTS)


def _bounds(total: int, piece: int) -> NDArray[np.int64]:
    return np.array([*range(0, total, piece), total])


def _bytes(masks: list[Mask]) -> int:
    return sum(words.shape[0] * words.shape[1] * positions for words, positions in masks) // 8


def _activity(
    words: NDArray[np.uint64],
    lanes: NDArray[np.int64],
    lane_bounds: NDArray[np.int64],
    slot_bounds: NDArray[np.int64],
) -> None:
    tiles = len(words), lane_bounds.size - 1, slot_bounds.size - 1
    activity(words, lanes, lane_bounds, slot_bounds, np.empty((3, *tiles), np.int64), 0)


SCHEDULERS = {
    "activity": (_activity,),
    "combine(4, 8)": (combine, Table(4, 8), NO_PORTS),
    "combine(4, 8) and a port": (combine, Table(4, 8), ONE_PORT),
    "queue(16, 4)": (queue, Fifos(16, 4), NO_PORTS),
    "queue(16, 4) and a port": (queue, Fifos(16, 4), ONE_PORT),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_scheduler(rate: Callable[..., None], masks: list[Mask], name: str) -> None:
    kernel, *parameters = SCHEDULERS[name]
    layers = [(words, *_tiles(words.shape[1], positions)) for words, positions in masks]

    def work() -> None:
        for layer in layers:
            kernel(*layer, *parameters)

    rate(name, _bytes(masks), work)


LAYOUTS = {
    "join_images": (join_images, IMAGES),
    "interleave_images": (interleave_images, IMAGES),
    "transpose_positions": (transpose_positions,),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout(rate: Callable[..., None], masks: list[Mask], name: str) -> None:
    kernel, *batch = LAYOUTS[name]

    def work() -> None:
        for words, positions in masks:
            kernel(words, *batch, positions)

    rate(name, _bytes(masks), work)
