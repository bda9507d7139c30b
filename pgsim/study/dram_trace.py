"""The requests of a simulation to its DRAM, in the format of Ramulator (MODEL.md M44)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pgsim.arch import Counts
from pgsim.model.blocks import blocks_of
from pgsim.model.events import around_turns, of_runs, order_of, transfers_of
from pgsim.model.job import Job
from pgsim.model.layer import BlockRun, run_block
from pgsim.model.mask_work import WorkStore
from pgsim.results import Result
from pgsim.writing import replacing

_ALIGNED = 4096  # every tensor begins at a multiple of so many bytes
_MOST = 1 << 16  # requests that are made at a time


@dataclass(frozen=True)
class Stream:
    """What moves of one tensor: its count of bursts by tile, and which way.

    write: 1 for what is written, 0 for what is read.
    """

    bursts: str
    write: int


# In the order in which the parts of a transfer are requested.
STREAMS = (
    Stream("dram_activation_read_bursts", 0),
    Stream("dram_weight_read_bursts", 0),
    Stream("dram_write_bursts", 1),
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

    def next(self, number: Counts) -> Counts:
        """Return the addresses of the next bursts; number: int64, 0 and on."""
        place = (self.requested + number) % self.region.bursts
        self.requested += number.size
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
            moves = _moves(run_block(layer.job, block, store))
            steps = layer.job.shape.runs_per_batch
            for _ in range(1 if layer.job.gated else block.batches):
                for run, ends in enumerate(moves.ends.tolist()):
                    if run % steps == 0:  # a batch begins, and with it its tensors
                        tensors = [Tensor(region) for region in own]
                    yield from _of_run(moves, run, tensors, now)
                    now += ends


def layout(jobs: list[Job]) -> list[tuple[Region, ...]]:
    """Return where each layer's inputs, weights and outputs lie, in the order of `STREAMS`.

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
    """Return the bits of a batch's inputs, of the weights and of a batch's outputs, stored."""
    shape = job.shape
    inputs = job.run_inputs * shape.groups * shape.runs_per_batch * job.activation_bits
    weights = shape.out_channels * shape.reduction * job.weight_bits
    return inputs, weights, job.batch * shape.outputs * job.output_bits


class Moves(NamedTuple):
    """The transfers of some runs.

    begins, cycles: int64 (kinds, runs, turns), when the transfers before, beside and after the
    array's work in a turn begin and how long they take. bursts: int64 (streams, kinds, runs,
    turns). ends: int64 (runs,), when each run is over.
    """

    begins: Counts
    cycles: Counts
    bursts: Counts
    ends: Counts


def _moves(run: BlockRun) -> Moves:
    """Return the transfers of a block, whose turns hold what M25 says."""
    tiles, events = run.batches.tiles, run.events
    order = order_of(run.job, tiles)
    before, beside, after = transfers_of(run.job, order, tiles, run.traffic)
    begins, over = events.turn_begins, np.maximum(events.turn_ends, events.turn_begins + beside)
    bursts = []
    for stream in STREAMS:
        own = of_runs(run.traffic[stream.bursts], tiles)
        none = np.zeros_like(own)
        bursts.append(around_turns(order, *((none, own) if stream.write else (own, none))))
    return Moves(
        np.array([begins - before, begins, over]),
        np.array([before, beside, after]),
        np.array(bursts),
        events.ends,
    )


def _of_run(moves: Moves, run: int, tensors: list[Tensor], begin: int) -> Iterator[Requests]:
    """Yield the requests of one run, which begins in cycle `begin`, by transfer."""
    turns = moves.begins.shape[-1]
    for turn in range(turns):
        for kind in range(len(moves.begins)):
            place = kind, run, turn
            bursts = moves.bursts[:, *place].tolist()
            total, done = sum(bursts), 0
            for stream, tensor, count in zip(STREAMS, tensors, bursts, strict=True):
                for first in range(0, count, _MOST):
                    number = np.arange(min(_MOST, count - first))
                    share = (done + first + number) * int(moves.cycles[place]) // total
                    yield Requests(
                        tensor.next(number),
                        np.full_like(number, stream.write),
                        begin + int(moves.begins[place]) + share,
                    )
                done += count
