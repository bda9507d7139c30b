"""A layer on a design: a mask's way from a trace to the ledger."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.kinds import by_name
from pgsim.model import events, gating, zeros
from pgsim.model.blocks import Block, blocks_of
from pgsim.model.bounds import check_counts
from pgsim.model.buffer_ports import wait_for_buffers
from pgsim.model.job import Job
from pgsim.model.ledger import Batches, Count, Ledger, PassCounts, joined
from pgsim.model.mask_work import MaskWork, WorkStore
from pgsim.model.nests import simulate_nest
from pgsim.model.passes import PES, SLOTS, TIMES, WORK, Timings, pass_counts, time_passes
from pgsim.model.traffic import TRAFFIC, Tiles

if TYPE_CHECKING:
    from pgsim.kernels.timeline import Events, Work

LEDGER: tuple[Count, ...] = tuple(
    by_name(
        (
            *WORK,
            *TIMES,
            *events.WAITS,
            *events.TOTAL,
            *SLOTS,
            *PES,
            *(count for rule in TRAFFIC for count in rule.counts),
            *gating.COUNTS,
            *zeros.COUNTS,
        )
    ).values()
)

_DESIGN_BYTES = 4096
_LARGEST_BYTES = 2**22  # of a block's work that is kept: that of few images, or of few tiles


def simulate_layers(
    jobs: Sequence[Job], calibration: int, images: int, store: WorkStore
) -> list[Ledger]:
    """Return the ledgers of the layers of a network on one design.

    Layers without a mask that differ in nothing but their names are simulated once. Raises
    InputError where a layer's counts would not fit 64 bits, or a batch of it would not fit memory,
    or its zeros should be known and are not.
    """
    check_counts(jobs, images - calibration)
    zeros.check_known(jobs)
    design = _design(jobs, store)
    alike: dict[Hashable, Ledger] = {}
    ledgers = []
    for job in jobs:
        if job.alike not in alike:
            alike[job.alike] = simulate_layer(job, calibration, images, store, design)
        ledgers.append(alike[job.alike])
    return ledgers


def _design(jobs: Sequence[Job], store: WorkStore) -> object:
    """Return what stands for the design of some layers, whatever DRAM takes; None for nothing."""
    if not jobs or not store.keeps:
        return None
    key = ("design", jobs[0].arch.but_for_dram_speed)
    return store.shared(key, object, lambda _: _DESIGN_BYTES)


def simulate_layer(
    job: Job, calibration: int, images: int, store: WorkStore, design: object = None
) -> Ledger:
    """Return the ledger of one layer over the images of a trace.

    calibration: first images that are not simulated. images: of the trace. store: what mask work
    is shared through. design: as `simulate_block` takes it.
    """
    blocks = blocks_of(job, calibration, images)
    # Without a mask all batches of a block are alike, and one is simulated.
    return joined(
        [
            (simulate_block(job, each, store, design), 1 if job.gated else each.batches)
            for each in blocks
        ]
    )


def simulate_block(job: Job, block: Block, store: WorkStore, design: object = None) -> Ledger:
    """Return the ledger of one layer for a block of images, of one batch if all are alike.

    design: what stands for the design in `store`, so that blocks of another speed of DRAM may share
    all else; by default they share their mask work alone.
    """
    if job.nest is not None:
        return simulate_nest(job, block, store)
    job = job.of_batch(block.batch)
    if design is None:
        work = _block_work(job, block, store)
    else:
        key = ("block", job.alike, job.batch, block, design)
        make = partial(_block_work, job, block, store)
        work = store.shared(key, make, lambda found: found.size_bytes, _LARGEST_BYTES)
    run, of_array = events.events_of(job, work.batches.tiles, work.timings, work.traffic)
    stood = events.waits_in(run, of_array)
    counts = {**work.counts, **events.counts(stood, work.steady, work.batches)}
    return Ledger({each.name: counts[each.name] for each in LEDGER}, work.passes)


@dataclass(frozen=True)
class BlockWork:
    """What a block of images is, whatever DRAM takes: all but when passes and turns begin and end.

    timings: of every pass in every tile. traffic: of every tile, by name of a count. passes,
    counts: of the batches. steady: cycles of all passes, unbroken.
    """

    batches: Batches
    timings: Timings
    traffic: Mapping[str, Counts]
    passes: tuple[PassCounts, ...]
    counts: Mapping[str, Counts]
    steady: Counts

    @property
    def size_bytes(self) -> int:
        """How much memory it takes at most."""
        arrays = [
            *self.traffic.values(),
            *self.counts.values(),
            *(each for own in self.timings for each in vars(own).values()),
            *(each for own in self.timings for each in vars(own.issue).values()),
        ]
        return sum(each.nbytes for each in arrays if isinstance(each, np.ndarray))


def _block_work(job: Job, block: Block, store: WorkStore) -> BlockWork:
    batches, timings, traffic = _timed(job, block, store)
    passes = tuple(each.counts(batches) for each in timings)
    outputs = batches.sum(job.tiling.outputs)
    counts = {
        **pass_counts(passes, outputs),
        **{name: batches.sum(each) for name, each in traffic.items()},
        **gating.counts(job, passes, outputs, [each.reduction_folds for each in job.rates]),
        **zeros.counts(job, passes, outputs),
    }
    steady = sum((each.steady_cycles for each in passes), np.zeros_like(outputs))
    return BlockWork(batches, timings, traffic, passes, counts, steady)


def _timed(
    job: Job, block: Block, store: WorkStore
) -> tuple[Batches, Timings, Mapping[str, Counts]]:
    """Return how passes go in every tile, and what they move."""
    mask = MaskWork(job, block, store) if job.gated else None
    batches = Batches(job.tiling, block.batches if job.gated else 1)
    timings = wait_for_buffers(job, time_passes(job, mask))
    tiles = Tiles(job, timings, mask, batches.simulated)
    traffic = {name: each for rule in TRAFFIC for name, each in rule.of(tiles).items()}
    return batches, timings, traffic


@dataclass(frozen=True)
class BlockRun:
    """A block of images on the design, of one batch if all are alike.

    job: with the images of a batch of the block. timings: of every pass in every tile. traffic: of
    every tile, by name of a count. work: the array's, in every tile. events: when passes and turns
    of every run begin and end.
    """

    job: Job
    batches: Batches
    timings: Timings
    traffic: Mapping[str, Counts]
    work: Work
    events: Events


def run_block(job: Job, block: Block, store: WorkStore) -> BlockRun:
    """Return what happens in a block of images."""
    job = job.of_batch(block.batch)
    batches, timings, traffic = _timed(job, block, store)
    run, work = events.events_of(job, batches.tiles, timings, traffic)
    return BlockRun(job, batches, timings, traffic, work, run)
