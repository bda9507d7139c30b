"""What a search knows of a layer whatever its masks, so that alike layers share it (M41)."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.lazy import lazy
from pgsim.model.fetches import usable_bits
from pgsim.model.job import Job
from pgsim.model.search.bounds import bounds_of, bursts_of, bursts_of_all_passes
from pgsim.model.search.goal import ALIKE, ROUNDED, Floats, Goal
from pgsim.model.search.problem import problem_of
from pgsim.model.search.smaller_windows import smaller_windows
from pgsim.model.search.spent import Paid
from pgsim.model.zeros import zero_fraction
from pgsim.schemes import ACTIVATIONS

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost, Problem
    from pgsim.model.search.fixed_frame import FixedFrame


@dataclass(frozen=True)
class Geometry:
    """A layer on its design, but for its masks."""

    job: Job
    goal: Goal

    @lazy
    def problem(self) -> Problem:
        """The layer as kernels take it."""
        return problem_of(self.job, self.goal)

    @lazy
    def bounds(self) -> tuple[Counts, Counts, Floats]:
        """The choices of block sizes, these sizes, and what leading passes cost at least.

        Choices and sizes are int64 (choices, 5), costs as `bounds_of` has them.
        """
        choices, least = bounds_of(self.job, self.problem)
        return choices, self.problem.loops.blocks[np.arange(5), choices], least

    def likely(self, best: Cost, batches: int) -> Counts:
        """Return the choices that may cost no more than the best one, int64, ascending.

        Looked at are leading passes alone, so that some may cost more. best: over so many batches.
        """
        values, places = self._by_value
        most = best.value / batches ** sum(self.goal.objective.powers)
        most *= ALIKE / ROUNDED  # what `Goal.least` takes off, and takes for the same
        return np.sort(places[: np.searchsorted(values, most, side="right")])

    @lazy
    def _by_value(self) -> tuple[Floats, Counts]:
        """What leading passes of a batch cost at least, ascending, and the choices that do."""
        values = self.goal.values(self.bounds[2])
        places: Counts = np.argsort(values)
        return values[places], places

    def bursts(self, places: Counts) -> Counts:
        """Return what choices move at least in a batch, int64; places: of these choices.

        The layer is one that a mask steers, whose gated passes may fetch nothing.
        """
        find = partial(bursts_of, self.job, self.problem)
        return self._asked(self._bursts, places, find)

    def bursts_of_all_passes(self, places: Counts) -> Counts:
        """Return the same where every pass issues something in every block."""
        return self._asked(self._all_bursts, places, partial(bursts_of_all_passes, self.problem))

    def _asked(self, known: Counts, places: Counts, find: Callable[[Counts], Counts]) -> Counts:
        """Return what is known of choices; find: of some, where nobody has asked before."""
        unknown = places[known[places] < 0]
        if unknown.size:
            known[unknown] = find(self.bounds[0][unknown])
        return known[places]

    @lazy
    def _bursts(self) -> Counts:
        """Of each choice, -1 while nobody has asked."""
        return np.full(len(self.bounds[0]), -1, np.int64)

    @lazy
    def _all_bursts(self) -> Counts:
        return np.full(len(self.bounds[0]), -1, np.int64)

    @lazy
    def paid(self) -> Paid:
        """What gated passes spend on an entry, a vector and a slot."""
        return Paid(self.job, self.goal)

    @lazy
    def fixed(self) -> FixedFrame:
        """The fixed order in smaller windows than there is room for."""
        from pgsim.model.search.fixed_frame import FixedFrame  # Numba: only if nests are searched

        return FixedFrame(self.job, smaller_windows(self.job), self.problem)


def geometry_key(job: Job) -> Hashable:
    """Return all that decides it, of layers on one design with one goal."""
    passes = tuple((each.activation, each.weight, each.gated) for each in job.passes)
    room = usable_bits(job, ACTIVATIONS)
    stays = (job.inputs_stay, job.output_stays, room, job.weights_on_chip)
    zeros = [zero_fraction(job, each) for each in job.passes if job.arch.pe.zero_gating]
    return (job.shape.geometry, passes, job.output_bits, job.flow, job.batch, stays, *zeros)
