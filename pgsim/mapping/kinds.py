"""Which blocks of a nest are alike, so that one of them stands for all (MODEL.md M40)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.lazy import lazy
from pgsim.mapping.nest import COLUMNS, ROWS, Nest

if TYPE_CHECKING:
    from pgsim.kernels.nests import Walk

Mask = npt.NDArray[np.bool_]

_FEW = 2**8  # blocks: to find those alike takes as long as to go through so many


@dataclass(frozen=True)
class Kinds:
    """The kinds of a nest's blocks: those of a kind are alike in all that blocks differ in.

    nest: that has one block of each kind, which stands for all. walk: the same, as kernels walk it.
    Here every block is a kind of its own.
    """

    nest: Nest
    walk: Walk

    @lazy
    def numbers(self) -> Counts:
        """The place of the first block of each kind in the order of execution, int64 (kinds,)."""
        return np.arange(math.prod(self.nest.trips))

    def of_all(self, counts: Sequence[Counts], kinds: Mask) -> Sequence[Counts]:
        """Return what all blocks of a kind count, (..., kinds), from what each of them does.

        kinds: bool, those that are counted.
        """
        return counts

    def by_block(self, counts: Counts) -> Counts:
        """Return counts of kinds, (..., kinds), as those of every block in order of execution."""
        return counts


class Places(NamedTuple):
    """The blocks of one loop by kind.

    firsts: int64 (kinds,), the first block of each kind, which ascend. kinds: int64 (trips,), that
    of each block. The loop's first block alone has the first kind, and its last alone the last.
    """

    firsts: Counts
    kinds: Counts


@dataclass(frozen=True)
class Alike(Kinds):
    """Kinds that have many blocks: a block's is that of its place along each loop.

    loops: the places, outermost first.
    """

    loops: Sequence[Places]

    @lazy
    def numbers(self) -> Counts:
        """The place of the first block of each kind in the order of execution, int64 (kinds,)."""
        found = np.zeros(1, np.int64)
        inner = 1
        for own in reversed(self.loops):
            found = np.add.outer(own.firsts * inner, found).ravel()
            inner *= own.kinds.size
        return found

    @lazy
    def times(self) -> Counts:
        """Blocks of each kind, int64 (kinds,)."""
        of_loops = [np.bincount(own.kinds) for own in self.loops]
        times: Counts = reduce(np.multiply.outer, of_loops).ravel()
        return times

    def of_all(self, counts: Sequence[Counts], kinds: Mask) -> Sequence[Counts]:
        """Return what all blocks of a kind count, (..., kinds), from what each of them does."""
        times = self.times[kinds]
        return [each * times for each in counts]

    def by_block(self, counts: Counts) -> Counts:
        """Return counts of kinds, (..., kinds), as those of every block in order of execution."""
        found = counts.reshape(-1, *(own.firsts.size for own in self.loops))
        # Innermost loops first: what is repeated then lies in long stretches.
        for axis in range(len(self.loops), 0, -1):
            kinds = self.loops[axis - 1].kinds
            if found.shape[axis] < kinds.size:
                found = np.take(found, kinds, axis=axis)
        return found.reshape(*counts.shape[:-1], -1)


def kinds_of(nest: Nest, walk: Walk) -> Kinds:
    """Return the kinds of a nest's blocks; walk: the nest as kernels walk it.

    Blocks between the first and the last of a loop are as large, and begin and end no sums. Of rows
    and columns, they may reach more or less of the input.
    """
    if math.prod(nest.trips) <= _FEW:
        return Kinds(nest, walk)
    every = [_places(walk, loop) for loop in range(len(nest.trips))]
    sizes = [
        size - block * (own.kinds.size - own.firsts.size)
        for size, block, own in zip(nest.sizes, nest.blocks, every, strict=True)
    ]
    n, p, q, k, c = sizes
    most = max(own.firsts.size for own in every)

    def of_firsts(counts: Counts, loops: Sequence[Places]) -> Counts:
        found = np.zeros((len(loops), most), np.int64)
        for mine, row, own in zip(found, counts, loops, strict=True):
            mine[: own.firsts.size] = row[own.firsts]
        return found

    sides = every[ROWS : COLUMNS + 1]
    alike = walk._replace(
        trips=np.array([own.firsts.size for own in every], np.int64),
        sizes=of_firsts(walk.sizes, every),
        reach=of_firsts(walk.reach, sides),
        fresh=of_firsts(walk.fresh, sides),
    )
    return Alike(replace(nest, sizes=(n, p, q, k, c)), alike, [every[loop] for loop in nest.depths])


def _places(walk: Walk, loop: int) -> Places:
    """Return the blocks of a loop by kind."""
    trips = int(walk.trips[loop])
    if trips <= 3:
        return Places(np.arange(trips), np.arange(trips))
    firsts, kinds = np.zeros(1, np.int64), np.zeros(trips - 2, np.int64)
    if loop in (ROWS, COLUMNS):
        reach, fresh = (each[loop - ROWS, 1 : trips - 1] for each in (walk.reach, walk.fresh))
        pairs = reach * (fresh.max() + 1) + fresh
        _, firsts, kinds = np.unique(pairs, return_index=True, return_inverse=True)
        as_found = np.argsort(firsts)
        firsts, kinds = firsts[as_found], np.argsort(as_found)[kinds]
    last = firsts.size + 1
    return Places(
        np.concatenate([[0], firsts + 1, [trips - 1]]), np.concatenate([[0], kinds + 1, [last]])
    )
