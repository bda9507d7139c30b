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
    from pgsim.kernels.nest_problem import Cost, Problem

_ROUNDED = 1 - 1e-9  # bounds are sums of floats


def gated_nest(job: Job, goal: Goal, fixed: Cost, block: Block, store: WorkStore) -> Nest | None:
    """Return the nest that costs some batches least, None where the fixed order costs less.

    fixed: what they cost in the fixed order. block: the batches.
    """
    from pgsim.kernels.nest_value import better  # Numba: only if nests are searched

    problem = problem_of(job, goal)
    blocks = problem.loops.blocks
    choices, least = bounds_of(job, problem)
    windows = Windows(job, goal, block, store)
    # Nothing is left of a gated pass where lanes pack without a gap.
    least = windows.with_trailing(least * block.batches, windows.ideal_cycles)
    likely = goal.values(least) * _ROUNDED <= fixed.value
    choices, least = choices[likely], least[likely]
    least = windows.with_bursts(least, bursts_of(job, problem, choices) * block.batches)
    values = goal.values(least) * _ROUNDED
    best, chosen = fixed, None
    for place in np.lexsort((-volumes(blocks, choices), values)).tolist():
        if values[place] > best.value:
            break
        own, any_order = least[place : place + 1], nest_of(job, blocks, range(5), choices[place])
        if any(
            goal.values(windows.with_trailing(own, cycles(any_order)))[0] * _ROUNDED > best.value
            for cycles in (windows.fullest_cycles, windows.issued_cycles)
        ):
            continue
        for nest, bursts in _orders(job, blocks, choices[place]):
            moved = windows.with_bursts(own, np.array([bursts * block.batches]))
            if goal.values(moved)[0] * _ROUNDED > best.value:
                continue
            cost = goal.cost(simulate_nest(replace(job, nest=nest), block, store), nest.volume)
            is_better, is_same = better(cost, best)
            if is_better or (is_same and chosen is not None and nest.tie < chosen.tie):
                best, chosen = cost, nest
    return chosen


def bounds_of(job: Job, problem: Problem) -> tuple[Counts, Floats]:
    """Return the choices of block sizes, and what leading passes cost at least, as `bounds`."""
    from pgsim.kernels.nest_bound import bounds  # Numba: only if nests are searched

    choices, least = bounds(problem, MOST_BLOCKS, 4096)
    several = choices[:, IN_CHANNELS] > 0
    if several.any():
        _, apart = bounds(_of_first_pass(job, problem), MOST_BLOCKS, 4096)
        least[several] = apart[several]
    return choices, least


def bursts_of(job: Job, problem: Problem, choices: Counts) -> Counts:
    """Return the bursts that choices of block sizes move at least, int64 (choices,)."""
    from pgsim.kernels.nest_bound import compulsory_bits
    from pgsim.kernels.nest_search import refined  # Numba: only if nests are searched

    several = choices[:, IN_CHANNELS] > 0
    bursts = np.empty(several.size, np.int64)
    for own, which in ((problem, ~several), (_of_first_pass(job, problem), several)):
        bursts[which] = refined(own, choices[which], compulsory_bits(own), True)
    return bursts


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

    def with_bursts(self, least: Floats, bursts: Counts) -> Floats:
        """Return costs, as `bounds` gives them, of what moves at least so many bursts."""
        costs, prices = least.copy(), self.goal.prices
        more = np.maximum(0, bursts - least[:, 1])
        costs[:, 1] += more
        moved = costs[:, 1] * float(self.job.arch.dram_cycles.burst) * _ROUNDED
        costs[:, 0] = np.maximum(least[:, 0], moved)
        ways = ("activation_read", "weight_read", "sum_read", "write")
        costs[:, 2] += more * min(prices[f"dram_{way}_bursts"] for way in ways)
        costs[:, 2] += (costs[:, 0] - least[:, 0]) * prices["cycles"]
        return costs

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


def _of_first_pass(job: Job, problem: Problem) -> Problem:
    """Return a problem that fetches the planes of the first pass alone.

    Of several C blocks that are not held, each pass fetches its own planes, and a gated one none
    where the gate needs none (M40).
    """
    widths, first = problem.widths, job.passes[0]
    return problem._replace(
        widths=widths._replace(
            activation=min(widths.activation, first.activation_bits),
            weight=min(widths.weight, first.weight_bits),
        )
    )


def _orders(job: Job, blocks: Counts, picks: Counts) -> Iterator[tuple[Nest, int]]:
    """Return the nests of one choice of block sizes that differ in what they move.

    With each comes how many bursts it moves at least. Of those alike, the first in the alphabet
    comes.
    """
    whole = nest_of(job, blocks, range(5), picks)
    moving = [loop for loop in range(4) if whole.trips[loop] > 1]
    inner = (IN_CHANNELS,) if whole.trips[IN_CHANNELS] > 1 else ()
    nests = [nest_of(job, blocks, (*order, *inner), picks) for order in permutations(moving)]
    seen = set()
    for nest in sorted(nests, key=lambda each: each.order):
        own = blocks_of_nest(replace(job, nest=nest))
        plans = job.passes if inner else ()
        moved = (
            own.indices[3].tobytes(),
            own.bursts.tobytes(),
            own.tiles.windows.tobytes(),
            *(own.bursts_of(plan).tobytes() for plan in plans),
        )
        if moved not in seen:
            seen.add(moved)
            own_runs = job.shape.groups * job.shape.runs_per_batch
            bursts = own.bursts.sum(axis=(1, 2))
            if inner:  # the gated passes may fetch nothing
                bursts = np.minimum(bursts, own.bursts_of(job.passes[0]).sum(axis=(1, 2)))
            bursts *= own_runs
            if job.shape.runs_per_batch > 1:
                bursts[1] = 0  # weights may come once
            yield nest, int(bursts.sum())
