"""`skip`: the slots with an active lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes import Counts
from pgsim.arch.paths import path_between_ns
from pgsim.arch.schedulers.scheduler import (
    Issued,
    IssuedFromBanks,
    MaskTiles,
    Scheduler,
    even_shortfalls,
)
from pgsim.arch.technology import Technology

if TYPE_CHECKING:
    from pgsim.kernels.banks import Reads


@dataclass(frozen=True)
class Skip(Scheduler):
    """Drops slots that have nothing to do."""

    name = "skip"
    description = "slots with an active lane are issued, the others dropped"
    keeps_slots_apart = True

    def issue(self, tiles: MaskTiles, rates: Counts) -> Issued:
        """Return the active slots, each a vector."""
        active = tiles.active_slots
        return Issued(active, active, even_shortfalls(active, rates))

    def issue_from_banks(self, tiles: MaskTiles, reads: Reads) -> IssuedFromBanks:
        """Return the active slots, which may all lie in one bank."""
        from pgsim.kernels.banks import active_slots  # Numba: only if masks are simulated

        active = tiles.active_slots
        return IssuedFromBanks(active, active, active_slots(*tiles.masks, reads))

    def occupied(self, mask: npt.NDArray[np.bool_], columns: int) -> npt.NDArray[np.bool_]:
        """Return the active slots as they are."""
        return np.asarray(mask[mask.any(axis=1)])

    def most_vectors(self, columns: int) -> int:
        """Return 1: an issued slot is one slot."""
        return 1

    def modules(self, columns: int) -> Mapping[str, float]:
        """Return the synthesized scheduler, grown by lanes."""
        return {"scheduler_skip_lanes_16": columns / 16}

    def path_ns(self, technology: Technology, columns: int) -> float:
        """Return the path through the synthesized sizes."""
        return path_between_ns(technology, "scheduler_skip_lanes_{}", (16, 32), columns)

    def further_streams(self, columns: int) -> float:
        """Return 0: every PE has the one stream that it needs."""
        return 0

    def table_word_bits(self, columns: int, address_bits: int) -> int:
        """Return the address of the slot."""
        return address_bits

    def further_half_vectors(
        self, issued: Counts, active: Counts, entries: Counts, columns: int
    ) -> Counts:
        """Return 0 vectors beyond one an issued slot."""
        return np.zeros_like(entries)
