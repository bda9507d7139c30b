"""`with_msb`: all planes of an activation are fetched together."""

from __future__ import annotations

from collections.abc import Iterable

from pgsim.arch.lsb_fetches.lsb_fetch import LSBFetch
from pgsim.schemes import Pass, union


class WithMSB(LSBFetch):
    """Nothing is fetched on demand."""

    name = "with_msb"
    description = "all planes of an activation are fetched together"

    def ahead(self, passes: Iterable[Pass]) -> int:
        """Return the planes of all passes."""
        return union(each.activation for each in passes)
