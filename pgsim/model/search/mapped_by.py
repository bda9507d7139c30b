"""What a layer is mapped by once it was searched for, and how that is written (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from pgsim.arch import LOOPS
from pgsim.mapping import Nest, loop_sizes
from pgsim.mapping.nest import nest_of_blocks
from pgsim.model.job import Job

_FIXED, _ROOM = "fixed", "room"  # the fixed order, in windows of as many slots as there is room for


class Choice(NamedTuple):
    """What a layer is mapped by: a nest, or else the fixed order.

    window: slots of its windows, None where they are as many as there is room for.
    """

    nest: Nest | None = None
    window: int | None = None

    @property
    def words(self) -> list[str]:
        """The choice as words: a nest's letters, its blocks, and what it leaves unheld."""
        if self.nest is None:
            return [_FIXED, _ROOM if self.window is None else str(self.window)]
        return [self.nest.order, *map(str, self.nest.blocks), *self.nest.unheld]


def choice_of(words: Sequence[str], job: Job) -> Choice:
    """Return the choice for a layer that `Choice.words` wrote."""
    order, *others = words
    if order == _FIXED:
        return Choice(window=None if others == [_ROOM] else int(others[0]))
    blocks = tuple(map(int, others[: len(LOOPS)]))
    nest = nest_of_blocks(order, loop_sizes(job.shape, job.batch), blocks)
    return Choice(replace(nest, unheld=tuple(others[len(LOOPS) :])))
