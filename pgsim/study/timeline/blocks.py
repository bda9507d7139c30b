"""The turns of a layer that is mapped by a loop nest: its blocks, one a turn (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping.nest import BLOCK_COLUMNS, IN_CHANNELS
from pgsim.model.nests import NestRun
from pgsim.model.nests.timing import around_turns, in_pieces
from pgsim.model.nests.traffic import Fetch, writes
from pgsim.study.timeline.turns import (
    MOVED,
    READS,
    Held,
    Part,
    Turns,
    Worker,
    around_work,
    begins_of,
    held_of,
    pass_names,
)

_NOTHING = np.zeros((1, 1, 1), np.int64)


def turns_of_nest(run: NestRun) -> Turns:
    """Return the turns of a block of images. Source: MODEL.md M40, M49."""
    events = run.events
    begins = begins_of(events, run.transfers)
    work_ends = events.turn_ends - begins[:, :-1]
    return Turns(
        unit="block",
        begins=begins,
        work_begins=events.turn_begins - begins[:, :-1],
        work_ends=work_ends,
        workers=(Worker(tuple(_passes(run, begins)), work_ends),),
        transfers=around_work(begins, run.transfers, _parts(run)),
        axes=_axes(run),
    )


def _axes(run: NestRun) -> Mapping[str, int]:
    """Return the loops over turns, outermost first; those of one block are left out."""
    nest, blocks = run.blocks.nest, run.blocks
    trips = {loop: nest.trips[loop] for loop in nest.depths if nest.trips[loop] > 1}
    if blocks.in_trips > 1:  # they are within a turn
        del trips[IN_CHANNELS]
    loops = {BLOCK_COLUMNS[loop].removeprefix("block_"): count for loop, count in trips.items()}
    return {"group": blocks.job.shape.groups, **loops}


def _passes(run: NestRun, begins: Counts) -> Iterator[Held]:
    """Return every piece of a turn's passes: a lane group, and input channels of it."""
    timings = [each for _, own in run.chunks for each in own]
    working = [each.steady_cycles for each in timings]
    steady = in_pieces(run.blocks, run.chunks, working, run.batches.tiles)
    events, names = run.events, pass_names(len(run.blocks.job.passes))
    stalls = events.port_stall_cycles
    every = zip(events.pass_begins, events.pass_ends, steady, stalls, strict=True)
    for piece, (counts, (index, where)) in enumerate(zip(every, _pieces(run), strict=True)):
        behind = int(run.order.interleaved and piece >= run.order.leading)
        yield held_of(names[index], index, behind, begins, counts, where)


def _pieces(run: NestRun) -> Iterator[tuple[int, Mapping[str, int]]]:
    """Return the pass of each piece of a turn, and what it takes, as `in_pieces` has them."""
    blocks = run.blocks
    lane_groups, passes = blocks.tiles.lane_groups.shape[0], len(blocks.job.passes)

    def where(lane_group: int, inputs: int) -> Mapping[str, int]:
        found = {}
        if lane_groups > 1:
            found["lane_group"] = lane_group + 1
        if blocks.in_trips > 1:
            found["in_channels"] = inputs + 1
        return found

    if not blocks.job.decides:
        for lane_group in range(lane_groups):
            for index in range(passes):
                yield index, where(lane_group, 0)
        return
    for index in range(passes):
        for inputs in range(blocks.in_trips):
            for lane_group in range(lane_groups):
                yield index, where(lane_group, inputs)


def _parts(run: NestRun) -> tuple[tuple[Part, ...], ...]:
    """Return what is moved before, beside and after every turn, by block (M25, M40)."""
    behind, ahead = int(run.order.interleaved), run.order.run_ahead
    opening, rest, again = (_reads(run, part) for part in range(3))
    sums, outputs = _writes(run)

    def beside(words: str, block: int, moved: Mapping[str, Counts]) -> Part:
        return Part(words, None if ahead else block, moved)

    return (
        (
            Part("read", 0, opening[0]),
            Part("read the rest of", 0, rest[0]),
            Part("read again", 0, again[0]),
        ),
        (
            beside("read the rest of", 0, rest[1]),
            beside("read again", -behind, again[1]),
            beside("read", 1, opening[1]),
            beside("write sums of", -behind - 1, sums[1]),
            beside("write", -behind - 1, outputs[1]),
        ),
        (Part("write sums of", -behind, sums[2]), Part("write", -behind, outputs[2])),
    )


def _reads(run: NestRun, part: int) -> list[Mapping[str, Counts]]:
    """Return one part of what is fetched, in bytes by column, before, beside and after turns.

    part: 0 for what opens a turn, 1 for the rest of its C blocks, 2 for what trailing passes fetch.
    """
    found: list[dict[str, Counts]] = [{}, {}, {}]
    for column, of in zip(READS, ("activation", "weight", "sum"), strict=True):
        fetch = run.fetches[of]
        own = [_NOTHING, _NOTHING, _NOTHING]
        own[part] = (fetch.opening, fetch.rest, fetch.trailing)[part]
        for place, bursts in zip(found, _around(run, [Fetch(*own)], _NOTHING), strict=True):
            place[column] = bursts
    return list(found)


def _writes(run: NestRun) -> list[list[Mapping[str, Counts]]]:
    """Return what is written of unfinished sums, and of outputs, before, beside and after turns."""
    finished, written = run.blocks.closes, writes(run.blocks)
    return [
        [{MOVED[-1]: bytes_} for bytes_ in _around(run, [], np.where(these, written, 0))]
        for these in (~finished, finished)
    ]


def _around(run: NestRun, fetches: list[Fetch], written: Counts) -> tuple[Counts, ...]:
    """Return the bytes that are moved before, beside and after turns."""
    burst_bytes = run.blocks.job.arch.memory.dram.burst_bytes
    moved = around_turns(run.blocks, run.order, fetches, written, run.batches.tiles)
    return tuple(bursts * burst_bytes for bursts in moved[:3])
