"""When the blocks of a nest run on the array, and what waits for their transfers (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pgsim.arch import Counts
from pgsim.kernels.turns import Order, Transfers, Work
from pgsim.mapping import BlockTiles, Nest
from pgsim.mapping.nest import IN_CHANNELS, OPERAND_LOOPS
from pgsim.model.events import order_of
from pgsim.model.job import Job
from pgsim.model.nests.blocks import Blocks, Chunk
from pgsim.model.nests.traffic import Fetch
from pgsim.model.passes import Timings
from pgsim.model.traffic.dram import row_misses

Chunks = Sequence[tuple[Chunk, Timings]]


def stay_stretch(nest: Nest, lane_groups: int, job: Job) -> int:
    """Return how many blocks one after the other keep the operands of their lanes in the array.

    0 where each loads its own: a block of several lane groups, or reductions in several C blocks.
    lane_groups: of a block. job: of the one chunk. Source: MODEL.md M18, M40.
    """
    if lane_groups > 1 or nest.trips[IN_CHANNELS] > 1 or not job.operands_stay:
        return 0
    stretch = 1
    for loop in reversed(nest.depths):
        if loop in OPERAND_LOOPS[job.lane_operand.name] and nest.trips[loop] > 1:
            break
        stretch *= nest.trips[loop]
    return stretch


def order_of_blocks(blocks: Blocks, stretch: int, pieces_of_pass: int) -> Order:
    """Return what decides when the pieces of blocks begin; a block is a turn.

    stretch: of `stay_stretch`. pieces_of_pass: tiles and C blocks that a pass takes in a block.
    """
    job = blocks.job
    all_blocks = job.shape.groups * blocks.number
    base = order_of(job, (1, 1, 1, all_blocks))
    return base._replace(
        run_ahead=job.arch.memory.runs_ahead,
        operands_stay=stretch > 0,
        segment_tiles=stretch or all_blocks,
        leading=job.leading * pieces_of_pass,
    )


def work_of(blocks: Blocks, chunks: Chunks, tiles: BlockTiles, batches: int) -> Work:
    """Return the array's work piece by piece, int64 (pieces, runs, groups x blocks) each.

    Where a mask steers a pass, each pass takes all C blocks, and of each all lane groups. Elsewhere
    each lane group takes all passes.
    """

    job, shape = blocks.job, tiles.tiles(batches)
    every = [each for _, timings in chunks for each in timings]
    columns = [
        [each.held_cycles(job.arch.array) for each in every],
        [each.fold_cycles for each in every],
        [each.port_stall_cycles for each in every],
    ]
    return Work(*(in_pieces(blocks, chunks, each, shape) for each in columns))


def in_pieces(
    blocks: Blocks, chunks: Chunks, values: Sequence[Counts], shape: tuple[int, int, int, int]
) -> Counts:
    """Return values of each pass in each chunk's tiles as those of pieces, as `work_of` has them.

    values: of all passes of the first chunk, then of the next. shape: of an array of all tiles.
    """
    stacked = _gated_pieces if blocks.job.decides else _dense_pieces
    pieces = blocks.kinds.by_block(stacked(blocks, chunks, values, shape))
    return pieces.reshape(*pieces.shape[:2], -1)


def _dense_pieces(
    blocks: Blocks, chunks: Chunks, values: Sequence[Counts], shape: tuple[int, int, int, int]
) -> Counts:
    """Return values of each pass in each chunk's tiles as pieces: lane group by lane group."""
    runs, groups, lane_groups, number = shape
    passes = len(blocks.job.passes)
    pieces = np.zeros((lane_groups, passes, runs, groups, number), np.int64)
    for place, (chunk, _) in enumerate(chunks):
        for index in range(passes):
            own = values[place * passes + index]
            part = np.broadcast_to(own, (runs, groups, lane_groups, int(chunk.blocks.sum())))
            pieces[:, index, :, :, chunk.blocks] = part.transpose(3, 2, 0, 1)
    return pieces.reshape(-1, runs, groups, number)


def _gated_pieces(
    blocks: Blocks, chunks: Chunks, values: Sequence[Counts], shape: tuple[int, int, int, int]
) -> Counts:
    """Return values of each pass in each chunk's tiles as pieces: passes, each of all C blocks."""
    runs, groups, lane_groups, number = shape
    passes = len(blocks.job.passes)
    pieces = np.zeros((passes, blocks.in_trips, lane_groups, runs, groups, number), np.int64)
    for index in range(passes):
        begin = 0
        for place, (chunk, _) in enumerate(chunks):
            own = values[place * passes + index]
            pieces[index, begin : begin + chunk.times] = own.transpose(2, 0, 1, 3)
            begin += chunk.times
    return pieces.reshape(-1, runs, groups, number)


def all_moved(
    blocks: Blocks, order: Order, fetches: Mapping[str, Fetch], shape: tuple[int, int, int, int]
) -> tuple[Transfers, ...]:
    """Return what moves around every turn, from the bursts of every block (M25, M40).

    That is bursts, and row misses where they take time (M44). fetches: of both operands, and of
    sums. A block's first C block comes during the turn before, its others during its own.
    """
    from pgsim.model.nests.traffic import writes

    job, written = blocks.job, writes(blocks)
    moved = [around_turns(blocks, order, list(fetches.values()), written, shape)]
    if job.arch.memory.dram.in_time.has_pages:
        opened = [each.row_misses(job) for each in fetches.values()]
        moved.append(around_turns(blocks, order, opened, row_misses(job, written), shape))
    return tuple(moved)


def around_turns(
    blocks: Blocks,
    order: Order,
    fetches: Sequence[Fetch],
    written: Counts,
    shape: tuple[int, int, int, int],
) -> Transfers:
    """Return what moves around every turn, bursts or row misses; none of it is on demand.

    What runs ahead is one transfer, which begins with the first turn (M47).
    """
    runs, groups, _, kinds = shape

    def by_turn(counts: Sequence[Counts]) -> Counts:
        every = np.zeros((runs, groups, kinds), np.int64)
        for each in counts:
            every += each
        return blocks.kinds.by_block(every).reshape(runs, -1)

    number, behind = groups * blocks.number, int(order.interleaved)
    gone, demand = by_turn([written]), np.zeros((runs, number), np.int64)
    if order.one_buffer:
        read = by_turn([each.total for each in fetches])
        return Transfers(read, np.zeros_like(read), gone, demand)
    before, moved, after = (np.zeros((runs, number + behind), np.int64) for _ in range(3))
    opening = by_turn([each.opening for each in fetches])
    before[:, 0] = opening[:, 0]
    moved[:, : number - 1] += opening[:, 1:]
    if blocks.in_trips > 1:  # else all that a block fetches comes before it
        moved[:, :number] += by_turn([each.rest for each in fetches])
        moved[:, behind:] += by_turn([each.trailing for each in fetches])
    moved[:, behind + 1 :] += gone[:, :-1]
    after[:, -1] = gone[:, -1]
    if order.run_ahead:
        moved[:, 0] = moved.sum(axis=1)
        moved[:, 1:] = 0
    return Transfers(before, moved, after, demand)
