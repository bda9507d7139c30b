"""`dense`: every slot, active or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes import Counts
from pgsim.arch.schedulers.scheduler import Issued, IssuedFromBanks, MaskTiles, even_shortfalls
from pgsim.arch.schedulers.skip import Skip
from pgsim.arch.technology import Technology

if TYPE_CHECKING:
    from pgsim.kernels.banks import Reads


@dataclass(frozen=True)
class Dense(Skip):
    """No scheduler at all: idle lanes are carried along."""

    name = "dense"
    description = "every slot is issued, active or not"
    packs = False

    def issue(self, tiles: MaskTiles, rates: Counts) -> Issued:
        """Return all slots, each a vector."""
        return Issued(tiles.slots, tiles.slots, even_shortfalls(tiles.slots, rates))

    def issue_from_banks(self, tiles: MaskTiles, reads: Reads) -> IssuedFromBanks:
        """Return all slots, which lie in the banks in turn."""
        from pgsim.kernels.banks import all_slots  # Numba: only if masks are simulated

        late = all_slots(np.diff(tiles.slot_bounds), reads)
        return IssuedFromBanks(tiles.slots, tiles.slots, np.broadcast_to(late, tiles.slots.shape))

    def issue_alike(self, tiles: MaskTiles) -> Issued:
        """Return all slots, each a vector."""
        return Issued(tiles.slots, tiles.slots, ())

    def issue_alike_from_banks(self, tiles: MaskTiles, reads: Reads) -> IssuedFromBanks:
        """Return all slots, which lie in the banks in turn."""
        return self.issue_from_banks(tiles, reads)

    def occupied(self, mask: npt.NDArray[np.bool_], columns: int) -> npt.NDArray[np.bool_]:
        """Return all slots as they are."""
        return mask

    def modules(self, columns: int) -> Mapping[str, float]:
        """Return nothing: there is no scheduler."""
        return {}

    def path_ns(self, technology: Technology, columns: int) -> float:
        """Return 0: there is no scheduler."""
        return 0

    def table_word_bits(self, columns: int, address_bits: int) -> int:
        """Return 0: there is no issue table."""
        return 0
