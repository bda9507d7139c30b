"""The layers of a network at any speed of DRAM: all that it decides is when transfers end (M25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.model.block_work import CLOCKED, BlockWork, Turns
from pgsim.model.blocks import blocks_of
from pgsim.model.bounds import check_counts, most_burst_size, rough_burst_size
from pgsim.model.job import Job
from pgsim.model.layer import (
    alike_batches,
    check_layers,
    in_batches,
    ledger_of,
    unlike,
    work_of,
)
from pgsim.model.ledger import Ledger, joined
from pgsim.model.work_store import WorkStore

_LARGEST_BYTES = 2**24  # of what passes and transfers take in all tiles of a network
_TILE_NUMBERS = 4  # of a tile, beside those of its passes


@dataclass(frozen=True)
class AnySpeed:
    """The layers of a network, each with what it is mapped by, whatever DRAM takes.

    ledgers: of the layers that differ, but for what follows from when transfers end. layers: which
    of them each layer has. turns: of them all. places: of each of their batches, the batch of
    `turns` that is alike. begins: the first of these of each batch of the design. bubbles: its
    bubbles, if it took no cycles. images: that are simulated. most_burst_size: of `bounds`.
    """

    jobs: tuple[Job, ...]
    ledgers: tuple[Ledger, ...]
    layers: tuple[int, ...]
    turns: Turns
    places: Counts
    begins: Counts
    bubbles: Counts
    images: int
    most_burst_size: int

    @property
    def size_bytes(self) -> int:
        """How much memory they take, about."""
        return self.turns.size_bytes + sum(each.size_bytes for each in self.ledgers)

    def at(self, arch: ArchConfig) -> list[Ledger]:
        """Return the ledgers of all layers on the design at its speed of DRAM.

        Raises InputError where counts would not fit 64 bits.
        """
        if rough_burst_size(arch) > self.most_burst_size:
            check_counts([replace(job, arch=arch) for job in self.jobs], self.images)
        waits = self.turns.waits(arch)[:, self.places]
        cycles, stalls, both = np.add.reduceat(waits, self.begins, axis=1)
        bubbles = self.bubbles + cycles - stalls + both  # M20
        found, end = [], 0
        for ledger in self.ledgers:
            begin, end = end, end + ledger.cycles.size
            changed = {
                "cycles": cycles[begin:end],
                "dram_stall_cycles": stalls[begin:end],
                "port_stall_cycles": ledger.counts["port_stall_cycles"] - both[begin:end],
                "bubble_cycles": bubbles[begin:end],
            }
            found.append(ledger.with_counts(changed))
        return [found[layer] for layer in self.layers]


def at_any_speed(
    jobs: Sequence[Job], calibration: int, images: int, store: WorkStore
) -> AnySpeed | None:
    """Return the layers of a network on a design, whatever DRAM takes.

    None where there are none, or where they are too large to be held. Raises InputError as
    `simulate_layers` does.
    """
    check_layers(jobs, images - calibration)
    own, layers = unlike(jobs)
    if not own or sum(_bytes(job, images - calibration) for job in own) > _LARGEST_BYTES:
        return None
    found = [_Layer.of(job, calibration, images, store) for job in own]
    works = [work for layer in found for work in layer.works]
    simulated = [work.batches.simulated for work in works]
    often = [times for layer in found for times in layer.often]
    ends = list(accumulate(layer.batches for layer in found))
    begins = [
        np.arange(end - layer.batches, end, layer.job.batches_together)
        for layer, end in zip(found, ends, strict=True)
    ]
    ledgers = tuple(layer.ledger for layer in found)
    return AnySpeed(
        tuple(jobs),
        ledgers,
        layers,
        Turns.of(works),
        np.repeat(np.arange(sum(simulated)), np.repeat(often, simulated)),
        np.concatenate(begins),
        np.concatenate([each.counts["bubble_cycles"] for each in ledgers]),
        images - calibration,
        min(most_burst_size(job, images - calibration, len(jobs)) for job in jobs),
    )


class _Layer(NamedTuple):
    """A layer, its blocks of images, and for how many alike batches a batch of each stands."""

    job: Job
    works: list[BlockWork]
    often: list[int]

    @classmethod
    def of(cls, job: Job, calibration: int, images: int, store: WorkStore) -> _Layer:
        """Return a layer over the images of a trace."""
        blocks = list(blocks_of(job, calibration, images))
        works = [work_of(job, block, store) for block in blocks]
        return cls(job, works, [alike_batches(job, block) for block in blocks])

    @property
    def batches(self) -> int:
        """Batches of the layer, of which a batch of the design may be several (M60)."""
        both = zip(self.works, self.often, strict=True)
        return sum(work.batches.simulated * times for work, times in both)

    @property
    def ledger(self) -> Ledger:
        """Its ledger if DRAM took no time, but for its cycles, which are 0."""
        sums = [work.sums for work in self.works]
        every = joined(list(zip(sums, self.often, strict=True)))
        none = np.zeros((len(CLOCKED), every.rows.shape[1]), np.int64)
        return in_batches(self.job, ledger_of(self.job, every.after(CLOCKED, none)))


def _bytes(job: Job, images: int) -> int:
    """Return how much memory a layer's passes and transfers take, about."""
    tiles = job.batch_tiles * (-(-images // job.batch) if job.varies else 1)
    return 8 * tiles * (3 * len(job.passes) + _TILE_NUMBERS)
