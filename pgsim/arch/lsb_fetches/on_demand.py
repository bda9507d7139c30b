"""`on_demand`: what only gated passes use is fetched as open gates need it (MODEL.md M24)."""

from __future__ import annotations

from collections.abc import Iterable

from pgsim.arch.lsb_fetches.lsb_fetch import LSBFetch
from pgsim.schemes import Pass, union


class OnDemand(LSBFetch):
    """Planes of dense passes come ahead of need, and all others where a gate is open."""

    name = "on_demand"
    description = "planes that only gated passes use are fetched as open gates need them"

    def ahead(self, passes: Iterable[Pass]) -> int:
        """Return the planes of passes that no gate steers."""
        return union(each.activation for each in passes if not each.gated)
