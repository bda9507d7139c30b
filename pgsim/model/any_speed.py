"""The layers of a network at any speed of DRAM: all that it decides is when transfers end (M25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.model.block_work import CLOCKED, BlockWork, Turns
from pgsim.model.blocks import blocks_of
from pgsim.model.bounds import check_counts, most_burst_size, rough_burst_size
from pgsim.model.job import Job
from pgsim.model.layer import (
    alike_batches,
    check_layers,
    ledger_of,
    of_all_batches,
    unlike,
    work_of,
)
from pgsim.model.ledger import Ledger, Sums
from pgsim.model.work_store import WorkStore

_LARGEST_BYTES = 2**24  # of what passes and transfers take in all tiles of a network
_TILE_NUMBERS = 4  # of a tile, beside those of its passes


@dataclass(frozen=True)
class AnySpeed:
    """The layers of a network, each with what it is mapped by, whatever DRAM takes.

    ledgers: of the layers that differ, but for what follows from when transfers end. layers: which
    of them each layer has. turns: of them all. places: of each of their batches, the batch of
    `turns` that is alike. bubbles: the same batches', if they took no cycles. images: that are
    simulated. most_burst_size: of `bounds`.
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
        cycles, stalls = np.add.reduceat(waits, self.begins, axis=1)
        bubbles = self.bubbles + cycles - stalls  # M20
        found, end = [], 0
        for ledger in self.ledgers:
            begin, end = end, end + ledger.cycles.size
            changed = {
                "cycles": cycles[begin:end],
                "dram_stall_cycles": stalls[begin:end],
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
    works: list[BlockWork] = []
    ledgers, places, begins, batches, done = [], [], [], 0, 0
    for job in own:
        sums = []
        for block in blocks_of(job, calibration, images):
            works.append(work_of(job, block, store))
            simulated, alike_ones = works[-1].batches.simulated, alike_batches(job, block)
            sums.append((works[-1].sums, alike_ones))
            places.append(np.repeat(np.arange(batches, batches + simulated), alike_ones))
            batches += simulated
        ledgers.append(_without_dram(job, of_all_batches(job, sums)))
        own_batches = sum(each.rows.shape[1] * often for each, often in sums)
        begins.append(np.arange(done, done + own_batches, job.batches_together))
        done += own_batches
    return AnySpeed(
        tuple(jobs),
        tuple(ledgers),
        layers,
        Turns.of(works),
        np.concatenate(places),
        np.concatenate(begins),
        np.concatenate([each.counts["bubble_cycles"] for each in ledgers]),
        images - calibration,
        min(most_burst_size(job, images - calibration, len(jobs)) for job in jobs),
    )


def _without_dram(job: Job, sums: Sums) -> Ledger:
    """Return the ledger of a layer if DRAM took no time, but for its cycles, which are 0."""
    none = np.zeros((len(CLOCKED), sums.rows.shape[1]), np.int64)
    return ledger_of(job, sums.after(CLOCKED, none))


def _bytes(job: Job, images: int) -> int:
    """Return how much memory a layer's passes and transfers take, about."""
    tiles = job.batch_tiles * (-(-images // job.batch) if job.varies else 1)
    return 8 * tiles * (3 * len(job.passes) + _TILE_NUMBERS)
