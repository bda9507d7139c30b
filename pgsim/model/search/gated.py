"""The search for the nest of a layer that a mask steers, on its masks (MODEL.md M41).

Deep windows pack better, and leave room for fewer channels: what a block issues decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import Counts, Rate
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
    values = goal.values(windows.with_trailing(least, windows.ideal_cycles))
    best, chosen = fixed, None
    blocks = problem.loops.blocks
    for place in np.lexsort((-volumes(blocks, choices), values)).tolist():
        if values[place] * _ROUNDED > best.value:
            break
        any_order = nest_of(job, blocks, range(5), choices[place])
        if any(
            goal.values(windows.with_trailing(least[place : place + 1], cycles(any_order)))[0]
            * _ROUNDED
            > best.value
            for cycles in (windows.fullest_cycles, windows.issued_cycles)
        ):
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
    _known: dict[tuple[object, ...], float] = field(default_factory=dict)

    @cached_property
    def ideal_cycles(self) -> float:
        """Cycles of the gated passes at least, whatever the blocks: lanes pack without a gap."""
        entries = int(MaskWork(self.job, self.block, self.store).activity[1].sum())
        flow, array = self.job.flow, self.job.arch.array
        slots = -(-entries // array.columns)
        return float(sum(flow.issued_cycles(slots, array.rows, rate) for rate in self._rates))

    def fullest_cycles(self, nest: Nest) -> float:
        """Return their cycles at least in a nest's blocks: their fullest lanes'."""
        return self._of_blocks("fullest", nest, self._fullest)

    def issued_cycles(self, nest: Nest) -> float:
        """Return their cycles in a nest's blocks, edges and waits apart."""
        return self._of_blocks("issued", nest, self._issued)

    def _of_blocks(self, what: str, nest: Nest, cycles: Callable[[MaskWork], float]) -> float:
        key = (what, nest.blocks[:IN_CHANNELS])
        if key not in self._known:
            tiles = blocks_of_nest(replace(self.job, nest=nest)).tiles
            job = replace(self.job, nest=nest, tiles=tiles)
            self._known[key] = cycles(MaskWork(job, self.block, self.store))
        return self._known[key]

    def _fullest(self, work: MaskWork) -> float:
        _, entries, fullest = work.activity
        slots = -(-entries // self.job.arch.array.columns)
        if not self.job.arch.scheduler.splits_lanes:
            slots = np.maximum(slots, fullest)
        return self._steady(slots)

    def _issued(self, work: MaskWork) -> float:
        return self._steady(work.issued(np.empty((0, 3), np.int64)).slots)

    def _steady(self, slots: Counts) -> float:
        flow, rows = self.job.flow, self.job.arch.array.rows
        return float(
            sum(
                (flow.folds(slots, rows, rate) * flow.fold_cycles(slots, rate)).sum()
                for rate in self._rates
            )
        )

    @cached_property
    def _rates(self) -> list[Rate]:
        """How the array takes the gated passes."""
        return [
            rate for plan, rate in zip(self.job.passes, self.job.rates, strict=True) if plan.gated
        ]

    def with_trailing(self, least: Floats, cycles: float) -> Floats:
        """Return costs of leading passes, as `bounds` gives them, with the gated passes' cycles."""
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
