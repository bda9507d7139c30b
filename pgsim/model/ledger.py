"""The ledger: integer counts of a layer, each declared by the module that counts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig, Counts
from pgsim.mapping import BlockTiles, Tiling
from pgsim.mapping.tiling import Tiles

_ARRAY_BYTES = 150  # of an array beside its numbers


def _one(arch: ArchConfig) -> int:
    return 1


@dataclass(frozen=True)
class Count:
    """An integer that the model counts.

    name: in the ledger, where prices find it. column: of result tables, none where it is empty.
    unit, meaning: of the column. each: how many of the column's unit one of the count is.
    priced: whether it is an action that costs energy; else it is a part of one, or none.
    """

    name: str
    unit: str
    meaning: str
    column: str = ""
    each: Callable[[ArchConfig], int] = _one
    priced: bool = True


def shown(name: str, unit: str, meaning: str, *, priced: bool = False) -> Count:
    """Return a count that a column of the same name shows as it is."""
    return Count(name, unit, meaning, column=name, priced=priced)


class PassCounts(NamedTuple):
    """What one pass of a layer counts, int64 (batches,) each.

    outputs: that it computes. slots_dense, slots_issued, slots_ideal, slots_fullest_lane,
    active_slots: M11, M26. steady_cycles: M15. busy_pe_cycles: M27. port_stall_cycles: M21.
    """

    outputs: Counts
    slots_dense: Counts
    slots_issued: Counts
    slots_ideal: Counts
    slots_fullest_lane: Counts
    active_slots: Counts
    steady_cycles: Counts
    busy_pe_cycles: Counts
    port_stall_cycles: Counts


@dataclass(frozen=True)
class Ledger:
    """A layer's counts by name, int64 (batches,) each, and those of each of its passes."""

    counts: Mapping[str, Counts]
    passes: tuple[PassCounts, ...]

    @property
    def cycles(self) -> Counts:
        """Cycles of every batch, int64 (batches,)."""
        return self.counts["cycles"]

    def total(self, part: slice = slice(None)) -> dict[str, int]:
        """Return the counts summed over some batches."""
        return {name: int(values[part].sum()) for name, values in self.counts.items()}

    def matrix(self, names: tuple[str, ...]) -> npt.NDArray[np.float64]:
        """Return some counts, float64 (names, batches), which are put together once."""
        if names not in self._matrices:
            self._matrices[names] = np.array([self.counts[name] for name in names], np.float64)
        return self._matrices[names]

    @cached_property
    def _matrices(self) -> dict[tuple[str, ...], npt.NDArray[np.float64]]:
        return {}

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        arrays = [*self.counts.values(), *(each for own in self.passes for each in own)]
        return sum(2 * each.nbytes + _ARRAY_BYTES for each in arrays)  # once more as floats


def joined(blocks: Sequence[tuple[Ledger, int]]) -> Ledger:
    """Return the ledger of all batches, from those of blocks of them.

    Each block comes with how many batches an entry of its ledger stands for.
    """
    first, _ = blocks[0]
    counts = _joined([(list(ledger.counts.values()), times) for ledger, times in blocks])
    passes = [
        PassCounts(*_joined([(ledger.passes[index], times) for ledger, times in blocks]))
        for index in range(len(first.passes))
    ]
    return Ledger(dict(zip(first.counts, counts, strict=True)), tuple(passes))


def _joined(blocks: Sequence[tuple[Sequence[Counts], int]]) -> Counts:
    """Return int64 (counts, batches) from each block's counts, int64 (entries,) each."""
    every = [np.repeat(np.array(counts), times, axis=1) for counts, times in blocks]
    return np.concatenate(every, axis=1)


@dataclass(frozen=True)
class Batches:
    """How counts of tiles become counts of batches; `simulated` of them are counted."""

    tiling: Tiling | BlockTiles
    simulated: int

    @cached_property
    def tiles(self) -> Tiles:
        """The shape of an array with an entry for every tile that is counted."""
        return self.tiling.tiles(self.simulated)

    def sum(self, counts: Counts) -> Counts:
        """Return the counts of each batch, from some that broadcast to the tiles.

        Returns int64 (simulated,).
        """
        runs = counts.shape[0] if counts.ndim == 4 else 1
        times = self.tiling.run_tiles * runs // counts.size  # that an entry stands for a tile
        if runs == 1:
            of_run = np.add.reduce(counts, axis=None) if counts.size > 1 else counts.item()
            return np.array([int(of_run) * times * self.tiling.runs] * self.simulated, np.int64)
        return self.of_runs(counts.reshape(runs, -1).sum(axis=1) * times)

    def of_runs(self, counts: Counts) -> Counts:
        """Return the counts of each batch, int64 (simulated,), from those of runs."""
        batches: Counts = counts.reshape(self.simulated, self.tiling.runs).sum(axis=1)
        return batches
