"""`queue`: every lane drains a FIFO of its own (MODEL.md M13)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes import Counts
from pgsim.arch.paths import path_between_ns
from pgsim.arch.schedulers.scheduler import Issued, IssuedFromBanks, MaskTiles, Scheduler
from pgsim.arch.section import parameter
from pgsim.arch.technology import Technology

if TYPE_CHECKING:
    from pgsim.kernels.banks import Reads


@dataclass(frozen=True)
class Queue(Scheduler):
    """A scanner fills the lanes' FIFOs, and each lane pops one entry in a slot time.

    Against the table's 32 lanes, growth in proportion is +6, +7 and +3 % in area, energy and
    leakage. Depth (16), scan (4) and the bits of an address (8) are held at the synthesized ones.
    So is the path, and others are up to 17 % shorter: at half of that depth, at half and at twice
    that scan.

    Parameters
    ----------
    depth : int
        Entries that the FIFO of a lane holds.
    scan : int
        Slots that the scanner takes in a slot time.
    """

    name = "queue"
    description = "each lane drains a FIFO of its own, filled by a scanner"

    depth: int = parameter(default=16, least=1, most=255)
    scan: int = parameter(default=4, least=1, most=64)

    @property
    def label(self) -> str:
        """The name with depth and scan."""
        return f"{self.name}({self.depth}, {self.scan})"

    def issue(self, tiles: MaskTiles, rates: Counts) -> Issued:
        """Return the slot times, in which every lane that pops reads a vector."""
        from pgsim.kernels.queue import Fifos, queue  # Numba: only if masks are simulated

        slots, shortfalls = queue(*tiles.masks, Fifos(self.depth, self.scan), rates)
        return Issued(slots, tiles.entries, tuple(shortfalls))

    def issue_from_banks(self, tiles: MaskTiles, reads: Reads) -> IssuedFromBanks:
        """Return the slot times, in which every entry's vector is read from its slot's bank."""
        from pgsim.kernels.queue import Fifos, queue_from_banks

        slots, late = queue_from_banks(*tiles.masks, Fifos(self.depth, self.scan), reads)
        return IssuedFromBanks(slots, tiles.entries, late)

    def occupied(self, mask: npt.NDArray[np.bool_], columns: int) -> npt.NDArray[np.bool_]:
        """Return the lanes that pop in every slot time."""
        active = mask[mask.any(axis=1)]
        slots, lanes = np.nonzero(active)
        newest = [-1] * mask.shape[1]  # slot time in which a lane pops its newest entry
        popped: list[int] = []
        now = scanned = 0
        for own in np.split(lanes, np.flatnonzero(np.diff(slots)) + 1):
            taken = own.tolist()
            latest = max([newest[lane] for lane in taken])
            if scanned == self.scan or latest - now + 1 >= self.depth:  # until all have room
                now, scanned = max(now + (scanned == self.scan), latest + 2 - self.depth), 0
            for lane in taken:
                newest[lane] = max(newest[lane] + 1, now)
                popped.append(newest[lane])
            scanned += 1
        occupied = np.zeros((max(popped) + 1, mask.shape[1]), bool)
        occupied[popped, lanes] = True
        return occupied

    def most_vectors(self, columns: int) -> int:
        """Return one for each column."""
        return columns

    def modules(self, columns: int) -> Mapping[str, float]:
        """Return the synthesized scheduler, grown by lanes."""
        return {"scheduler_queue_lanes_16_depth_16_scan_4": columns / 16}

    def path_ns(self, technology: Technology, columns: int) -> float:
        """Return the path through the synthesized numbers of lanes."""
        module = "scheduler_queue_lanes_{}_depth_16_scan_4"
        return path_between_ns(technology, module, (8, 16, 32, 64), columns)

    def further_streams(self, columns: int) -> float:
        """Return a stream for each lane, which ends at its column, beyond the first."""
        return (columns - 1) / 2

    def table_banks(self, columns: int) -> int:
        """Return a bank a lane: one slot goes to other entries in other lanes."""
        return columns

    def table_word_bits(self, columns: int, address_bits: int) -> int:
        """Return the address of the slot that a lane works on."""
        return address_bits

    def further_half_vectors(
        self, issued: Counts, active: Counts, entries: Counts, columns: int
    ) -> Counts:
        """Return a vector for each entry, which ends at its column, half way on average."""
        vectors: Counts = np.maximum(0, entries * (columns + 1) - 2 * issued * columns)
        return vectors

    def table_writes(self, active: Counts, entries: Counts) -> Counts:
        """Return a write for each entry."""
        return entries
