"""`combine`: slots that share no lane are issued together (MODEL.md M12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes import Counts
from pgsim.arch.paths import path_between_ns, path_ns
from pgsim.arch.schedulers.scheduler import (
    InOrder,
    Issued,
    IssuedFromBanks,
    MaskTiles,
    Scheduler,
)
from pgsim.arch.section import parameter
from pgsim.arch.technology import Technology

if TYPE_CHECKING:
    from pgsim.kernels.banks import Reads
    from pgsim.kernels.combine import Table


@dataclass(frozen=True)
class Combine(Scheduler):
    """First fit into a table of open issue slots, oldest first.

    The synthesized scheduler has 8 open slots and grows with them in proportion. Against the
    table's other sizes that is, in area, energy and leakage, +12, +8 and +25 % for 32 lanes, +1, 0
    and +8 % for 4 open slots. Ways (4) and the bits of an address (8) are held at the synthesized
    ones. So is the path, from which those of 2 and of 8 ways are 18 and 4 % away.

    Parameters
    ----------
    ways : int
        Slots that may share an issue slot.
    open : int
        Issue slots that are held open at a time.
    """

    name = "combine"
    description = "slots that share no lane are issued together, the first that fits"

    ways: int = parameter(default=4, least=1, most=64)
    open: int = parameter(default=8, least=1, most=64)

    @property
    def label(self) -> str:
        """The name with ways and open slots."""
        return f"{self.name}({self.ways}, {self.open})"

    def issue(self, tiles: MaskTiles, rates: Counts) -> Issued:
        """Return the issue slots, which read a vector for each slot that shares them."""
        from pgsim.kernels.combine import Table, combine  # Numba: only if masks are simulated

        table = Table(self.ways, self.open)
        if tiles.in_order is not None and not len(rates):
            return Issued(self._in_order(tiles, tiles.in_order, table), tiles.active_slots, ())
        slots, shortfalls = combine(*tiles.masks, table, rates)
        return Issued(slots, tiles.active_slots, tuple(shortfalls))

    def _in_order(self, tiles: MaskTiles, slots: InOrder, table: Table) -> Counts:
        from pgsim.kernels.combine_in_order import combine_in_order  # Numba: only if it is asked

        lanes = int(np.diff(tiles.lane_bounds).max())
        issued: Counts = combine_in_order(*slots, tiles.slot_bounds, table, lanes)
        return issued

    def issue_from_banks(self, tiles: MaskTiles, reads: Reads) -> IssuedFromBanks:
        """Return the issue slots, whose vectors are read from the banks of their slots."""
        from pgsim.kernels.combine import Table, combine_from_banks

        slots, late = combine_from_banks(*tiles.masks, Table(self.ways, self.open), reads)
        return IssuedFromBanks(slots, tiles.active_slots, late)

    def occupied(self, mask: npt.NDArray[np.bool_], columns: int) -> npt.NDArray[np.bool_]:
        """Return the lanes of the slots that share each issue slot, the oldest first."""
        active = mask[mask.any(axis=1)]
        lanes_of_slots = [int.from_bytes(own) for own in np.packbits(active, axis=1)]
        issued: list[tuple[int, int]] = []  # lanes bit by bit, members
        oldest = 0  # that is still held
        joined = np.empty(len(active), np.int64)
        for slot, lanes in enumerate(lanes_of_slots):
            for place in range(oldest, len(issued)):
                taken, members = issued[place]
                if members < self.ways and not taken & lanes:
                    issued[place], joined[slot] = (taken | lanes, members + 1), place
                    break
            else:
                joined[slot] = len(issued)
                issued.append((lanes, 1))
                oldest = max(oldest, len(issued) - self.open)
        occupied = np.zeros((len(issued), mask.shape[1]), bool)
        np.logical_or.at(occupied, joined, active)
        return occupied

    def most_vectors(self, columns: int) -> int:
        """Return the ways, or the columns if they are fewer."""
        return min(self.ways, columns)

    def modules(self, columns: int) -> Mapping[str, float]:
        """Return the synthesized scheduler, grown by lanes and open slots."""
        return {"scheduler_combine_lanes_16_ways_4_open_8": columns / 16 * self.open / 8}

    def path_ns(self, technology: Technology, columns: int) -> float:
        """Return the path through the synthesized numbers of lanes, times that of open slots."""
        lanes = "scheduler_combine_lanes_{}_ways_4_open_8"
        slots = "scheduler_combine_lanes_16_ways_4_open_{}"
        path = path_between_ns(technology, lanes, (8, 16, 32, 64), columns)
        path *= path_between_ns(technology, slots, (4, 8, 16), self.open)
        return path / path_ns(technology, slots.format(8))

    def further_streams(self, columns: int) -> float:
        """Return a stream for each way beyond the first."""
        return self.most_vectors(columns) - 1

    def table_word_bits(self, columns: int, address_bits: int) -> int:
        """Return an address for each way, and each lane's way."""
        streams = self.most_vectors(columns)
        return streams * address_bits + columns * (streams - 1).bit_length()

    def further_half_vectors(
        self, issued: Counts, active: Counts, entries: Counts, columns: int
    ) -> Counts:
        """Return the vectors beyond the issue slots', each of which passes all columns."""
        return 2 * (active - issued) * columns
