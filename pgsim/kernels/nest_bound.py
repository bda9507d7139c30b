"""The choices of block sizes that fit the buffers, and what each costs at least (MODEL.md M41)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_fits import PICKS, Extents, Takes, fitting
from pgsim.kernels.nest_least import least_of, likely
from pgsim.kernels.nest_problem import C, K, N, P, Problem, Q
from pgsim.kernels.nest_sizes import Ints, extents_of, limits_of, side_of
from pgsim.kernels.nest_takes import takes_of
from pgsim.kernels.nest_terms import swept_of, terms_of

Floats = npt.NDArray[np.float64]


def choices_of(problem: Problem, most_blocks: int, most_value: float = np.inf) -> Choices:
    """Return the choices of block sizes that fit the buffers.

    most_blocks: of a run and group. most_value: the value beyond which choices are left out.
    Source: MODEL.md M41.
    """
    inputs, positions, channels = (side_of(problem, loops) for loops in ((C,), (N, P, Q), (K,)))
    sides = (
        inputs.of(inputs.sizes[0] <= min(problem.loops.fit_weights, problem.loops.fit_activations)),
        positions.of(positions.sizes[0] <= problem.loops.fit_sums),
        channels,
    )
    extents, takes = extents_of(problem.loops, *sides), takes_of(problem, *sides)
    swept, terms = swept_of(problem, *sides), terms_of(problem)
    limits = limits_of(problem.loops, most_blocks)
    return Choices(extents, takes, *fitting(extents, takes, swept, limits, terms, most_value))


class Choices(NamedTuple):
    """Some choices of block sizes.

    extents, takes: what each side has, and contributes. places: int64 (choices,), where they are
    among all choices. values: float64 (choices,), what is to be least, as `fitting` tells; gated
    layers, each of whose passes may fetch its own planes, may cost less.
    """

    extents: Extents
    takes: Takes
    places: Ints
    values: Floats

    def some(self, which: Ints) -> Choices:
        """Return some of them; which: places among these."""
        return self._replace(places=self.places[which], values=self.values[which])

    def picks(self) -> Ints:
        """Return which of its sizes the block of each loop has, int64 (choices, 5)."""
        inputs, positions, channels = self.extents
        both, three = np.divmod(self.places, channels.shape[1])
        one, two = np.divmod(both, positions.shape[1])
        picks = np.empty((self.places.size, 5), np.int64)
        picks[:, [N, P, Q]] = positions[PICKS : PICKS + 3, two].T
        picks[:, K], picks[:, C] = channels[PICKS, three], inputs[PICKS, one]
        return picks

    def least(self, problem: Problem) -> Floats:
        """Return what each costs at least, float64 (choices, 7).

        Of a batch: cycles; bursts of DRAM; energy in pJ; cycles if DRAM were only waited for by the
        first and after the last block; the array's cycles in a run; for how long DRAM rests beside
        the last block; and what PEs and buffers spend, in pJ.

        problem: that they are of, or one that differs in the widths of what is fetched alone.
        """
        least: Floats = least_of(problem, self, terms_of(problem))
        return least

    def likely(self, problem: Problem, compulsory: Floats, value: float) -> tuple[Ints, Floats]:
        """Return those that may cost no more than so much, and what each costs at least.

        Returns int64 (choices, 5), picks, and float64 (choices, 7) as `least` does, with what the
        best order of each moves. compulsory: float64 (4,), bits that any nest moves in a group.
        """
        picks, least = likely(problem, self, terms_of(problem), compulsory, value)
        return picks, least
