"""The sizes that blocks may have, by the sides of their tiles, and which fit (MODEL.md M41)."""

from __future__ import annotations

from functools import reduce
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_fits import Extents, Limits
from pgsim.kernels.nest_problem import FULL, MOST, OPENING, REST, REST_TIMES, Loops, N, Problem

Ints = npt.NDArray[np.int64]


class Side(NamedTuple):
    """The choices of some loops' blocks.

    picks: int64 (loops, choices). sizes, often: int64 (kinds, choices), of blocks: whole ones
    first; each loop has whole blocks and perhaps a smaller last one. last: int64 (choices,), of the
    last block. trips: of all blocks.
    """

    picks: Ints
    sizes: Ints
    often: Ints
    last: Ints
    trips: Ints

    @property
    def extents(self) -> Ints:
        """What `Extents` has of any side."""
        return np.vstack([self.sizes[0], self.trips, self.last, self.picks])

    def of(self, chosen: npt.NDArray[np.bool_]) -> Side:
        """Return some of the choices."""
        return Side(*(each[..., chosen] for each in self))


def side_of(problem: Problem, loops: tuple[int, ...]) -> Side:
    """Return all choices of these loops' blocks."""
    picks = np.indices(problem.loops.sizes[1, list(loops)].tolist()).reshape(len(loops), -1)
    parts = [problem.loops.parts[:, loop, pick] for loop, pick in zip(loops, picks, strict=True)]
    sizes, often = (
        np.array(
            [
                reduce(
                    np.multiply,
                    [each[kind + times] for each, kind in zip(parts, kinds, strict=True)],
                )
                for kinds in product((FULL, REST), repeat=len(loops))
            ]
        )
        for times in (0, 1)
    )
    last = [np.where(each[REST_TIMES] > 0, each[REST], each[FULL]) for each in parts]
    return Side(picks, sizes, often, reduce(np.multiply, last), often.sum(axis=0))


def extents_of(loops: Loops, inputs: Side, positions: Side, channels: Side) -> Extents:
    """Return how large blocks are by the choices of each side."""
    n, p, q = positions.picks
    images, rows, columns = loops.blocks[N, n], loops.sides[:, 0, p], loops.sides[:, 1, q]
    reached = images * rows[[MOST, OPENING]] * columns[[MOST, OPENING]]
    return Extents(inputs.extents, np.vstack([positions.extents, reached]), channels.extents)


def limits_of(loops: Loops, most_blocks: int) -> Limits:
    """Return what blocks may hold; most_blocks: of a run and group."""
    return Limits(loops.fit_activations, loops.fit_sums, loops.fit_weights, most_blocks)
