"""`ideal`: the bound that no scheduler beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes import Counts
from pgsim.arch.schedulers.scheduler import Issued, MaskTiles
from pgsim.arch.schedulers.skip import Skip


@dataclass(frozen=True)
class Ideal(Skip):
    """Any entry on any column. No hardware does that; it is priced as `skip`."""

    name = "ideal"
    description = "entries packed without a gap: a bound, no hardware"
    splits_lanes = True
    keeps_slots_apart = False

    def issue(self, tiles: MaskTiles, rates: Counts) -> Issued:
        """Return the entries, packed into whole slots."""
        return Issued(-(-tiles.entries // tiles.columns), tiles.active_slots, ())

    def issue_alike(self, tiles: MaskTiles) -> Issued:
        """Return the entries, packed into whole slots."""
        return Issued(-(-tiles.entries // tiles.columns), tiles.active_slots, ())

    def occupied(self, mask: npt.NDArray[np.bool_], columns: int) -> npt.NDArray[np.bool_]:
        """Return issue slots that are full but for the last, whose first columns are."""
        entries = int(mask.sum())
        issued = -(-entries // columns)
        return np.arange(issued * columns).reshape(issued, columns) < entries

    def most_vectors(self, columns: int) -> int:
        """Return 0: no port limits it."""
        return 0
