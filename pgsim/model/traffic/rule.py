"""What every rule of traffic is: counts that it declares, and how it counts them in every tile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.lazy import lazy
from pgsim.model.holding import fetched_once, lane_loads
from pgsim.model.job import Job
from pgsim.model.ledger import Count
from pgsim.model.mask_work import MaskWork
from pgsim.model.passes import Timings


@dataclass(frozen=True)
class Tiles:
    """The tiles of a job whose traffic is counted.

    timings: what each pass issues in them. mask: of a gated layer that no nest maps. batches: that
    are simulated. runs: that are simulated of each batch, the first ones; None for all of them.
    """

    job: Job
    timings: Timings
    mask: MaskWork | None
    batches: int
    runs: int | None = field(default=None, kw_only=True)

    @lazy
    def once(self) -> npt.NDArray[np.bool_]:
        """Whether the operands of the lanes are fetched once, bool (lane groups,) (M23)."""
        return fetched_once(self.job)

    @lazy
    def loads(self) -> list[Counts]:
        """How often each pass of every tile reads the operands of its lanes (M18, M22)."""
        return lane_loads(self.job, self.timings)


@dataclass(frozen=True)
class TrafficRule:
    """Counts that a module declares, and the function that counts them.

    counted: returns int64 by name of a count, which broadcast to the tiles (runs, groups, lane
    groups, windows).
    """

    counts: tuple[Count, ...]
    counted: Callable[[Tiles], Mapping[str, Counts]]

    def of(self, tiles: Tiles) -> Mapping[str, Counts]:
        """Return what the rule counts in every tile.

        Raises ValueError where that is not just what it declares.
        """
        found = self.counted(tiles)
        if found.keys() != self._declared:
            wrong = sorted(found.keys() ^ self._declared)
            raise ValueError(f"a rule of traffic counts or declares {wrong}, and not both")
        return found

    @lazy
    def _declared(self) -> frozenset[str]:
        return frozenset(each.name for each in self.counts)


def added(counts: Sequence[Counts]) -> Counts:
    """Return counts of one pass or more added up."""
    return sum(counts[1:], counts[0])
