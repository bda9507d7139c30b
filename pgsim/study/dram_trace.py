"""The requests of a simulation to its DRAM, in the format of Ramulator (MODEL.md M44)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.kernels.turns import Events, Transfers
from pgsim.model.blocks import Block, blocks_of
from pgsim.model.events import around_turns, of_runs, order_of, transfers_of
from pgsim.model.job import Job
from pgsim.model.layer import BlockRun, every_run, run_block
from pgsim.model.nests import NestRun, run_nest
from pgsim.model.nests.timing import around_turns as around_blocks
from pgsim.model.nests.traffic import writes
from pgsim.model.work_store import WorkStore
from pgsim.results import Result
from pgsim.writing import replacing

_ALIGNED = 4096  # every tensor begins at a multiple of so many bytes


@dataclass(frozen=True)
class Stream:
    """What moves of one tensor: of what, which way, and where it lies.

    write: 1 for what is written, 0 for what is read. region: the tensor's place in `layout`. waits:
    whether some of it may be on demand.
    """

    of: str
    write: int
    region: int
    waits: bool = False

    @property
    def bursts(self) -> str:
        """The count of its bursts."""
        return f"dram_{self.of}_bursts" if self.write else f"dram_{self.of}_read_bursts"


# In the order in which the parts of a transfer are requested.
STREAMS = (
    Stream("activation", 0, 0, waits=True),
    Stream("weight", 0, 1),
    Stream("sum", 0, 2),
    Stream("write", 1, 2),
)


class Region(NamedTuple):
    """Where a tensor lies: its first byte, how many bursts it takes, and the bytes of each."""

    base: int
    bursts: int
    burst_bytes: int


@dataclass
class Tensor:
    """A tensor whose bursts are requested in turn; after the last one comes the first again."""

    region: Region
    requested: int = 0

    def next(self, count: int) -> Counts:
        """Return the addresses of the next bursts."""
        place = np.arange(self.requested, self.requested + count) % self.region.bursts
        self.requested += count
        return self.region.base + place * self.region.burst_bytes


class Requests(NamedTuple):
    """Requests in the order of time, int64 (requests,) each: address, 1 for a write, and cycle."""

    addresses: Counts
    writes: Counts
    cycles: Counts


def write_dram_trace(result: Result, path: str | Path, *, store: WorkStore | None = None) -> int:
    """Write every burst that a simulation moves to or from DRAM, a line each.

    A line is ``0xADDRESS R CYCLE`` or ``0xADDRESS W CYCLE``: Ramulator's memory trace, which ends
    at the R or W, and the cycle of the design's clock behind it.

    Parameters
    ----------
    result : Result
        Of `simulate`. Its layers are run once more, because a result holds no tile.
    path : str or Path
        The file. It appears, or replaces another, only when it is complete.
    store : WorkStore, optional
        What mask work is shared through; with that of `simulate` none is done twice.

    Returns
    -------
    int
        How many requests there are.

    Raises
    ------
    InputError
        Where the file cannot be written.

    Notes
    -----
    Source: MODEL.md, M44.
    """
    written = 0
    with replacing(path) as scratch, open(scratch, "w", encoding="ascii") as file:
        for each in requests(result, store or WorkStore(limit_bytes=0)):
            file.write(_lines(each))
            written += each.cycles.size
    return written


def _lines(of: Requests) -> str:
    every = zip(of.addresses.tolist(), of.writes.tolist(), of.cycles.tolist(), strict=True)
    return "".join(f"0x{address:x} {'RW'[write]} {cycle}\n" for address, write, cycle in every)


def requests(result: Result, store: WorkStore) -> Iterator[Requests]:
    """Yield the requests of all layers, one after the other with all their batches."""
    regions = layout([each.job for each in result.layer_results])
    now = 0
    for layer, own in zip(result.layer_results, regions, strict=True):
        for block in blocks_of(layer.job, result.calibration_images, result.trace.images):
            moves = _moves(layer.job, block, store)
            steps = layer.job.shape.runs_per_batch
            for _ in range(1 if layer.job.varies else block.batches):
                for run, ends in enumerate(moves.ends.tolist()):
                    if run % steps == 0:  # a batch begins, and with it its tensors
                        tensors = [Tensor(own[stream.region]) for stream in STREAMS]
                    yield from _of_run(moves, run, tensors, now)
                    now += ends


def layout(jobs: list[Job]) -> list[tuple[Region, ...]]:
    """Return where each layer's inputs, weights and outputs lie.

    They follow each other in the order of the network, those of a batch for all of its batches.
    """
    regions, end = [], 0
    for job in jobs:
        burst_bytes = job.arch.memory.dram.burst_bytes
        own = []
        for bits in _bits(job):
            own.append(Region(end, -(-bits // (8 * burst_bytes)), burst_bytes))
            end += -(-own[-1].bursts * burst_bytes // _ALIGNED) * _ALIGNED
        regions.append(tuple(own))
    return regions


def _bits(job: Job) -> tuple[int, int, int]:
    """Return the bits of a batch's inputs, of the weights and of a batch's outputs, stored.

    Outputs have room for their sums where these may leave unfinished (M40).
    """
    shape, output_bits = job.shape, job.output_bits
    if job.nest is not None and not job.decides:
        output_bits = max(output_bits, PARTIAL_SUM_BITS)
    inputs = job.run_inputs * shape.groups * shape.runs_per_batch * job.activation_bits
    weights = shape.out_channels * shape.reduction * job.weight_bits
    return inputs, weights, job.batch * shape.outputs * output_bits


class Moves(NamedTuple):
    """The transfers of some runs.

    begins, cycles: int64 (kinds, runs, turns), when the transfers before, beside and after the
    array's work in a turn, and those on demand of its trailing passes, begin and how long they
    take. bursts: int64 (streams, kinds, runs, turns). ends: int64 (runs,), when each run is over.
    """

    begins: Counts
    cycles: Counts
    bursts: Counts
    ends: Counts


def _moves(job: Job, block: Block, store: WorkStore) -> Moves:
    """Return the transfers of a block of images."""
    if job.nest is None:
        return _of_tiles(every_run(run_block(job, block, store)))
    return _of_nest(run_nest(job, block, store))


def _of_nest(run: NestRun) -> Moves:
    """Return the transfers around the blocks of a nest (M40)."""
    read = [[run.fetches[stream.of]] for stream in STREAMS if not stream.write]
    none, written = np.zeros((1, 1, 1), np.int64), writes(run.blocks)
    of_streams = [*((each, none) for each in read), ([], written)]
    shape = run.batches.tiles
    moved = [around_blocks(run.blocks, run.order, *each, shape) for each in of_streams]
    return _placed(run.events, run.transfers, moved)


def _of_tiles(run: BlockRun) -> Moves:
    """Return the transfers around tiles, whose turns hold what M25 says."""
    tiles = run.batches.tiles
    order = order_of(run.job, tiles)
    late = of_runs(run.traffic["dram_demand_read_bursts"], tiles) * run.job.demands_late
    moved = []
    for stream in STREAMS:
        own, none = of_runs(run.traffic[stream.bursts], tiles), np.zeros_like(late)
        demand = late if stream.waits else none
        read, written = (none, own) if stream.write else (own - demand, none)
        moved.append(around_turns(order, read, written, demand))
    return _placed(run.events, transfers_of(run.job, order, tiles, run.traffic), moved)


def _placed(events: Events, transfers: Transfers, bursts: Sequence[Transfers]) -> Moves:
    """Return when transfers begin; bursts: of each stream."""
    begins = events.turn_begins
    over = np.maximum(events.turn_ends, begins + transfers.beside)
    over[:, -1] = events.ends - transfers.after[:, -1]

    def by_turn(of_tiles: Counts) -> Counts:
        """Put what is of trailing passes to their turn."""
        behind = begins.shape[1] - of_tiles.shape[1]
        return np.pad(of_tiles, ((0, 0), (behind, 0)))

    return Moves(
        np.array([begins - transfers.before, begins, over, by_turn(events.demand_begins)]),
        np.array([*transfers[:3], by_turn(transfers.demand)]),
        np.array([[*each[:3], by_turn(each.demand)] for each in bursts]),
        events.ends,
    )


def _of_run(moves: Moves, run: int, tensors: list[Tensor], begin: int) -> Iterator[Requests]:
    """Yield the requests of one run, which begins in cycle `begin`, by turn."""
    for turn in range(moves.begins.shape[-1]):
        parts = [
            _of_transfer(moves, (kind, run, turn), tensors, begin)
            for kind in range(len(moves.begins))
        ]
        requests = Requests(*(np.concatenate(each) for each in zip(*parts, strict=True)))
        in_time = np.argsort(requests.cycles, kind="stable")
        yield Requests(*(each[in_time] for each in requests))


def _of_transfer(
    moves: Moves, place: tuple[int, int, int], tensors: list[Tensor], begin: int
) -> Requests:
    """Return the requests of one transfer, stream by stream; place: kind, run and turn."""
    bursts = moves.bursts[:, *place]
    addresses = [tensor.next(count) for tensor, count in zip(tensors, bursts.tolist(), strict=True)]
    number, total = np.arange(bursts.sum()), max(1, int(bursts.sum()))
    return Requests(
        np.concatenate(addresses),
        np.repeat([stream.write for stream in STREAMS], bursts),
        begin + int(moves.begins[place]) + number * int(moves.cycles[place]) // total,
    )
