"""What a layer counts that is mapped by a loop nest (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from pgsim.arch import Counts
from pgsim.model import events
from pgsim.model.block_work import BlockWork
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.ledger import PassCounts, Sums
from pgsim.model.nests.blocks import Chunk
from pgsim.model.nests.run import NestRun, run_nest
from pgsim.model.nests.traffic import OWN, operand_words_of, others_of, output_words, writes
from pgsim.model.traffic.dram import row_misses
from pgsim.model.traffic.sram import retained_words
from pgsim.model.work_store import WorkStore

_OF_C_BLOCKS = ("steady_cycles", "busy_pe_cycles", "macs")
_SLOTS = (
    "slots_dense",
    "slots_issued",
    "slots_ideal",
    "slots_fullest_lane",
    "active_slots",
)


def work_of_nest(job: Job, block: Block, store: WorkStore) -> BlockWork:
    """Return what a block of images is at any speed of DRAM, of one batch if all are alike."""
    return work_of_run(run_nest(job, block, store))


def work_of_run(run: NestRun) -> BlockWork:
    """Return what the blocks of a nest are at any speed of DRAM."""
    chunks, batches = run.chunks, run.batches
    counted = [
        _counted(run, place, written)
        for place, written in enumerate(output_words(run.blocks, chunks))
    ]
    passes = tuple(_pass_counts(run, counted, index) for index in range(len(chunks[0][1])))
    none = np.zeros(batches.simulated, np.int64)
    counts = {
        **{count.name: none for rule in OWN for count in rule.counts},
        "port_stall_cycles": batches.of_runs(events.port_stalls(run.work)),
        "outputs": passes[0].outputs,
        **_added([each.counts for each in counted]),
        **_dram_counts(run),
    }
    folds = tuple(
        sum(timings[index].slot_folds * chunk.times for chunk, timings in chunks)
        for index in range(len(passes))
    )
    rows = [*counts.values(), *(row for each in passes for row in each)]
    sums = Sums(tuple(counts), folds, np.array(rows))
    return BlockWork(batches, run.order, run.work, run.moved, sums)


class _Counted(NamedTuple):
    """What the tiles of a chunk count, by batch: of all passes together, and of each."""

    counts: Mapping[str, Counts]
    passes: tuple[PassCounts, ...]


def _counted(run: NestRun, place: int, written: Mapping[str, Counts]) -> _Counted:
    """Return what the tiles of one of the chunks count; written: words of the output buffer."""
    chunk, timings = run.chunks[place]
    tiling, batches = chunk.job.tiling, run.batches
    named = {
        **operand_words_of(chunk, timings, run.stretch),
        **others_of(chunk, timings, run.stretch, batches.simulated),
        **written,
    }
    if chunk.opens:  # each output once
        named["activation_sram_write_words"] = retained_words(chunk.job)
    in_tiles = [*named.values(), *(row for each in timings for row in each.in_tiles(tiling))]
    own = batches if tiling is batches.tiling else replace(batches, tiling=tiling)
    sums = Sums(tuple(named), (), own.sums(run.blocks.kinds.of_all(in_tiles, chunk.blocks)))
    return _Counted(sums.counts, sums.passes)


def _added(counts: Sequence[Mapping[str, Counts]]) -> dict[str, Counts]:
    """Return what all chunks count together, by name."""
    found: dict[str, Counts] = {}
    for each in counts:
        for name, own in each.items():
            found[name] = found[name] + own if name in found else own
    return found


def _pass_counts(run: NestRun, counted: Sequence[_Counted], index: int) -> PassCounts:
    """Return what a pass counts, by batch: outputs and slots once, cycles in every C block."""
    parts = [
        (chunk, each.passes[index]) for (chunk, _), each in zip(run.chunks, counted, strict=True)
    ]
    first = next(each for chunk, each in parts if chunk.opens)
    if len(parts) == 1:
        return first
    by_fold = run.chunks[0][1][index].counted_by_fold  # each fold has slots of its own (M52)
    names = _OF_C_BLOCKS + _SLOTS * by_fold
    return first._replace(**{name: _summed(parts, name) for name in names})


def _summed(counted: Sequence[tuple[Chunk, PassCounts]], name: str) -> Counts:
    parts: list[Counts] = [getattr(each, name) * chunk.times for chunk, each in counted]
    return sum(parts[1:], parts[0])


def _dram_counts(run: NestRun) -> Mapping[str, Counts]:
    """Return the bursts of DRAM, and the pages that they open, by batch."""
    batches = run.batches
    runs, groups, _, number = batches.tiles
    every, of_all = np.ones(number, bool), run.blocks.kinds.of_all

    def of_batches(bursts: Counts) -> Counts:
        """Return the sums over all blocks; bursts: that broadcast to (runs, groups, kinds)."""
        (bursts,) = of_all([bursts], every)
        alike = groups * number // (bursts.shape[1] * bursts.shape[2])
        of_runs = np.zeros(runs, np.int64)
        of_runs += np.add.reduce(bursts, axis=(1, 2)) * alike
        return batches.of_runs(of_runs)

    read = {name: of_batches(each.total) for name, each in run.fetches.items()}
    return {
        "dram_read_bursts": sum(read.values(), np.zeros_like(read["sum"])),
        **{f"dram_{name}_read_bursts": each for name, each in read.items()},
        "dram_write_bursts": of_batches(writes(run.blocks)),
        **{name: of_batches(each) for name, each in _row_misses(run).items()},
    }


def _row_misses(run: NestRun) -> dict[str, Counts]:
    """Return the pages that every block opens (M44)."""
    job = run.blocks.job
    if not job.arch.memory.dram.in_time.has_pages:
        return {}
    read = [each.row_misses(job).total for each in run.fetches.values()]
    return {
        "dram_read_row_misses": sum(read[1:], read[0]),
        "dram_write_row_misses": row_misses(job, writes(run.blocks)),
    }
