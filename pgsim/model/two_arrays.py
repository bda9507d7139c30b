"""Two arrays side by side: one predicts the next tile, the other executes this one (M59)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pgsim.arch import Counts
from pgsim.kernels.turns import Events, Order, Transfers, Work
from pgsim.lazy import lazy
from pgsim.model.job import Job
from pgsim.model.ledger import shown

COUNTS = (
    shown("both_cycles", "cycles", "predictor and executor are both busy in their turns (M59)"),
    shown("predictor_wait_cycles", "cycles", "the predictor has done its turn, and waits"),
    shown("executor_wait_cycles", "cycles", "the executor has done its turn, and waits"),
)


class ArrayWork(NamedTuple):
    """What one of two arrays does of every tile, from the beginning of the turn that holds it.

    begins, port_stall_cycles: of each of its passes, int64 (passes, runs, tiles). busy_cycles:
    until its last sum has left and its last mask is known, int64 (runs, tiles); 0 where it does
    nothing.
    """

    begins: Counts
    port_stall_cycles: Counts
    busy_cycles: Counts


@dataclass(frozen=True)
class TwoArrays:
    """What the predictor and the executor of a layer do in every turn of its runs.

    Turn j has the leading passes of tile j beside the trailing ones of tile j - 1, and ends when
    both arrays are done. work: of all passes. predictor, executor: of every tile.
    """

    work: Work
    predictor: ArrayWork
    executor: ArrayWork

    @classmethod
    def of(cls, job: Job, work: Work) -> TwoArrays:
        """Return the two arrays of a job, from what each pass of every tile takes on its own."""
        leads, trails = range(job.leading), range(job.leading, len(job.passes))
        gate_cycles = job.arch.lsb.gate_latency_cycles
        return cls(work, _done(job, work, leads, gate_cycles), _done(job, work, trails, 0))

    @lazy
    def busy_cycles(self) -> tuple[Counts, Counts]:
        """How long the predictor and the executor are busy in every turn, int64 (runs, turns)."""
        predictor = np.pad(self.predictor.busy_cycles, ((0, 0), (0, 1)))
        return predictor, np.pad(self.executor.busy_cycles, ((0, 0), (1, 0)))

    @lazy
    def turn_cycles(self) -> Counts:
        """How long every turn takes, if DRAM is never waited for: as the slower of both."""
        return np.maximum(*self.busy_cycles)

    @lazy
    def counts(self) -> dict[str, Counts]:
        """The counts of COUNTS in every run, and its port stalls, int64 (runs,) each."""
        waits = [self.turn_cycles - busy for busy in self.busy_cycles]
        in_turns = (np.minimum(*self.busy_cycles), *waits)
        found = {
            count.name: np.add.reduce(each, axis=1)
            for count, each in zip(COUNTS, in_turns, strict=True)
        }
        stalls = np.add.reduce(self.port_stall_cycles, axis=(0, 2))
        return {**found, "port_stall_cycles": stalls}

    @property
    def port_stall_cycles(self) -> Counts:
        """Of all passes, int64 (passes, runs, tiles)."""
        both = (self.predictor.port_stall_cycles, self.executor.port_stall_cycles)
        return np.concatenate(both)

    @property
    def as_one(self) -> tuple[Order, Work]:
        """The order and the work of an array that has a tile, and one pass, for every turn."""
        cycles = self.turn_cycles[None]
        order = Order(
            bus_cycles=0,
            drains=False,
            operands_stay=False,
            segment_tiles=cycles.shape[-1],
            skew_cycles=0,
            gate_latency_cycles=0,
            leading=1,
            interleaved=False,
            one_buffer=False,
            run_ahead=False,
            ports_ahead=False,
        )
        return order, Work(cycles, np.zeros_like(cycles), np.zeros_like(cycles))

    def events(self, transfers: Transfers) -> Events:
        """Return when passes and turns begin and end; transfers: around the turns."""
        from pgsim.kernels.timeline import timeline  # Numba: only if anything is simulated

        order, work = self.as_one
        turns: Events = timeline(work, around_turns(transfers), order)
        begins = turns.turn_begins
        pass_begins = np.concatenate(
            [
                begins[None, :, :-1] + self.predictor.begins,
                begins[None, :, 1:] + self.executor.begins,
            ]
        )
        pass_ends = pass_begins + self.work.pass_cycles + self.port_stall_cycles
        return turns._replace(
            pass_begins=pass_begins,
            pass_ends=pass_ends,
            port_stall_cycles=self.port_stall_cycles,
            demand_begins=np.zeros_like(pass_begins[0]),
        )


def around_turns(transfers: Transfers) -> Transfers:
    """Return transfers for an array that has a tile for every turn; none are on demand."""
    return transfers._replace(demand=np.zeros_like(transfers.before))


def _done(job: Job, work: Work, passes: Sequence[int], gate_cycles: int) -> ArrayWork:
    """Return what one array does, whose passes follow each other on its buses (M16, M17).

    gate_cycles: from its last sum until the mask of the tile is known.
    """
    array = job.array_of(passes[0])
    bus_cycles, shape = array.flow.bus_cycles(array.rows), work.pass_cycles.shape[1:]
    now, begun = np.zeros(shape, np.int64), np.zeros(shape, np.bool_)
    begins, stalls = np.zeros((2, len(passes), *shape), np.int64)
    for place, index in enumerate(passes):
        cycles, happens = work.pass_cycles[index], work.pass_cycles[index] > 0
        late = np.maximum(0, bus_cycles - work.fold_cycles[index]) * (begun & happens)
        begins[place] = now + late
        stalls[place] = work.port_stall_cycles[index] * happens
        if job.arch.memory.all_ports:  # both waits go on at once (M43)
            stalls[place] = np.maximum(0, stalls[place] - late)
        now = begins[place] + cycles + stalls[place]
        begun |= happens
    return ArrayWork(begins, stalls, now + (array.skew_cycles + gate_cycles) * begun)
