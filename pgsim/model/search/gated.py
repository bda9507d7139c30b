"""The search for the nest of a layer that a mask steers, on its masks (MODEL.md M41).

Deep windows pack better, and leave room for fewer channels: what a block issues decides.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import LOOPS, Counts
from pgsim.mapping import Nest, loop_sizes
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.mask_work import WorkStore
from pgsim.model.search.dense import MOST_BLOCKS
from pgsim.model.search.goal import Floats, Goal
from pgsim.model.search.problem import problem_of
from pgsim.model.search.sized import SizedLayer
from pgsim.model.search.windows import Windows

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost, Problem

_AT_FIRST = 32  # choices whose masks are looked at together


def gated_nest(
    job: Job, goal: Goal, fixed: Cost, images: Block, store: WorkStore
) -> tuple[Nest, Cost] | None:
    """Return the nest that costs some batches least, and what it costs.

    None where the fixed order costs less.

    fixed: what they cost in the fixed order. images: the batches.
    """
    store = store if store.keeps else WorkStore()  # many choices share what they ask of the masks
    problem = problem_of(job, goal, store)
    windows = Windows(job, goal, images, store)
    sizes, least = _likely(problem, windows, fixed)
    bounds = goal.least(least)
    whole = loop_sizes(job.shape, job.batch)
    best = Best(fixed)
    for part in _parts(_least_first(bounds, -sizes.prod(axis=1))):
        part = part[goal.may_win(bounds[part], best.cost)]
        if not part.size:
            break
        own = windows.with_trailing(least[part], windows.fullest_cycles(sizes[part]))
        told = goal.least(own)
        for place in _least_first(told, part).tolist():
            if not goal.may_win(told[place : place + 1], best.cost)[0]:
                continue
            n, p, q, k, c = block = sizes[part[place]].tolist()
            issued = windows.with_issued(own[place : place + 1], block)
            if not goal.may_win(goal.least(issued), best.cost)[0]:
                continue
            sized = SizedLayer.of(job, Nest(LOOPS, whole, (n, p, q, k, c)), images, store)
            best = _with_orders(sized, goal, issued[0], best)
    return None if best.nest is None else (best.nest, best.exactly(goal).cost)


def _likely(problem: Problem, windows: Windows, fixed: Cost) -> tuple[Counts, Floats]:
    """Return sizes of blocks that may cost no more than the fixed order, and what they cost.

    Returns int64 (choices, 5), and float64 (choices, 4), at least, as `choices_of`.
    """
    job, goal, batches = windows.job, windows.goal, windows.block.batches
    choices, least = bounds_of(job, problem)
    sizes = problem.loops.blocks[np.arange(5), choices]
    # Nothing is left of a gated pass where lanes pack without a gap.
    least = windows.with_trailing(least * batches, windows.ideal_cycles)
    least[:, 2] += windows.trailing_pj(sizes[:, IN_CHANNELS])
    likely = goal.may_win(goal.least(least), fixed)
    choices, least = choices[likely], least[likely]
    least = windows.with_bursts(least, bursts_of(job, problem, choices) * batches)
    return sizes[likely], least


def _least_first(bounds: Floats, ties: Counts) -> Counts:
    """Return places in the order of what costs least; bounds: of `Goal.least`."""
    value, bursts, cycles = bounds.T
    places: Counts = np.lexsort((ties, cycles, bursts, value))
    return places


def _parts(places: Counts) -> Iterator[Counts]:
    """Yield places in turn, few at first."""
    begin, count = 0, _AT_FIRST
    while begin < places.size:
        yield places[begin : begin + count]
        begin, count = begin + count, 2 * count


@dataclass(frozen=True)
class Best:
    """The best nest that is known, None for the fixed order.

    cost: its energy is a bound while it is not `priced`. sized: its blocks. alike: nests of these
    blocks that agree on it cost the same.
    """

    cost: Cost
    nest: Nest | None = None
    sized: SizedLayer | None = None
    alike: Hashable = None
    priced: bool = True

    def exactly(self, goal: Goal) -> Best:
        """Return it with its energy as it is."""
        if self.priced or self.nest is None or self.sized is None:
            return self
        return replace(self, cost=self.sized.cost(goal, self.nest), priced=True)


def _with_orders(sized: SizedLayer, goal: Goal, least: Floats, best: Best) -> Best:
    """Return the best nest that is known once all orders of a choice are tried.

    Energy is asked for where it decides. least: what the choice costs at least, as a row of
    `choices_of`.
    """
    from pgsim.kernels.nest_value import better  # Numba: only if nests are searched

    known: dict[Hashable, Cost] = {}
    for order in sorted(sized.orders(), key=lambda each: (each.cycles, each.bursts)):
        own = Best(
            goal.bound(least, order.cycles, order.bursts, order.nest.volume),
            order.nest,
            sized,
            order.alike,
            priced=False,
        )
        if best.nest is not None and best.sized is sized and best.alike == order.alike:
            if order.nest.tie < best.nest.tie:
                best = replace(best, nest=order.nest)
            continue
        if not goal.weighs_energy and own.cost[:3] != best.cost[:3]:
            best = min(own, best, key=lambda each: each.cost[:3])
            continue
        best = best.exactly(goal)
        if better(best.cost, own.cost)[0]:
            continue
        if order.alike not in known:
            known[order.alike] = sized.cost(goal, order.nest)
        own = replace(own, cost=known[order.alike], priced=True)
        is_better, is_same = better(own.cost, best.cost)
        if is_better or (is_same and best.nest is not None and order.nest.tie < best.nest.tie):
            best = own
    return best


def bounds_of(job: Job, problem: Problem) -> tuple[Counts, Floats]:
    """Return the choices of block sizes, and what leading passes cost at least.

    Returns int64 (choices, 5), and float64 (choices, 4), the first columns of `choices_of`.
    """
    from pgsim.kernels.nest_bound import ARRAY_CYCLES, choices_of  # Numba: only if searched

    choices, least = choices_of(problem, MOST_BLOCKS)
    several = choices[:, IN_CHANNELS] > 0
    if several.any():
        _, apart = choices_of(_of_first_pass(job, problem), MOST_BLOCKS)
        least[several] = apart[several]
    return choices, least[:, : ARRAY_CYCLES + 1]


def bursts_of(job: Job, problem: Problem, choices: Counts) -> Counts:
    """Return the bursts that choices of block sizes move at least, int64 (choices,)."""
    from pgsim.kernels.nest_bound import compulsory_bits
    from pgsim.kernels.nest_search import refined  # Numba: only if nests are searched

    several = choices[:, IN_CHANNELS] > 0
    bursts = np.empty(several.size, np.int64)
    for own, which in ((problem, ~several), (_of_first_pass(job, problem), several)):
        bursts[which] = refined(own, choices[which], compulsory_bits(own), True)
    return bursts


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
