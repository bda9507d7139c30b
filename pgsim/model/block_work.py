"""What a block of images is at any speed of DRAM, and what it waits for at one (MODEL.md M25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.kernels.turns import Order, Transfers, Work
from pgsim.model.events import cycles_of_dram
from pgsim.model.ledger import Batches, Sums

# What the speed of DRAM decides, and what else is known once turns follow each other.
CLOCKED = ("cycles", "dram_stall_cycles", "ports_and_buses_cycles")


@dataclass(frozen=True)
class BlockWork:
    """All of a block of images but when its passes and turns begin and end.

    order, work: what the array does. moved: bursts around every turn, and the pages that they open
    where those are counted. sums: what its tiles add up to, but for CLOCKED and what follows.
    """

    batches: Batches
    order: Order
    work: Work
    moved: tuple[Transfers, ...]
    sums: Sums

    @property
    def sizes(self) -> tuple[int, ...]:
        """Its passes, runs and tiles, and rows of what moves, as `kernels.timeline` takes them."""
        return (*self.work.pass_cycles.shape, len(self.moved[0].before))

    def waits(self, arch: ArchConfig) -> Counts:
        """Return what CLOCKED names of every batch on a design, int64 (3, batches).

        Its turns are taken as they are, and not laid behind those of other blocks: there may be
        many.
        """
        from pgsim.kernels.timeline import stood_alone  # Numba: only if anything is simulated

        around = Transfers(*(cycles_of_dram(arch, *own) for own in zip(*self.moved, strict=True)))
        of_runs = stood_alone(self.work, around, self.order)
        begins = np.arange(self.batches.simulated) * self.batches.runs
        waits: Counts = np.add.reduceat(of_runs * np.array(_times(self.batches)), begins, axis=1)
        return waits

    @property
    def size_bytes(self) -> int:
        """How much memory it takes, about."""
        arrays = [self.sums.rows, *self.work, *(each for own in self.moved for each in own)]
        return sum(each.nbytes for each in arrays)


def clocked(arch: ArchConfig, works: Sequence[BlockWork]) -> list[Sums]:
    """Return what the tiles of each block add up to, on a design whose DRAM has a speed."""
    alone = len(works) == 1
    waits, end, found = works[0].waits(arch) if alone else Turns.of(works).waits(arch), 0, []
    for work in works:
        begin, end = end, end + work.batches.simulated
        found.append(work.sums.after(CLOCKED, waits[:, begin:end]))
    return found


@dataclass(frozen=True)
class Turns:
    """The turns of some blocks, as `kernels.timeline.stood` takes them.

    moved: bursts, and pages that they open, instead of cycles. times: int64 (runs,), for how many
    runs of its batch each stands. begins: int64 (batches,), the first run of each batch.
    """

    sizes: Counts
    orders: Counts
    work: Counts
    moved: tuple[Counts, ...]
    times: Counts
    begins: Counts

    @classmethod
    def of(cls, blocks: Sequence[BlockWork]) -> Turns:
        """Return the turns of some blocks of one design."""
        every = [each.batches for each in blocks]
        runs = np.repeat([each.runs for each in every], [each.simulated for each in every])
        return cls(
            np.array([each.sizes for each in blocks], np.int64),
            np.array([each.order for each in blocks], np.int64),
            _flat([counts for each in blocks for counts in each.work]),
            tuple(
                _flat([counts for each in own for counts in each])
                for own in zip(*(each.moved for each in blocks), strict=True)
            ),
            np.array([times for each in every for times in _times(each)], np.int64),
            np.cumsum(runs) - runs,
        )

    @property
    def size_bytes(self) -> int:
        """How much memory they take."""
        return sum(each.nbytes for each in (self.work, *self.moved))

    def waits(self, arch: ArchConfig) -> Counts:
        """Return what CLOCKED names of every batch on a design, int64 (3, batches)."""
        from pgsim.kernels.timeline import stood  # Numba: only if anything is simulated

        transfers = cycles_of_dram(arch, *self.moved)
        of_runs = stood(self.sizes, self.orders, self.work, transfers)
        waits: Counts = np.add.reduceat(of_runs * self.times, self.begins, axis=1)
        return waits


def _times(batches: Batches) -> list[int]:
    """Return for how many runs of its batch each run that is counted stands, of every batch."""
    rest = batches.tiling.runs - batches.runs
    return ([1] * (batches.runs - 1) + [1 + rest]) * batches.simulated


def _flat(arrays: Sequence[Counts]) -> Counts:
    return np.concatenate([each.ravel() for each in arrays])
