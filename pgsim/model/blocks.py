"""Blocks: images of a trace that are simulated together, as many as memory is meant for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pgsim.model.job import Job
from pgsim.workload.mask_words import words_of

_MOST_WORDS = 2**22  # mask words of a block: 32 MiB
_MOST_TILES = 2**17  # some 40 counts of 8 bytes are held for each, of two passes: 40 MiB
_KEPT_BYTES = 2**25 - 2**16  # a little less than the largest array that glibc goes by


@dataclass(frozen=True)
class Block:
    """Batches of a trace simulated together: `batches` alike, of `batch` images, from `start` on.

    calibration: how many first images of the trace are for calibration.
    """

    start: int
    batch: int
    batches: int
    calibration: int

    @property
    def stop(self) -> int:
        """The image after the block's last."""
        return self.start + self.batch * self.batches


def blocks_of(job: Job, calibration: int, images: int) -> Iterator[Block]:
    """Cut the images to simulate into blocks, a smaller last batch apart.

    What a block holds is bounded by its mask words and by its tiles, but a batch is never cut. The
    batches of a layer whose images do not differ are alike, and are one block.
    """
    batch = job.batch
    whole, rest = divmod(images - calibration, batch)
    step = max(1, whole)
    if job.varies:
        tiles = job.batch_tiles * -(-len(job.passes) // 2)
        step = max(1, min(_MOST_WORDS // _batch_words(job), _MOST_TILES // tiles))
    for done in range(0, whole, step):
        start = calibration + done * batch
        yield Block(start, batch, min(step, whole - done), calibration)
    if rest:
        yield Block(images - rest, rest, 1, calibration)


def keep_memory() -> None:
    """Have the C library keep the memory of a block for the next one.

    glibc gives it back, and the system clears every page of it anew, unless an array as large was
    given back before (mallopt(3), M_MMAP_THRESHOLD). This one is not touched and takes no memory.
    """
    np.empty(_KEPT_BYTES, np.uint8)


def mask_words(job: Job) -> int:
    """Return the mask words of an image, as a trace has them."""
    return job.shape.mask_channels * words_of(job.shape.mask_positions)


def _batch_words(job: Job) -> int:
    """Return the mask words of a batch, as a trace has them or as schedulers take them."""
    shape, batch = job.shape, job.batch
    slots, lanes = job.arch.lanes.slots_and_lanes(shape.outputs_per_channel, shape.out_channels)
    words = max(shape.out_channels * words_of(shape.outputs_per_channel), lanes * words_of(slots))
    # Of input pixels, folds of some taps each have a mask of their own (M52).
    return batch * words * (2 * shape.taps if job.gated_inputs else 1)
