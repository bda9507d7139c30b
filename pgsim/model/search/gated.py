"""The search for the nest of a layer that a mask steers, on its masks (MODEL.md M41).

Deep windows pack better, and leave room for fewer channels: what a block issues decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping import Nest
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork, WorkStore
from pgsim.model.nests import blocks_of_nest, simulate_nest
from pgsim.model.search.dense import MOST_BLOCKS
from pgsim.model.search.goal import Floats, Goal
from pgsim.model.search.orders import nest_of
from pgsim.model.search.problem import problem_of

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost

_ROUNDED = 1 - 1e-9  # bounds are sums of floats


def gated_nest(job: Job, goal: Goal, fixed: Cost, block: Block, store: WorkStore) -> Nest | None:
    """Return the nest that costs some batches least, None where the fixed order costs less.

    fixed: what they cost in the fixed order. block: the batches.
    """
    from pgsim.kernels.nest_bound import better, bounds  # Numba: only if nests are searched

    problem = problem_of(job, goal)
    choices, least = bounds(problem, MOST_BLOCKS, 4096)
    windows = Windows(job, goal, block, store)
    least *= block.batches
    # Nothing is left of a gated pass where lanes pack without a gap.
    values = goal.values(windows.with_trailing(least, windows.ideal_slots))
    best, chosen = fixed, None
    blocks = problem.loops.blocks
    for place in np.lexsort((-volumes(blocks, choices), values)).tolist():
        if values[place] * _ROUNDED > best.value:
            break
        any_order = nest_of(job, blocks, range(5), choices[place])
        own = windows.with_trailing(least[place : place + 1], windows.least_slots(any_order))
        if goal.values(own)[0] * _ROUNDED > best.value:
            continue
        for nest in _orders(job, blocks, choices[place]):
            cost = goal.cost(simulate_nest(replace(job, nest=nest), block, store), nest.volume)
            is_better, is_same = better(cost, best)
            if is_better or (is_same and chosen is not None and nest.order < chosen.order):
                best, chosen = cost, nest
    return chosen


@dataclass(frozen=True)
class Windows:
    """The masks of a layer in some batches, and what gated passes take at least."""

    job: Job
    goal: Goal
    block: Block
    store: WorkStore
    _known: dict[tuple[int, ...], int] = field(default_factory=dict)

    @cached_property
    def ideal_slots(self) -> int:
        """Slots that gated passes issue at least, whatever the blocks."""
        entries = self._activity(self.job)[1].sum()
        return -(-int(entries) // self.job.arch.array.columns)

    def least_slots(self, nest: Nest) -> int:
        """Return the slots that gated passes issue at least in a nest's blocks: of fullest lanes."""
        key = nest.blocks[:IN_CHANNELS]
        if key not in self._known:
            tiles = blocks_of_nest(replace(self.job, nest=nest)).tiles
            _, entries, fullest = self._activity(replace(self.job, nest=nest, tiles=tiles))
            slots = -(-entries // self.job.arch.array.columns)
            if not self.job.arch.scheduler.splits_lanes:
                slots = np.maximum(slots, fullest)
            self._known[key] = int(slots.sum())
        return self._known[key]

    def _activity(self, job: Job) -> tuple[Counts, ...]:
        return MaskWork(job, self.block, self.store).activity

    def with_trailing(self, least: Floats, slots: int) -> Floats:
        """Return costs of leading passes, as `bounds` gives them, with the gated passes' cycles.

        slots: that each gated pass issues at least.
        """
        job, flow = self.job, self.job.flow
        cycles = 0.0
        for plan, rate in zip(job.passes[job.leading :], job.rates[job.leading :], strict=True):
            if plan.gated:
                cycles += float(flow.issued_cycles(slots, job.arch.array.rows, rate))
        costs = least.copy()
        costs[:, 0] = np.maximum(least[:, 0], least[:, 3] + cycles)
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * self.goal.prices["cycles"]
        return costs


def volumes(blocks: Counts, choices: Counts) -> Counts:
    """Return the size of a block of each choice, int64 (choices,)."""
    sizes: Counts = np.prod([blocks[loop, choices[:, loop]] for loop in range(5)], axis=0)
    return sizes


def _orders(job: Job, blocks: Counts, picks: Counts) -> Iterator[Nest]:
    """Return the nests of one choice of block sizes that differ in what they move."""
    whole = nest_of(job, blocks, range(5), picks)
    moving = [loop for loop in range(4) if whole.trips[loop] > 1]
    inner = (IN_CHANNELS,) if whole.trips[IN_CHANNELS] > 1 else ()
    seen = set()
    for order in permutations(moving):
        nest = nest_of(job, blocks, (*order, *inner), picks)
        own = blocks_of_nest(replace(job, nest=nest))
        moved = (own.indices[3].tobytes(), own.bursts.tobytes(), own.tiles.windows.tobytes())
        if moved not in seen:
            seen.add(moved)
            yield nest
