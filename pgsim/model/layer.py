"""A layer on a design: a mask's way from a trace to the ledger."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pgsim.arch import Counts
from pgsim.kinds import by_name
from pgsim.model import events, gating, zeros
from pgsim.model.blocks import Block, blocks_of
from pgsim.model.bounds import check_counts
from pgsim.model.buffer_ports import wait_for_buffers
from pgsim.model.job import Job
from pgsim.model.ledger import Batches, Count, Ledger, Sums, joined
from pgsim.model.mask_work import MaskWork, WorkStore
from pgsim.model.nests import sums_of_nest
from pgsim.model.passes import PES, SLOTS, TIMES, WORK, Timings, pass_counts, time_passes
from pgsim.model.traffic import TRAFFIC, Tiles
from pgsim.model.values import time_by_values

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
    # Where neither masks nor values count, all batches of a block are alike, and one is simulated.
    every = [
        (sums_of(job, each, store, design), 1 if job.varies else each.batches) for each in blocks
    ]
    return ledger_of(job, joined(every))


def simulate_block(job: Job, block: Block, store: WorkStore) -> Ledger:
    """Return the ledger of one layer for a block of images, of one batch if all are alike."""
    return ledger_of(job, sums_of(job, block, store))


def sums_of(job: Job, block: Block, store: WorkStore, design: object = None) -> Sums:
    """Return what the tiles of a block of images add up to, of one batch if all are alike.

    design: what stands for the design in `store`, so that blocks of another speed of DRAM may share
    all else; by default they share their mask work alone.
    """
    if job.nest is not None:
        return sums_of_nest(job, block, store)
    job = job.of_batch(block.batch)
    if design is None:
        work = _block_work(job, block, store)
    else:
        key = ("block", job.alike, job.batch, block, design)
        make = partial(_block_work, job, block, store)
        work = store.shared(key, make, lambda found: found.size_bytes, _LARGEST_BYTES)
    run, of_array = events.events_of(job, work.batches.tiles, work.timings, work.traffic)
    stood = events.waits_in(run, of_array)
    rows = np.concatenate([work.batches.of_runs(np.array(stood)), work.rows])
    folds = tuple(each.reduction_folds for each in job.rates)
    return Sums((*stood._fields, *work.names), folds, rows)


class BlockWork(NamedTuple):
    """What a block of images is, whatever DRAM takes: all but when passes and turns begin and end.

    timings: of every pass in every tile. traffic: of every tile, by name of a count. names, rows:
    what tiles add up to, as `Sums` has it.
    """

    batches: Batches
    timings: Timings
    traffic: Mapping[str, Counts]
    names: tuple[str, ...]
    rows: Counts

    @property
    def size_bytes(self) -> int:
        """How much memory it takes at most."""
        arrays = [
            self.rows,
            *self.traffic.values(),
            *(each for own in self.timings for each in vars(own).values()),
            *(each for own in self.timings for each in own.issue),
        ]
        return sum(each.nbytes for each in arrays if isinstance(each, np.ndarray))


def _block_work(job: Job, block: Block, store: WorkStore) -> BlockWork:
    batches, timings, traffic = _timed(job, block, store)
    counted = {"outputs": job.tiling.outputs, **traffic}
    in_tiles = list(counted.values())
    for each in timings:
        in_tiles += each.in_tiles(job.tiling)
    return BlockWork(batches, timings, traffic, tuple(counted), batches.sums(in_tiles))


def _timed(
    job: Job, block: Block, store: WorkStore
) -> tuple[Batches, Timings, Mapping[str, Counts]]:
    """Return how passes go in every tile, and what they move."""
    mask = MaskWork(job, block, store) if job.gated else None
    # Alike, runs differ in nothing but what the first one fetches for all.
    batches = Batches(job.tiling, block.batches if job.varies else 1, alike=not job.varies)
    timings = time_by_values(job, block) if job.arch.pe.by_values else time_passes(job, mask)
    timings = wait_for_buffers(job, timings)
    tiles = Tiles(job, timings, mask, batches.simulated, runs=batches.runs)
    traffic = {name: each for rule in TRAFFIC for name, each in rule.of(tiles).items()}
    return batches, timings, traffic


def ledger_of(job: Job, sums: Sums) -> Ledger:
    """Return the ledger of a layer, from what its tiles add up to."""
    counts, passes = sums.counts, sums.passes
    outputs = counts["outputs"]
    none = np.zeros(outputs.size, np.int64)
    return Ledger(
        counts={
            **counts,
            **pass_counts(passes, none),
            **events.bubbles(counts, passes),
            **gating.counts(job, passes, outputs, sums.folds),
            **zeros.counts(job, passes, outputs),
        },
        passes=passes,
    )


class BlockRun(NamedTuple):
    """A block of images on the design, of one batch if all are alike.

    job: with the images of a batch of the block. timings: of every pass in every tile. traffic: of
    every tile, by name of a count. work: the array's, in every tile. events: when passes and turns
    of every run begin and end; of runs that are alike, of one.
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


def every_run(run: BlockRun) -> BlockRun:
    """Return a block with every run of its own, those among them that are alike."""
    if run.batches.runs == run.batches.tiling.runs:
        return run
    batches = replace(run.batches, alike=False)
    own = np.minimum(np.arange(batches.runs), 1)  # the first one, and the one for all others
    traffic = {
        name: each[own] if each.ndim == 4 and len(each) > 1 else each
        for name, each in run.traffic.items()
    }
    work = type(run.work)(*(each[:, own] for each in run.work))
    of_passes, of_turns = run.events[:2], run.events[2:]
    every = (*(each[:, own] for each in of_passes), *(each[own] for each in of_turns))
    return BlockRun(run.job, batches, run.timings, traffic, work, type(run.events)(*every))
