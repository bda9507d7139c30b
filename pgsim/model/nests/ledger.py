"""What a layer counts that is mapped by a loop nest (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping import BlockTiles, Tiling
from pgsim.model import events
from pgsim.model.block_work import BlockWork
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.ledger import Batches, PassCounts, Sums
from pgsim.model.mask_work import WorkStore
from pgsim.model.nests.blocks import Chunk
from pgsim.model.nests.run import NestRun, run_nest
from pgsim.model.nests.timing import Chunks
from pgsim.model.nests.traffic import OWN, operand_words_of, others_of, output_words, writes
from pgsim.model.pass_timing import PassTiming
from pgsim.model.traffic.dram import row_misses
from pgsim.model.traffic.sram import retained_words

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
    passes = _pass_counts(chunks, batches)
    none = np.zeros(batches.simulated, np.int64)
    counts = {
        **{count.name: none for rule in OWN for count in rule.counts},
        "port_stall_cycles": batches.of_runs(events.port_stalls(run.work)),
        "outputs": passes[0].outputs,
        **_tile_counts(run),
        **_dram_counts(run),
    }
    folds = tuple(
        sum(timings[index].slot_folds * chunk.times for chunk, timings in chunks)
        for index in range(len(passes))
    )
    rows = [*counts.values(), *(row for each in passes for row in each)]
    sums = Sums(tuple(counts), folds, np.array(rows))
    return BlockWork(batches, run.order, run.work, run.moved, sums)


def _pass_counts(chunks: Chunks, batches: Batches) -> tuple[PassCounts, ...]:
    """Return what each pass counts, by batch: outputs and slots once, cycles in every C block."""
    found = []
    for index in range(len(chunks[0][1])):
        counted = [
            (chunk, timings[index].counts(replace(batches, tiling=chunk.job.tiling)))
            for chunk, timings in chunks
        ]
        first = next(each for chunk, each in counted if chunk.opens)
        found.append(
            first._replace(
                steady_cycles=_summed(counted, "steady_cycles"),
                busy_pe_cycles=_summed(counted, "busy_pe_cycles"),
                port_stall_cycles=_summed(counted, "port_stall_cycles"),
                macs=_summed(counted, "macs"),
                **_slots_of_folds(counted, chunks[0][1][index]),
            )
        )
    return tuple(found)


def _slots_of_folds(
    counted: Sequence[tuple[Chunk, PassCounts]], timing: PassTiming
) -> dict[str, Counts]:
    """Return the slots of all C blocks, where each fold has slots of its own (M52)."""
    return {name: _summed(counted, name) for name in _SLOTS if timing.counted_by_fold}


def _summed(counted: Sequence[tuple[Chunk, PassCounts]], name: str) -> Counts:
    parts: list[Counts] = [getattr(each, name) * chunk.times for chunk, each in counted]
    return sum(parts[1:], parts[0])


def _tile_counts(run: NestRun) -> Mapping[str, Counts]:
    """Return the words of every buffer, and what other rules count in tiles, by batch."""
    chunks, batches = run.chunks, run.batches
    found: dict[str, Counts] = {}

    def add(name: str, tiling: Tiling | BlockTiles, words: Counts) -> None:
        own = replace(batches, tiling=tiling).sum(words)
        found[name] = found[name] + own if name in found else own

    tiles = next(chunk.job for chunk, _ in chunks if chunk.opens)  # each output once
    for chunk, timings in chunks:
        for name, words in operand_words_of(chunk, timings, run.stretch).items():
            add(name, chunk.job.tiling, words)
        for name, counted in others_of(chunk, timings, run.stretch, batches.simulated).items():
            add(name, chunk.job.tiling, counted)
    add("activation_sram_write_words", tiles.tiling, retained_words(tiles))
    for chunk, read, written in output_words(run.blocks, chunks):
        add("output_sram_read_words", chunk.job.tiling, read)
        add("output_sram_write_words", chunk.job.tiling, written)
    return found


def _dram_counts(run: NestRun) -> Mapping[str, Counts]:
    """Return the bursts of DRAM, and the pages that they open, by batch."""
    batches = run.batches
    runs, groups, _, number = batches.tiles

    def of_batches(bursts: Counts) -> Counts:
        every = np.broadcast_to(bursts, (runs, groups, number))
        return batches.of_runs(every.sum(axis=(1, 2)))

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
