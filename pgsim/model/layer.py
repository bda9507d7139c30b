"""A layer on a design: a mask's way from a trace to the ledger."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.cores import free_cores, spread
from pgsim.kernels.turns import Events, Work
from pgsim.kinds import by_name
from pgsim.model import events, gating, two_arrays, values, zeros
from pgsim.model.block_work import BlockWork, clocked
from pgsim.model.blocks import Block, blocks_of, keep_memory, mask_words
from pgsim.model.bounds import check_counts
from pgsim.model.buffer_ports import wait_for_buffers
from pgsim.model.job import Job
from pgsim.model.ledger import Batches, Count, Ledger, Sums, joined
from pgsim.model.mask_work import MaskWork
from pgsim.model.nests import work_of_nest
from pgsim.model.passes import PES, SLOTS, TIMES, WORK, Timings, pass_counts, time_passes
from pgsim.model.traffic import TRAFFIC, Tiles, added
from pgsim.model.two_arrays import TwoArrays
from pgsim.model.work_store import WorkStore

LEDGER: tuple[Count, ...] = tuple(
    by_name(
        (
            *WORK,
            *TIMES,
            *events.WAITS,
            *two_arrays.COUNTS,
            *events.TOTAL,
            *SLOTS,
            *PES,
            *(count for rule in TRAFFIC for count in rule.counts),
            *gating.COUNTS,
            *zeros.COUNTS,
        )
    ).values()
)

_SPREAD_WORDS = 2**21  # 16 MiB of masks: a second of work
_TOGETHER_TILES = 2**14  # whose turns take some MiB at most
_DESIGN_BYTES = 4096
_LARGEST_BYTES = 2**22  # of a block's work that is kept: that of few images, or of few tiles


def simulate_layers(
    jobs: Sequence[Job], calibration: int, images: int, store: WorkStore
) -> list[Ledger]:
    """Return the ledgers of the layers of a network on one design.

    Layers without a mask that differ in nothing but their names are simulated once. Raises
    InputError as `check_layers` does.
    """
    check_layers(jobs, images - calibration)
    design = design_in(store, jobs[0].arch) if jobs else None
    own, layers = unlike(jobs)
    cut = [tuple(blocks_of(job, calibration, images)) for job in own]
    every = [(job, block) for job, blocks in zip(own, cut, strict=True) for block in blocks]
    if len(every) > len(own):
        keep_memory()
    threads = threads_for(jobs, images - calibration)
    groups = _together(every) if threads == 1 else [[each] for each in every]
    found = spread(lambda some: sums_together(some, store, design), groups, threads)
    sums = chain.from_iterable(found)
    ledgers = [
        _ledger(job, blocks, list(islice(sums, len(blocks))))
        for job, blocks in zip(own, cut, strict=True)
    ]
    return [ledgers[layer] for layer in layers]


def unlike(jobs: Sequence[Job]) -> tuple[list[Job], tuple[int, ...]]:
    """Return the layers that differ in more than their names, and which of them each layer is."""
    places: dict[Hashable, int] = {}
    layers = tuple(places.setdefault(job.alike, len(places)) for job in jobs)
    return [jobs[layers.index(place)] for place in range(len(places))], layers


def _together(blocks: Sequence[tuple[Job, Block]]) -> list[list[tuple[Job, Block]]]:
    """Group blocks whose turns are timed in one call: small ones, as many as are no large one."""
    groups: list[list[tuple[Job, Block]]] = []
    room = 0
    for job, block in blocks:
        tiles = job.batch_tiles * (block.batches if job.varies else 1)
        if tiles > room:
            groups.append([])
            room = _TOGETHER_TILES
        groups[-1].append((job, block))
        room -= tiles
    return groups


def threads_for(jobs: Sequence[Job], images: int) -> int:
    """Return how many threads simulate some layers: few masks are done before others start."""
    words = sum(mask_words(job) for job in jobs if job.gated) * images
    return free_cores() if words >= _SPREAD_WORDS else 1


def check_layers(jobs: Sequence[Job], images: int) -> None:
    """Raise InputError where layers cannot be simulated over so many images.

    That is where a layer's counts would not fit 64 bits, or a batch of it would not fit memory, or
    its zeros, or its operands, should be known and are not.
    """
    check_counts(jobs, images)
    zeros.check_known(jobs)
    values.check_known(jobs)


def design_in(store: WorkStore, arch: ArchConfig) -> object:
    """Return what stands for a design in a store, whatever DRAM takes; None if it keeps nothing."""
    if not store.keeps:
        return None
    return store.shared(("design", arch.but_for_dram_speed), object, lambda _: _DESIGN_BYTES)


def simulate_layer(
    job: Job, calibration: int, images: int, store: WorkStore, design: object = None
) -> Ledger:
    """Return the ledger of one layer over the images of a trace.

    calibration: first images that are not simulated. images: of the trace. store: what mask work
    is shared through. design: as `sums_of` takes it.
    """
    blocks = tuple(blocks_of(job, calibration, images))
    return _ledger(job, blocks, [sums_of(job, each, store, design) for each in blocks])


def _ledger(job: Job, blocks: Sequence[Block], sums: Sequence[Sums]) -> Ledger:
    """Return the ledger of a layer, from the sums of all its blocks."""
    times = (alike_batches(job, each) for each in blocks)
    return in_batches(job, ledger_of(job, joined(list(zip(sums, times, strict=True)))))


def in_batches(job: Job, ledger: Ledger) -> Ledger:
    """Return a layer's ledger by batches of the design, each of which may be several of its own.

    Of products those are images, one after the other (M60).
    """
    return ledger.together(job.batches_together) if job.batches_together > 1 else ledger


def alike_batches(job: Job, block: Block) -> int:
    """Return how many batches of a block are alike, of which one is simulated.

    None are where masks or values differ from image to image (M58).
    """
    return 1 if job.varies else block.batches


def simulate_block(job: Job, block: Block, store: WorkStore, design: object = None) -> Ledger:
    """Return the ledger of one layer for a block of images, of one batch if all are alike.

    design: as `sums_of` takes it.
    """
    return ledger_of(job, sums_of(job, block, store, design))


def sums_of(job: Job, block: Block, store: WorkStore, design: object = None) -> Sums:
    """Return what the tiles of a block of images add up to, of one batch if all are alike.

    design: as `sums_together` takes it.
    """
    return sums_together([(job, block)], store, design)[0]


def sums_together(
    blocks: Sequence[tuple[Job, Block]], store: WorkStore, design: object = None
) -> list[Sums]:
    """Return what the tiles of some blocks of images on one design add up to.

    design: of `design_in`, so that blocks of another speed of DRAM may share all else; by default
    they share their mask work alone.
    """
    works = [_known_work(job, block, store, design) for job, block in blocks]
    return clocked(blocks[0][0].arch, works)


def _known_work(job: Job, block: Block, store: WorkStore, design: object) -> BlockWork:
    """Return what a block of images is at any speed of DRAM, and keep it for its design."""
    if design is None:
        return work_of(job, block, store)
    images = block if job.varies else block.batch
    key = ("block", job.alike, images, design)
    make = partial(work_of, job, block, store)
    return store.shared(key, make, lambda found: found.size_bytes, _LARGEST_BYTES)


def work_of(job: Job, block: Block, store: WorkStore) -> BlockWork:
    """Return what a block of images is at any speed of DRAM, of one batch if all are alike."""
    make = _block_work if job.nest is None else work_of_nest
    return make(job.of_batch(block.batch), block, store)


def _block_work(job: Job, block: Block, store: WorkStore) -> BlockWork:
    batches, timings, traffic = _timed(job, block, store)
    order = events.order_of(job, batches.tiles)
    work = events.work_of(job, batches.tiles, timings)
    counted = {
        "outputs": job.tiling.outputs,
        **traffic,
    }
    if not job.predicts:  # two arrays count their own
        counted["port_stall_cycles"] = added([each.port_stall_cycles for each in timings])
    passes = [row for each in timings for row in each.in_tiles(job.tiling)]
    moved = events.all_moved(job, order, batches.tiles, traffic)
    sums = Sums(
        tuple(counted),
        tuple(each.slot_folds for each in timings),
        batches.sums([*counted.values(), *passes]),
    )
    if job.predicts:
        both = TwoArrays.of(job, work)
        own = [batches.of_runs(each) for each in both.counts.values()]
        sums = sums.after(tuple(both.counts), np.array(own))
        moved = tuple(map(two_arrays.around_turns, moved))
        order, work = both.as_one
    return BlockWork(batches, order, work, moved, sums)


def _timed(
    job: Job, block: Block, store: WorkStore
) -> tuple[Batches, Timings, Mapping[str, Counts]]:
    """Return how passes go in every tile, and what they move."""
    mask = MaskWork(job, block, store) if job.gated else None
    # Alike, runs differ in nothing but what the first one fetches for all.
    batches = Batches(job.tiling, block.batches if job.varies else 1, alike=not job.varies)
    timings = values.time_by_values(job, block) if job.arch.pe.by_values else time_passes(job, mask)
    timings = wait_for_buffers(job, timings)
    tiles = Tiles(job, timings, mask, batches.simulated, runs=batches.runs)
    traffic: dict[str, Counts] = {}
    for rule in TRAFFIC:
        traffic.update(rule.of(tiles))
    return batches, timings, traffic


def ledger_of(job: Job, sums: Sums) -> Ledger:
    """Return the ledger of a layer, from what its tiles add up to."""
    passes, outputs = sums.passes, sums.counts["outputs"]
    none = np.zeros(outputs.size, np.int64)
    counts = {**{each.name: none for each in two_arrays.COUNTS}, **sums.counts}
    both = counts.pop("ports_and_buses_cycles")  # are the buses' (M43)
    counts["port_stall_cycles"] = counts["port_stall_cycles"] - both
    counts.update(pass_counts(passes, none))
    counts.update(events.bubbles(counts, passes))
    counts.update(gating.counts(job, passes, outputs, sums.folds))
    counts.update(zeros.counts(job, passes, outputs))
    return Ledger(counts, passes)


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
    every = (
        each[:, own] if each.ndim > 2 else each[own] for each in run.events
    )  # of passes, or turns
    return BlockRun(run.job, batches, run.timings, traffic, work, type(run.events)(*every))
