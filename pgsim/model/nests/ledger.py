"""The ledger of a layer that is mapped by a loop nest (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping import BlockTiles, Tiling
from pgsim.model import events, gating
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.ledger import Batches, Ledger, PassCounts
from pgsim.model.mask_work import MaskWork, WorkStore
from pgsim.model.nests.blocks import Blocks, Chunk, blocks_of_nest
from pgsim.model.nests.timing import (
    Chunks,
    events_of_blocks,
    order_of_blocks,
    stay_stretch,
    transfers_of,
    work_of,
)
from pgsim.model.nests.traffic import (
    Fetch,
    fetches_of,
    operand_words_of,
    output_words,
    sum_reads,
    writes,
)
from pgsim.model.passes import pass_counts, time_passes
from pgsim.model.traffic.sram import retained_words


def simulate_nest(job: Job, block: Block, store: WorkStore) -> Ledger:
    """Return the ledger of one layer for a block of images, of one batch if all are alike."""
    blocks = blocks_of_nest(job)
    tiles = blocks.tiles
    mask = MaskWork(replace(job, tiles=tiles), block, store) if job.gated else None
    batches = Batches(tiles, block.batches if job.gated else 1)
    chunks = [(each, time_passes(each.job, mask)) for each in blocks.chunks]
    fetches = fetches_of(blocks, chunks[0][1], batches.tiles[0])
    none = np.zeros((1, 1, 1), np.int64)
    sums = Fetch(sum_reads(blocks), none, none)
    stretch = stay_stretch(blocks, chunks[0][0].job)
    pieces = tiles.lane_groups.shape[0] * blocks.in_trips
    order = order_of_blocks(blocks, stretch, pieces)
    work = work_of(blocks, chunks, tiles, batches.simulated)
    run = events_of_blocks(
        work, transfers_of(blocks, order, {**fetches, "sum": sums}, batches.tiles), order
    )
    stood = events.waits_in(run, work)
    passes = _pass_counts(chunks, batches)
    outputs = passes[0].outputs
    steady = sum((each.steady_cycles for each in passes), np.zeros_like(outputs))
    folds = [
        sum(chunk.job.rates[index].reduction_folds * chunk.times for chunk, _ in chunks)
        for index in range(len(job.passes))
    ]
    return Ledger(
        counts={
            **pass_counts(passes, outputs),
            **events.counts(stood, steady, batches),
            **_sram_counts(blocks, chunks, batches, stretch),
            **_dram_counts(fetches, sums, blocks, batches),
            **gating.counts(job, passes, outputs, folds),
        },
        passes=passes,
    )


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
            )
        )
    return tuple(found)


def _summed(counted: Sequence[tuple[Chunk, PassCounts]], name: str) -> Counts:
    parts: list[Counts] = [getattr(each, name) * chunk.times for chunk, each in counted]
    return sum(parts[1:], parts[0])


def _sram_counts(
    blocks: Blocks, chunks: Chunks, batches: Batches, stretch: int
) -> Mapping[str, Counts]:
    """Return the words of every buffer, by batch."""
    found: dict[str, Counts] = {}

    def add(name: str, tiling: Tiling | BlockTiles, words: Counts) -> None:
        own = replace(batches, tiling=tiling).sum(words)
        found[name] = found[name] + own if name in found else own

    tiles = next(chunk.job for chunk, _ in chunks if chunk.opens)  # each output once
    for chunk, timings in chunks:
        for name, words in operand_words_of(blocks.job, chunk, timings, stretch).items():
            add(name, chunk.job.tiling, words)
    add("activation_sram_write_words", tiles.tiling, retained_words(tiles))
    for chunk, read, written in output_words(blocks, chunks):
        add("output_sram_read_words", chunk.job.tiling, read)
        add("output_sram_write_words", chunk.job.tiling, written)
    return found


def _dram_counts(
    fetches: Mapping[str, Fetch], sums: Fetch, blocks: Blocks, batches: Batches
) -> Mapping[str, Counts]:
    """Return the bursts of DRAM, by batch."""
    runs, groups, _, number = batches.tiles

    def of_batches(bursts: Counts) -> Counts:
        every = np.broadcast_to(bursts, (runs, groups, number))
        return batches.of_runs(every.sum(axis=(1, 2)))

    read = {name: of_batches(each.total) for name, each in fetches.items()}
    read["sum"] = of_batches(sums.total)
    return {
        "dram_read_bursts": sum(read.values(), np.zeros_like(read["sum"])),
        **{f"dram_{name}_read_bursts": each for name, each in read.items()},
        "dram_write_bursts": of_batches(writes(blocks)),
    }
