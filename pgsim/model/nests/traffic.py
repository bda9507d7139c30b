"""What the blocks of a nest move: bursts of DRAM, words of the buffers (MODEL.md M22, M40)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.kernels.nests import ACTIVATION, SUM_READ, WEIGHT, WRITTEN
from pgsim.lazy import lazy
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.fetches import FETCHES, first
from pgsim.model.job import Job
from pgsim.model.nests.blocks import Blocks, Chunk
from pgsim.model.passes import Timings
from pgsim.model.traffic import TRAFFIC, Tiles, added
from pgsim.model.traffic.dram import DRAM_TRAFFIC, row_misses
from pgsim.model.traffic.sram import SRAM_TRAFFIC, operand_words, sum_bits

OWN = (SRAM_TRAFFIC, DRAM_TRAFFIC)  # rules that blocks change; what others count is of tiles alone


@dataclass(frozen=True)
class Fetch:
    """Bursts of one operand that a block fetches, int64 that broadcast to (runs, 1, kinds).

    opening: of its first C block, and of all C blocks that need no fetch of their own later. rest:
    of its other C blocks, in leading passes. trailing: again, in trailing passes.
    """

    opening: Counts
    rest: Counts
    trailing: Counts

    @property
    def total(self) -> Counts:
        """All of them."""
        return self.opening + self.rest + self.trailing

    def row_misses(self, job: Job) -> Fetch:
        """Return the pages that each part opens, a stream of its own (M44)."""
        parts = (self.opening, self.rest, self.trailing)
        return Fetch(*(row_misses(job, each) for each in parts))


def fetches_of(blocks: Blocks, timings: Timings, runs: int) -> dict[str, Fetch]:
    """Return what the blocks fetch of each operand.

    timings: of the passes, in all tiles of the blocks. runs: that are simulated. Source: MODEL.md
    M40.
    """
    held = blocks.holding.held
    found = {}
    for name, way, depth in (
        ("activation", ACTIVATION, held.activation),
        ("weight", WEIGHT, held.weight),
    ):
        by_pass = blocks.in_trips > 1 and depth > blocks.nest.depths.index(IN_CHANNELS)
        fetch = _pass_by_pass(blocks, timings, way) if by_pass else _once(blocks.bursts[way])
        found[name] = _in_first_runs(blocks.job, name, fetch, runs)
    return found


def _once(bursts: Counts) -> Fetch:
    """Return a fetch of every C block by the passes that come first; bursts: (blocks, C blocks)."""
    opening, rest = bursts[None, None, :, 0], bursts[None, None, :, 1:].sum(axis=-1)
    return Fetch(opening, rest, np.zeros_like(opening))


def _pass_by_pass(blocks: Blocks, timings: Timings, way: int) -> Fetch:
    """Return fetches of each pass's own planes: no C block is held until the next pass."""
    job = blocks.job
    opening = rest = trailing = np.zeros((1, 1, 1), np.int64)
    for index, (plan, timing) in enumerate(zip(job.passes, timings, strict=True)):
        bursts = blocks.bursts_of(plan)[way]
        happens = timing.executed.max(axis=2)  # in any lane group of the block
        if index == 0:
            opening, rest = bursts[None, None, :, 0], bursts[None, None, :, 1:].sum(axis=-1)
        elif index < job.leading:
            rest = rest + bursts.sum(axis=-1)
        else:
            trailing = trailing + happens * bursts.sum(axis=-1)
    return Fetch(opening, rest, trailing)


def _in_first_runs(job: Job, name: str, fetch: Fetch, runs: int) -> Fetch:
    """Return the fetch of the first of dependent runs alone, where the operand then stays (M23)."""
    dependent = job.shape.runs_per_batch
    if dependent == 1 or not FETCHES[name].only_in_first_run(job):
        return fetch
    only = np.tile(first(dependent), runs // dependent)[:, None, None]
    return Fetch(fetch.opening * only, fetch.rest * only, fetch.trailing * only)


def operand_words_of(chunk: Chunk, timings: Timings, stretch: int) -> dict[str, Counts]:
    """Return the words of both operands that the tiles of a chunk read, every time it is taken.

    stretch: blocks one after the other whose operands stay in the array, 0 where none do.
    """
    words = operand_words(chunk.job, timings, loads_of(chunk, timings, stretch))
    return {name: each * chunk.times for name, each in words.items()}


@dataclass(frozen=True)
class ChunkTiles(Tiles):
    """The tiles of a chunk, in which operands stay in the array over a stretch of blocks."""

    chunk: Chunk
    stretch: int

    @lazy
    def loads(self) -> list[Counts]:
        """How often each pass of every tile reads the operands of its lanes (M22, M40)."""
        return loads_of(self.chunk, self.timings, self.stretch)


def others_of(chunk: Chunk, timings: Timings, stretch: int, batches: int) -> dict[str, Counts]:
    """Return what other rules of traffic count in the tiles of a chunk, as often as it is taken."""
    tiles = ChunkTiles(chunk.job, timings, None, batches, chunk, stretch)
    others = [rule.of(tiles) for rule in TRAFFIC if rule not in OWN]
    return {name: each * chunk.times for found in others for name, each in found.items()}


def loads_of(chunk: Chunk, timings: Timings, stretch: int) -> list[Counts]:
    """Return how often each pass of a chunk's tiles reads the operands of its lanes (M22, M40)."""
    opens = (chunk.numbers % max(1, stretch) == 0).astype(np.int64)[None, None, None]
    folds = [each.folds for each in timings]
    return chunk.job.flow.lane_loads(folds, opens, stay=stretch > 0)


def output_words(
    blocks: Blocks, chunks: Sequence[tuple[Chunk, Timings]]
) -> list[dict[str, Counts]]:
    """Return the words of sums, outputs and masks that the tiles of each chunk read and write.

    A visit writes every sum, and reads what the visit before left; sums that leave the buffer are
    read once more on their way out. Source: MODEL.md M22, M40, M47.
    """
    port_bits = blocks.job.arch.memory.buffers["output"].port_bits
    visits = [visits_of(chunk, timings) for chunk, timings in chunks]
    if len(chunks) == 1:
        (chunk, timings), (own,) = chunks[0], visits
        words = -(-sum_bits(chunk.job, timings, own) // port_bits)
        return [_output_words(words, words)]
    moved = [
        _sums_of(chunk, [each.visited_sums(often) for each, often in zip(own, times, strict=True)])
        for (chunk, own), times in zip(chunks, visits, strict=True)
    ]
    computed = [_sums_of(chunk, [each.issue.entries for each in own]) for chunk, own in chunks]
    if blocks.job.decides:
        outputs, counted = blocks.tiles.outputs, blocks.job.arch.memory.convention.sum_bits
        finished = outputs * (blocks.job.output_bits + 1)
        sums = partial(added, computed)
        bits = counted(added(moved) + outputs, sums, finished)
        words = -(-bits // port_bits)
        return [_output_words(words, words), *({} for _ in chunks[1:])]
    found = []
    for (chunk, _), of_ports, of_macs in zip(chunks, moved, computed, strict=True):
        read, written = _spilled_bits(blocks, chunk, of_ports, of_macs)
        found.append(_output_words(-(-read // port_bits), -(-written // port_bits)))
    return found


def _output_words(read: Counts, written: Counts) -> dict[str, Counts]:
    return {"output_sram_read_words": read, "output_sram_write_words": written}


def _sums_of(chunk: Chunk, sums: Sequence[Counts]) -> Counts:
    """Return the bits of the sums of a chunk's passes, as often as it is taken."""
    return sum(sums[1:], sums[0]) * (PARTIAL_SUM_BITS * chunk.times)


def _spilled_bits(
    blocks: Blocks, chunk: Chunk, moved: Counts, computed: Counts
) -> tuple[Counts, Counts]:
    """Return bits read and written of tiles whose C blocks are not the only ones of their sums."""
    job = blocks.job
    opens, leaves = ends_of_sums(blocks, chunk)
    sums = chunk.job.tiling.outputs * PARTIAL_SUM_BITS
    widths = np.where(blocks.closes[chunk.blocks], job.output_bits, PARTIAL_SUM_BITS)
    gone = chunk.job.tiling.outputs * widths * leaves
    counted = job.arch.memory.convention.sum_bits
    read = counted(moved + sums * (leaves - opens), lambda: computed, gone)
    return read, counted(moved, lambda: computed, gone)


def visits_of(chunk: Chunk, timings: Timings) -> list[Counts]:
    """Return how often the sums of each pass of a chunk's tiles come to the output buffer."""
    one = np.ones((1, 1, 1, 1), np.int64)
    return [chunk.job.flow.sum_visits(each.rate, one) for each in timings]


def ends_of_sums(blocks: Blocks, chunk: Chunk) -> tuple[Counts, Counts]:
    """Say of the blocks of a chunk whether they begin sums, and whether sums leave with them.

    Returns int64 (kinds,) each. Of layers without a gated pass, whose blocks each are a turn.
    """
    own, spills = chunk.blocks, blocks.bursts[SUM_READ].any()
    leaves = blocks.closes[own] | spills
    return blocks.opens[own].astype(np.int64), leaves.astype(np.int64)


def sum_reads(blocks: Blocks) -> Counts:
    """Return the bursts of unfinished sums that every block fetches, int64 (1, 1, kinds)."""
    bursts: Counts = blocks.bursts[SUM_READ].sum(axis=-1)
    return bursts[None, None]


def writes(blocks: Blocks) -> Counts:
    """Return the bursts of sums and outputs that every block writes, int64 (1, 1, kinds)."""
    bursts: Counts = blocks.bursts[WRITTEN].sum(axis=-1)
    return bursts[None, None]
