"""The ledger: integer counts of a layer, each declared by the module that counts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Tiling
from pgsim.mapping.tiling import Tiles

_FEW = 64  # tiles, or batches
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
    active_slots: M11, M26. steady_cycles: M15. busy_pe_cycles: M27. macs: of those outputs, or of
    the input pixels that it takes (M27, M52). terms: M58.
    """

    outputs: Counts
    slots_dense: Counts
    slots_issued: Counts
    slots_ideal: Counts
    slots_fullest_lane: Counts
    active_slots: Counts
    steady_cycles: Counts
    busy_pe_cycles: Counts
    macs: Counts
    terms: Counts


def summed(counts: Counts) -> int:
    """Return what counts of batches add up to."""
    if counts.size == 1:
        return int(counts.item())
    # Of a few, Python's sum is the faster.
    return sum(counts.tolist()) if counts.size <= _FEW else int(counts.sum())


def _of_rows(counts: Counts) -> Counts:
    """Return the sum of each row, of int64 (rows, columns)."""
    from pgsim.kernels.sums import sums_of_rows  # Numba: only if anything is simulated

    if counts.size <= _FEW:  # of which NumPy's sums are known without a compiler
        few: Counts = np.add.reduce(counts, axis=1)
        return few
    rows = np.ascontiguousarray(counts).view()
    rows.flags.writeable = False  # the kernel is compiled for such alone
    sums: Counts = sums_of_rows(rows)
    return sums


@dataclass(frozen=True)
class Ledger:
    """A layer's counts by name, int64 (batches,) each, and those of each of its passes."""

    counts: Mapping[str, Counts]
    passes: tuple[PassCounts, ...]

    def with_counts(self, changed: Mapping[str, Counts]) -> Ledger:
        """Return the ledger with some counts in place of its own."""
        return _Changed({**self.counts, **changed}, self.passes, tuple(changed))

    def together(self, batches: int) -> Ledger:
        """Return the sums of so many batches each, of those that are left in the last."""
        begins = np.arange(0, self.cycles.size, batches)

        def summed_up(counts: Counts) -> Counts:
            sums: Counts = np.add.reduceat(counts, begins)
            return sums

        return Ledger(
            {name: summed_up(own) for name, own in self.counts.items()},
            tuple(PassCounts(*map(summed_up, own)) for own in self.passes),
        )

    @property
    def cycles(self) -> Counts:
        """Cycles of every batch, int64 (batches,)."""
        return self.counts["cycles"]

    def total(self, part: slice = slice(None)) -> dict[str, int]:
        """Return the counts summed over some batches."""
        return {name: self.sum(name, part) for name in self.counts}

    def sum(self, name: str, part: slice = slice(None)) -> int:
        """Return one of the counts summed over some batches."""
        return summed(self.counts[name][part])

    def bursts(self) -> int:
        """Return the bursts that cross the DRAM interface."""
        return self.sum("dram_read_bursts") + self.sum("dram_write_bursts")

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        arrays = [*self.counts.values(), *(each for own in self.passes for each in own)]
        return sum(each.nbytes + _ARRAY_BYTES for each in arrays)


@dataclass(frozen=True)
class _Changed(Ledger):
    """A ledger that differs from another one in a few counts."""

    changed: tuple[str, ...]

    @property
    def size_bytes(self) -> int:
        """How much memory it takes beside the other one, about."""
        return len(self.changed) * (self.cycles.nbytes + _ARRAY_BYTES)


@dataclass(frozen=True)
class Sums:
    """What some batches count tile by tile, from which all else of a ledger follows.

    names: of what is counted of all passes together. folds: of the reduction, of each pass, that a
    slot goes through as it is counted (M10, M52).
    rows: int64 (rows, batches), the counts of those names and then the `PassCounts` of each pass.
    """

    names: tuple[str, ...]
    folds: tuple[int, ...]
    rows: Counts

    def after(self, names: tuple[str, ...], rows: Counts) -> Sums:
        """Return the same after other counts of all passes; rows: int64 (names, batches)."""
        return Sums((*names, *self.names), self.folds, np.concatenate([rows, self.rows]))

    @lazy
    def counts(self) -> dict[str, Counts]:
        """The counts of all passes together, by name, int64 (batches,) each."""
        return dict(zip(self.names, self.rows, strict=False))

    @lazy
    def passes(self) -> tuple[PassCounts, ...]:
        """The counts of each pass."""
        rows = iter(self.rows[len(self.names) :])
        return tuple(
            PassCounts(*own) for own in zip(*[rows] * len(PassCounts._fields), strict=True)
        )


def joined(blocks: Sequence[tuple[Sums, int]]) -> Sums:
    """Return the sums of all batches, from those of blocks of them.

    Each block comes with how many batches an entry of its sums stands for.
    """
    first, _ = blocks[0]
    rows = [
        np.repeat(sums.rows, times, axis=1) if times > 1 else sums.rows for sums, times in blocks
    ]
    return Sums(first.names, first.folds, np.concatenate(rows, axis=1))


@dataclass(frozen=True)
class Batches:
    """How counts of tiles become counts of batches; `simulated` of them are counted.

    alike: whether all runs of a batch but its first are, so that one of these stands for all.
    """

    tiling: Tiling | BlockTiles
    simulated: int
    alike: bool = False

    @lazy
    def runs(self) -> int:
        """Runs of a batch that are counted."""
        return min(2, self.tiling.runs) if self.alike else self.tiling.runs

    @lazy
    def tiles(self) -> Tiles:
        """The shape of an array with an entry for every tile that is counted."""
        _, groups, lane_groups, windows = self.tiling.tiles(1)
        return self.simulated * self.runs, groups, lane_groups, windows

    def sums(self, counts: Sequence[Counts]) -> Counts:
        """Return the counts of each batch, from some that broadcast to the tiles.

        What stands there more than once is summed once. Returns int64 (counts, simulated).
        """
        sums: dict[int, Counts | int] = {}
        for each in counts:
            if id(each) not in sums:
                sums[id(each)] = self._sum(each)
        found = [sums[id(each)] for each in counts]
        if self.simulated == 1:
            return np.array(found, np.int64)[:, None]
        rows = np.empty((len(counts), self.simulated), np.int64)
        for row, own in zip(rows, found, strict=True):
            row[:] = own
        return rows

    def _sum(self, counts: Counts) -> Counts | int:
        """Return the counts of each batch, or a number where one is counted, or all are alike."""
        if counts.ndim == 4 and len(counts) > 1:
            return self._differing(counts)
        size = counts.size
        few = size <= _FEW  # of which Python's sum is the faster
        total = sum(counts.ravel().tolist()) if few else int(np.add.reduce(counts, axis=None))
        return total * (self._batch_tiles // size)  # that an entry stands for

    def _differing(self, counts: Counts) -> Counts | int:
        """Return the same of counts that differ from run to run."""
        runs = len(counts)
        of_runs = _of_rows(counts.reshape(runs, -1))
        batches = self.of_runs(of_runs * (self.tiling.run_tiles * runs // counts.size))
        return batches if self.simulated > 1 else int(batches.item())

    @lazy
    def _batch_tiles(self) -> int:
        return self.tiling.run_tiles * self.tiling.runs

    def of_runs(self, counts: Counts) -> Counts:
        """Return the counts of each batch, int64 (..., simulated), from those of runs."""
        if self.runs == 1:
            return counts
        nested = counts.reshape(*counts.shape[:-1], self.simulated, self.runs)
        batches: Counts = np.add.reduce(nested, axis=-1)
        if self.runs < self.tiling.runs:
            batches += nested[..., -1] * (self.tiling.runs - self.runs)
        return batches
