"""The sizes that blocks may have, by the sides of their tiles, and which fit (MODEL.md M41)."""

from __future__ import annotations

from functools import reduce
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.kernels.nest_problem import FULL, MOST, REST, REST_TIMES, Loops, N, Problem

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


def fit(
    loops: Loops, inputs: Side, positions: Side, channels: Side, most_blocks: int
) -> npt.NDArray[np.bool_]:
    """Say which choices fit the buffers, bool (input channels, positions, channels)."""
    n, p, q = positions.picks
    reach = loops.blocks[N, n] * loops.sides[MOST, 0, p] * loops.sides[MOST, 1, q]
    elements, outputs, weights = (
        np.multiply.outer(one, two)
        for one, two in (
            (inputs.sizes[0], reach),
            (positions.sizes[0], channels.sizes[0]),
            (inputs.sizes[0], channels.sizes[0]),
        )
    )
    fits: npt.NDArray[np.bool_] = (elements <= loops.fit_activations)[:, :, None]
    fits = fits & (outputs <= loops.fit_sums) & (weights <= loops.fit_weights)[:, None]
    trips = np.multiply.outer(positions.trips, channels.trips)
    if inputs.trips.max() * trips.max() > most_blocks:
        fits &= trips <= (most_blocks // inputs.trips)[:, None, None]
    return fits
