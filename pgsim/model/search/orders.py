"""The orders of loops: those that are alike, and which of them stands for all (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pgsim.arch import LOOPS, Counts
from pgsim.mapping import Nest, loop_sizes
from pgsim.model.job import Job


def nest_of(job: Job, blocks: Counts, order: Sequence[int] | Counts, picks: Counts) -> Nest:
    """Return the nest of a search's picks, its order the first in the alphabet that is alike.

    blocks: int64 (5, most sizes), the sizes that were picked from. order: loops, outermost first.
    """
    sizes = loop_sizes(job.shape, job.batch)
    n, p, q, k, c = (int(blocks[loop, pick]) for loop, pick in enumerate(picks.tolist()))
    found = Nest("", sizes, (n, p, q, k, c))
    moving = [LOOPS[loop] for loop in order if found.trips[loop] > 1]
    return replace(found, order=alphabetical(moving))


def alphabetical(moving: Sequence[str]) -> str:
    """Return all loops in the first order of the alphabet in which these keep theirs.

    Loops of one block may stand anywhere.

    Examples
    --------
    >>> alphabetical(["P", "K"])
    'CNPKQ'
    """
    still, left = sorted(set(LOOPS) - set(moving)), list(moving)
    order = ""
    while still or left:
        takes = still if still and (not left or still[0] < left[0]) else left
        order += takes.pop(0)
    return order
