"""Images simulated together: every one once, in order, and no more than memory is meant for."""

from __future__ import annotations

import mmap
import platform
import subprocess
import sys

import numpy as np
import pytest
from designs import conv, design, linear, recurrent, trace_of
from jobs import job_of

from pgsim import LayerShape, simulate
from pgsim.model import blocks
from pgsim.model.blocks import blocks_of

LAYER = linear(40, 6, 9)  # 5 lane groups of 2 columns, 360 mask bits an image
GATED = {"lsb.window": 8}  # 10 windows of 2 images: 50 tiles of a batch


def bounds(batch: int, calibration: int, images: int, scheme: str = "pg") -> list[tuple[int, ...]]:
    """Of each block its first image, the one after its last, and its batches."""
    job = job_of(LAYER, changes=GATED | {"batch": batch}, scheme=scheme)
    return [(each.start, each.stop, each.batches) for each in blocks_of(job, calibration, images)]


def test_a_smaller_last_batch_is_a_block_of_its_own() -> None:
    assert bounds(batch=3, calibration=2, images=10) == [(2, 8, 2), (8, 10, 1)]
    assert bounds(batch=3, calibration=1, images=10) == [(1, 10, 3)]
    assert bounds(batch=5, calibration=1, images=4) == [(1, 4, 1)]


@pytest.mark.parametrize(
    ("most_words", "most_tiles", "batches"),
    [
        (10**9, 10**9, 7),
        (3 * 2 * 9, 10**9, 3),  # 3 batches of 2 images of 9 channels, a word each
        (3 * 2 * 9 - 1, 10**9, 2),
        (10**9, 4 * 50, 4),
        (10**9, 4 * 50 - 1, 3),
        (1, 1, 1),  # a batch is never cut
    ],
)
def test_a_block_is_bounded_by_mask_words_and_by_tiles(
    monkeypatch: pytest.MonkeyPatch, most_words: int, most_tiles: int, batches: int
) -> None:
    monkeypatch.setattr(blocks, "_MOST_WORDS", most_words)
    monkeypatch.setattr(blocks, "_MOST_TILES", most_tiles)
    found = bounds(batch=2, calibration=1, images=16)  # 7 batches and an image
    first, *_ = found
    assert first[2] == batches
    # Every image is in one block, in order.
    assert [each for start, stop, _ in found for each in range(start, stop)] == list(range(1, 16))
    for start, stop, own in found:
        assert own <= batches
        assert own == 1 or (stop - start) * 9 <= most_words
        assert own == 1 or own * 50 <= most_tiles


@pytest.mark.parametrize(
    ("layer", "window", "bytes_of_image"),
    [
        (LAYER, 8, 5 * 5 * 40 * 8),  # 25 tiles, of each of which some 40 counts are held
        (linear(40_000, 6, 2), 4096, 2 * 625 * 8),  # 2 channels of 625 mask words
    ],
)
def test_a_block_holds_some_tens_of_mebibytes(
    layer: LayerShape, window: int, bytes_of_image: int
) -> None:
    job = job_of(layer, changes={"lsb.window": window}, scheme="pg")
    first, *rest = blocks_of(job, 0, 10**6)
    assert 2**24 < first.batches * bytes_of_image < 2**26
    assert rest


def test_batches_without_a_mask_are_alike_and_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_MOST_TILES", 1)
    assert bounds(batch=2, calibration=0, images=15, scheme="full") == [(0, 14, 7), (14, 15, 1)]


@pytest.mark.parametrize("dataflow", ["os", "ws", "is"])
@pytest.mark.parametrize("layer", [LAYER, recurrent(3, 6, 9), conv(4, 6, 4, 2, groups=2)])
def test_blocks_change_no_number(
    monkeypatch: pytest.MonkeyPatch, dataflow: str, layer: object
) -> None:
    mask = np.random.default_rng(3).random((11, layer.mask_channels, layer.mask_positions)) < 0.3
    trace = trace_of(layer, mask)
    arch = design(
        {
            "array.dataflow": dataflow,
            "batch": 2,
            "memory.dram.bytes_per_cycle": 3,
            "memory.lsb_fetch": "on_demand",
            "memory.activation_sram.banks": 1,
            "memory.activation_sram.port_bits": 8,
        }
    )
    together = simulate(trace, arch, calibration_images=2).layers
    for most_words, most_tiles in ((1, 10**9), (10**9, 1), (40, 50)):
        monkeypatch.setattr(blocks, "_MOST_WORDS", most_words)
        monkeypatch.setattr(blocks, "_MOST_TILES", most_tiles)
        apart = simulate(trace, arch, calibration_images=2).layers
        # Energies are sums of floats, batch by batch in either case.
        assert apart.equals(together)


FAULTS = """
import resource
import numpy as np
from pgsim.model.blocks import keep_memory

def block():
    some = [np.ones(2**17) for _ in range(16)]  # a MiB each

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

keep_memory()
block()
before = faults()
for _ in range(8):
    block()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of other libraries it asks nothing")
def test_memory_of_a_block_is_kept_for_the_next_one() -> None:
    """Pages that are given back are taken anew: without it, most of those of eight blocks."""
    script = [sys.executable, "-c", FAULTS]
    found = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    assert int(found) < 8 * 16 * 2**20 // mmap.PAGESIZE // 16
