"""What the fixed order costs at least in windows of some sizes (MODEL.md M41)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.kernels.nest_problem import CYCLE_PJ
from pgsim.lazy import lazy
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.search.fixed_frame import FixedFrame
from pgsim.model.search.goal import ROUNDED, Floats
from pgsim.model.search.windows import Windows

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost


@dataclass(frozen=True)
class FixedBound:
    """A layer in the fixed order, by the slots of its windows: what all batches cost at least.

    frame: what its windows take, whatever its masks. masks: of those batches, and what they leave
    of gated passes. Where a mask steers, these take at least their entries packed without a gap.
    """

    frame: FixedFrame
    masks: Windows

    @lazy
    def values(self) -> Floats:
        """What is to be least, float64 (windows,)."""
        goal, unknown = self.masks.goal, np.zeros(self.frame.windows.size)
        energy_pj = self._energy_pj if goal.weighs_energy else unknown
        costs = np.stack([self._cycles, self._bursts, energy_pj], axis=1)
        values: Floats = goal.least(costs)[:, 0]
        return values

    def costs(
        self, places: Counts, cycles: Floats | None = None, more_pj: float | Floats = 0
    ) -> list[Cost]:
        """Return what some windows cost at least.

        cycles: float64 (places,), that they take at least. more_pj: of each, float64 or alike, what
        `values` does not know of.
        """
        from pgsim.kernels.nest_problem import Cost  # Numba: only if nests are searched

        known, bursts = self._cycles[places], self._bursts[places]
        cycles = known if cycles is None else np.maximum(cycles, known)
        energy_pj = self._energy_pj[places] + (cycles - known) * self.frame.pj[CYCLE_PJ] + more_pj
        least = self.masks.goal.least(np.stack([cycles, bursts, energy_pj], axis=1))
        columns = (least[:, 0], bursts, least[:, 2].astype(np.int64), energy_pj * ROUNDED)
        rows = zip(*(each.tolist() for each in columns), strict=True)
        return [Cost(value, moved, took, pj, 0) for value, moved, took, pj in rows]

    @property
    def job(self) -> Job:
        """The layer."""
        return self.masks.job

    @property
    def block(self) -> Block:
        """The batches."""
        return self.masks.block

    @lazy
    def array_cycles(self) -> Counts:
        """Cycles of the leading passes of all batches, int64 (windows,)."""
        return self.frame.array_cycles * self.block.batches

    @lazy
    def _cycles(self) -> Floats:
        job, batches, frame = self.job, self.block.batches, self.frame
        cycles = self.array_cycles.astype(np.float64)
        if job.gated:
            flow, array = job.flow, job.arch.array
            slots = -(-self._entries // array.columns)
            gated = job.rates[job.leading :]
            cycles += float(sum(flow.issued_cycles(slots, array.rows, each) for each in gated))
        moving: Counts = np.maximum(frame.moves(frame.batch_bursts), frame.turn_cycles)
        return np.maximum(cycles, moving * batches)

    @lazy
    def _bursts(self) -> Counts:
        return self.frame.batch_bursts * self.block.batches

    @lazy
    def _energy_pj(self) -> Floats:
        batches_pj = self.frame.energy_pj * self.block.batches
        energy_pj: Floats = batches_pj + self._cycles * self.frame.pj[CYCLE_PJ]
        return energy_pj + self.gated_pes_pj

    @lazy
    def gated_pes_pj(self) -> float:
        """The energy of the gated passes' PEs."""
        if not self.job.gated:
            return 0.0
        busy = sum(each.output_cycles for each in self.job.rates[self.job.leading :])
        return busy * self._entries * self.masks.goal.least_busy_pj(self.job)

    @property
    def _entries(self) -> int:
        """Outputs of the gated passes."""
        return self.masks.spent.entries
