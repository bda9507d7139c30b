"""What happens in a block of images of a layer that is mapped by a loop nest (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pgsim.kernels.turns import Events, Order, Transfers, Work
from pgsim.lazy import lazy
from pgsim.model.blocks import Block
from pgsim.model.events import cycles_around
from pgsim.model.job import Job
from pgsim.model.ledger import Batches
from pgsim.model.mask_work import MaskWork
from pgsim.model.nests.blocks import Blocks, Chunk, blocks_of_nest
from pgsim.model.nests.ports import wait_for_buffers
from pgsim.model.nests.timing import (
    Chunks,
    all_moved,
    order_of_blocks,
    stay_stretch,
    work_of,
)
from pgsim.model.nests.traffic import Fetch, fetches_of, sum_reads
from pgsim.model.passes import Timings, time_passes
from pgsim.model.work_store import WorkStore


@dataclass(frozen=True)
class NestRun:
    """A block of images on the design, of one batch if all are alike; a nest's block is a turn.

    blocks: with the images of a batch of the block. chunks: with all that their passes wait for.
    stretch: of `timing.stay_stretch`. fetches: of both operands, and of unfinished sums. work: the
    array's. moved: bursts around every turn, and row misses where they take time.
    """

    blocks: Blocks
    batches: Batches
    chunks: Chunks
    stretch: int
    fetches: Mapping[str, Fetch]
    order: Order
    work: Work
    moved: tuple[Transfers, ...]

    @lazy
    def transfers(self) -> Transfers:
        """Cycles of DRAM around every turn."""
        return cycles_around(self.blocks.job, *self.moved)

    @lazy
    def events(self) -> Events:
        """When all of it happens."""
        from pgsim.kernels.timeline import timeline  # Numba: only if anything is simulated

        found: Events = timeline(self.work, self.transfers, self.order)
        return found


def timed_blocks(job: Job, block: Block, store: WorkStore) -> tuple[Blocks, Batches, Chunks]:
    """Return a nest's blocks, and what passes take in their tiles, waits for buffers apart.

    Raises InputError for a nest that the layer cannot have.
    """
    job = job.of_batch(block.batch)
    blocks = blocks_of_nest(job)
    batches = Batches(blocks.tiles, block.batches if job.gated else 1)
    timed: list[tuple[Chunk, Timings]] = []
    for each in blocks.chunks:
        alike = (timings for chunk, timings in timed if chunk.job is each.job)
        timings = next(alike, None)
        if timings is None:
            mask = MaskWork(job.in_tiles(each.job.tiles), block, store) if job.gated else None
            timings = time_passes(each.job, mask)
        timed.append((each, timings))
    return blocks, batches, timed


def run_nest(job: Job, block: Block, store: WorkStore) -> NestRun:
    """Return what happens in a block of images.

    Raises InputError for a nest that the layer cannot have.
    """
    return run_blocks(*timed_blocks(job, block, store))


class Waiting(NamedTuple):
    """What passes take in a nest's blocks with all that they wait for, and so the array's work.

    It is of blocks of which each loads the operands of its lanes.
    """

    chunks: Chunks
    work: Work

    @classmethod
    def of(cls, blocks: Blocks, batches: Batches, chunks: Chunks, stretch: int = 0) -> Waiting:
        """Return what `timed_blocks` found, with waits; stretch: of `timing.stay_stretch`."""
        chunks = wait_for_buffers(blocks, chunks, stretch)
        return cls(chunks, work_of(blocks, chunks, blocks.tiles, batches.simulated))


def run_blocks(
    blocks: Blocks, batches: Batches, chunks: Chunks, waiting: Waiting | None = None
) -> NestRun:
    """Return what happens in a nest's blocks, from what `timed_blocks` knows of them.

    waiting: what else is known of them in this order, if anything is.
    """
    tiles = blocks.tiles
    stretch = stay_stretch(blocks.nest, tiles.lane_groups.shape[0], chunks[0][0].job)
    if waiting is None or stretch:
        waiting = Waiting.of(blocks, batches, chunks, stretch)
    nothing = np.zeros((1, 1, 1), np.int64)
    fetches = fetches_of(blocks, waiting.chunks[0][1], batches.tiles[0])
    fetches["sum"] = Fetch(sum_reads(blocks), nothing, nothing)
    pieces = tiles.lane_groups.shape[0] * blocks.in_trips
    order = order_of_blocks(blocks, stretch, pieces)
    moved = all_moved(blocks, order, fetches, batches.tiles)
    return NestRun(blocks, batches, waiting.chunks, stretch, fetches, order, waiting.work, moved)
