"""What a mask leaves of the fixed order in windows of some sizes, step by step (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.lazy import lazy
from pgsim.model.search.fixed_bound import FixedBound
from pgsim.model.search.goal import Floats
from pgsim.model.search.issued import tiles_of_windows
from pgsim.model.search.windows import Windows

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost


@dataclass(frozen=True)
class FixedStages:
    """What windows cost at least. Each step knows more than the one before, and takes longer."""

    bound: FixedBound

    @property
    def steps(self) -> tuple[Callable[[Counts], list[Cost]], ...]:
        """What some windows, by their places in the bound, cost at least."""
        if not self.bound.job.gated:
            return (self.bound.costs,)
        return self.bound.costs, self.packed, self.issued

    def packed(self, places: Counts) -> list[Cost]:
        """Return the costs of windows whose gated passes take as long as their fullest lanes."""
        cycles = self._masks.fullest.cycles_in_windows(self.bound.frame.windows[places])
        return self.bound.costs(places, self.bound.array_cycles[places] + cycles)

    def issued(self, places: Counts) -> list[Cost]:
        """Return the costs of windows with what is issued in gated passes."""
        job, block = self.bound.job, self.bound.block
        cycles, more_pj = np.zeros(places.size), np.full(places.size, self._trailing_pj)
        images, windows = block.stop - block.start, self.bound.frame.windows[places]
        for each in tiles_of_windows(job, windows, images):
            issued = self._masks.issued_in(each)
            cycles[each.places] = issued.cycles
            more_pj[each.places] += self._masks.issued_pj(issued, self._whole)
            if self.bound.frame.visits_once:
                more_pj[each.places] += issued.sums_pj
        return self.bound.costs(places, self.bound.array_cycles[places] + cycles, more_pj)

    @property
    def _masks(self) -> Windows:
        return self.bound.masks

    @property
    def _whole(self) -> Counts:
        return np.array([self.bound.job.shape.in_channels_per_group])

    @lazy
    def _trailing_pj(self) -> float:
        """What the gated passes' PEs and sums spend beyond what the bound knows of."""
        spent_pj: Floats = self._masks.trailing_pj(self._whole)
        return float(spent_pj.item()) - self.bound.gated_pes_pj
