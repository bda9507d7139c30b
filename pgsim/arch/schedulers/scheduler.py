"""What every LSB scheduler is: what it issues for a mask, and what it costs (MODEL.md M11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes import Counts, Words
from pgsim.arch.technology import Technology
from pgsim.errors import InputError

if TYPE_CHECKING:
    from pgsim.kernels.banks import Reads

Rates = Iterable[Sequence[int] | Counts]  # of ports, three numbers each


class InOrder(NamedTuple):
    """The lanes of every slot, and an order of slots.

    lanes: uint64 (batches, lane groups, slots), bit by bit. order: int64, slots, window by window;
    a slot may be in several windows.
    """

    lanes: Words
    order: Counts


@dataclass(frozen=True)
class MaskTiles:
    """The tiles of a mask, as a scheduler sees them.

    rows: returns uint64 (batches, lanes, words), a lane's slots packed; called only by schedulers
    that look at bits. lanes: int64, the row of each lane in lane-group order. lane_bounds,
    slot_bounds: int64, where lane groups and windows begin, and the end of the last. columns: of
    the array. Counts are int64 (batches, lane groups, windows): slots of each tile, those with an
    active lane, and mask bits set. in_order: the same as `rows` has, for schedulers that look at
    slots in another order than the mask has them; None where that is their own order.
    """

    rows: Callable[[], Words]
    lanes: Counts
    lane_bounds: Counts
    slot_bounds: Counts
    columns: int
    slots: Counts
    active_slots: Counts
    entries: Counts
    in_order: InOrder | None = None

    @property
    def masks(self) -> tuple[Words, Counts, Counts, Counts]:
        """The mask and the bounds of its tiles, as kernels take them."""
        return self.rows(), self.lanes, self.lane_bounds, self.slot_bounds


@dataclass(frozen=True)
class Issued:
    """What a scheduler issues in every tile, int64 (batches, lane groups, windows) each.

    slots: issued slots. vectors: operand vectors read for them. shortfall_bits: for each of the
    pass's port rates, by how many bits the port is behind at most (M21).
    """

    slots: Counts
    vectors: Counts
    shortfall_bits: tuple[Counts, ...]


@dataclass(frozen=True)
class IssuedFromBanks:
    """What a scheduler issues in every tile, and how late the banks of its vectors are.

    slots, vectors: as in `Issued`. late_cycles: at least 0 (M43). int64 (batches, lane groups,
    windows) each.
    """

    slots: Counts
    vectors: Counts
    late_cycles: Counts


@dataclass(frozen=True)
class Scheduler:
    """Turns a window's mask into issued slots; its fields are keys of the file's `lsb`.

    keeps_slots_apart: whether a slot keeps its row, so that its sum is where it was left (M22).
    packs: whether it ever issues fewer slots than there are. splits_lanes: whether it may issue
    fewer slots than its fullest lane has entries (M14).
    """

    name: ClassVar[str]
    description: ClassVar[str]
    keeps_slots_apart: ClassVar[bool] = False
    packs: ClassVar[bool] = True
    splits_lanes: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """The name with the parameters that matter."""
        return self.name

    def issue(self, tiles: MaskTiles, rates: Counts) -> Issued:
        """Return what is issued in every tile of a mask.

        rates: of the ports, int64 (rates, 3): issued slots of a beat, bits that the array needs of
        each vector, bits that the port brings until the next beat (`model.ports.SlotReads`).
        """
        raise NotImplementedError

    def issue_from_banks(self, tiles: MaskTiles, reads: Reads) -> IssuedFromBanks:
        """Return what is issued where the banks of the slots' operand are looked at (M43).

        reads: how the pass reads them. `late_cycles` says how late they are in a tile.
        """
        raise NotImplementedError

    def issue_alike(self, tiles: MaskTiles) -> Issued:
        """Return what is issued where all lanes of a slot are active or none is (M52).

        No two such slots fit one issue slot, and one vector serves all lanes. So this is what every
        scheduler issues that drops slots. Shortfalls are left out.
        """
        return Issued(tiles.active_slots, tiles.active_slots, ())

    def issue_alike_from_banks(self, tiles: MaskTiles, reads: Reads) -> IssuedFromBanks:
        """Return the same, and how late the banks are (M43)."""
        from pgsim.kernels.banks import active_slots  # Numba: only if masks are simulated

        issued = self.issue_alike(tiles)
        return IssuedFromBanks(issued.slots, issued.vectors, active_slots(*tiles.masks, reads))

    def occupied(self, mask: npt.NDArray[np.bool_], columns: int) -> npt.NDArray[np.bool_]:
        """Return in which columns an output is computed in every issue slot of a tile (M27).

        mask: bool (slots, lanes). columns: of the array. Returns bool (issued slots, columns or
        lanes), with as many entries as the mask has. Raises InputError for a scheduler that does
        not say.
        """
        raise InputError(
            f"lsb.scheduler {self.name} does not say where its outputs are computed: expected one "
            f"with a method `occupied` for a map of the array"
        )

    def most_vectors(self, columns: int) -> int:
        """Return the most operand vectors that one issued slot reads; 0 if no port limits it."""
        raise NotImplementedError

    def modules(self, columns: int) -> Mapping[str, float]:
        """Return the synthesized modules that the scheduler is made of (M29).

        Schedulers are synthesized for 16 lanes and grow with the lanes in proportion.
        """
        raise NotImplementedError

    def path_ns(self, technology: Technology, columns: int) -> float:
        """Return the critical path of the scheduler of so many lanes in ns, 0 without one (M45).

        Raises InputError where the technology's synthesis table lacks a module.
        """
        raise NotImplementedError

    def further_streams(self, columns: int) -> float:
        """Return the operand streams that a PE has beyond one, on average (M29)."""
        raise NotImplementedError

    def table_banks(self, columns: int) -> int:
        """Return the banks of the issue table: words at one address are an issue slot's entry."""
        return 1

    def table_word_bits(self, columns: int, address_bits: int) -> int:
        """Return the bits of a word of the issue table, if slots have so many bits of address."""
        raise NotImplementedError

    def further_half_vectors(
        self, issued: Counts, active: Counts, entries: Counts, columns: int
    ) -> Counts:
        """Return twice the operand vectors beyond one an issued slot, each times the PEs it passes.

        issued, active: slots of a layer. entries: its mask bits set. Twice, because a vector may
        pass half of the columns on average (M28).
        """
        raise NotImplementedError

    def table_writes(self, active: Counts, entries: Counts) -> Counts:
        """Return the words written to the issue table (M28)."""
        return active


def even_shortfalls(slots: Counts, rates: Rates) -> tuple[Counts, ...]:
    """Return the shortfalls of issued slots that read one vector each.

    They grow or shrink from beat to beat alike, so the first, short beat or the last one has the
    largest.
    """
    shortfalls = []
    for beat_slots, vector_bits, beat_port_bits in rates:
        beats = -(-slots // beat_slots)
        first_slots = slots - (beats - 1) * beat_slots
        in_first = first_slots * vector_bits - beat_port_bits
        in_last = slots * vector_bits - beats * beat_port_bits
        shortfalls.append(np.maximum(in_first, in_last))
    return tuple(shortfalls)


def late_cycles(issues: Counts, places: Counts, reads: Reads) -> int:
    """Return by how many cycles banks are late with the vectors of one tile, at least 0 (M43).

    issues: int64, the issue slot that reads each vector, the last one included. places: int64, the
    slots of the window that the vectors are of.
    """
    from pgsim.kernels.banks import (
        Vectors,
        beats_of,
        lateness,
    )  # Numba: only if masks are simulated

    issued = int(issues.max()) + 1 if issues.size else 0
    vectors = Vectors(issues.astype(np.int64), places.astype(np.int64))
    late: int = lateness(vectors, issues.size, issued, reads, beats_of(issued, reads))
    return late
