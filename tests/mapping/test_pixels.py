"""Positions that some taps bring an important pixel to, against a walk over taps (M52)."""

from __future__ import annotations

import tracemalloc
from random import Random
from typing import Any

import numpy as np
import pytest
from designs import conv
from reference.layers import layer_of

from pgsim.mapping.pixels import positions_under
from pgsim.workload import layer_shape


def random_layer(rng: Random) -> dict[str, Any]:
    kernel = [rng.randint(1, 3), rng.randint(1, 3)]
    dilation = [rng.choice((1, 1, 2)), rng.choice((1, 1, 2))]
    sides = [(k - 1) * d + 1 + rng.randint(0, 4) for k, d in zip(kernel, dilation, strict=True)]
    return conv(2, 3, 4, 1, gate="input").manifest() | {
        "in_size": sides,
        "kernel": kernel,
        "stride": [rng.choice((1, 2, 3)), rng.choice((1, 2))],
        "padding": [rng.choice((0, 1, 2)), rng.choice((0, 1, 2))],
        "dilation": dilation,
    }


@pytest.mark.parametrize("seed", range(40))
def test_positions_under_taps(seed: int) -> None:
    rng = Random(seed)
    fields = random_layer(rng)
    layer, shape = layer_of(fields), layer_shape(fields)
    taps = tuple(sorted(rng.sample(range(layer.taps), rng.randint(1, layer.taps))))
    mask = np.random.default_rng(seed).random((2, layer.pixels)) < 0.3
    words = positions_under(mask, shape, taps)
    assert words.shape[:2] == (2, 3) and not words.flags.writeable
    found = np.unpackbits(words.view(np.uint8), axis=-1, bitorder="little")
    for image in range(2):
        for position in range(layer.positions_per_step):
            pixels = [layer.window_pixels(position)[tap] for tap in taps]
            expected = any(pixel is not None and mask[image, pixel] for pixel in pixels)
            assert set(found[image, :, position]) == {int(expected)}


def test_long_kernels_do_not_fill_memory() -> None:
    fields = conv(1, 1, 1, 1, gate="input").manifest()
    shape = layer_shape(fields | {"in_size": [2**16, 1], "kernel": [2**12, 1]})
    mask = np.zeros((1, 2**16), bool)
    mask[0, 2**15] = True
    tracemalloc.start()
    try:
        words = positions_under(mask, shape, tuple(range(shape.taps)))
        peak_bytes = tracemalloc.get_traced_memory()[1]  # numpy reports its arrays there
    finally:
        tracemalloc.stop()
    found = np.unpackbits(words.view(np.uint8), bitorder="little")
    # The pixel lies under all 4,096 taps, each of another position.
    assert np.flatnonzero(found).tolist() == list(range(2**15 - 2**12 + 1, 2**15 + 1))
    assert peak_bytes < 2**24  # 61,441 positions under each tap would be 1.9 GiB
