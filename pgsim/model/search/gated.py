"""The search for the nest of a layer that a mask steers, on its masks (MODEL.md M41).

Deep windows pack better, and leave room for fewer channels: what a block issues decides.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import LOOPS, Counts
from pgsim.mapping import Nest, loop_sizes
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.search.fetched import every_bursts, first_bursts
from pgsim.model.search.geometry import Geometry
from pgsim.model.search.goal import Floats, Goal
from pgsim.model.search.parts import parts
from pgsim.model.search.sized import SizedLayer
from pgsim.model.search.windows import Windows

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost

_AT_FIRST = 256  # choices whose fullest lanes are looked at together
_GROWTH = 64  # from the one that is first asked for what it issues to those that then are


def gated_nest(geometry: Geometry, windows: Windows, fixed: Cost) -> tuple[Nest, Cost] | None:
    """Return the nest that costs some batches least, and what it costs.

    None where the fixed order costs less.

    windows: the masks of the layer in those batches. fixed: what they cost in the fixed order.
    """
    goal = geometry.goal
    sizes, least = _likely(geometry, windows, fixed)
    bounds = goal.least(least)
    best = Best(fixed)
    for part in parts(_least_first(bounds, -sizes.prod(axis=1)), _AT_FIRST):
        part = part[goal.may_win(bounds[part], best.cost)]
        if not part.size:
            break
        packed = windows.with_trailing(least[part], windows.fullest_cycles(sizes[part]))
        for few in parts(_least_first(goal.least(packed), part), 64, _GROWTH):
            best = _tried(windows, sizes[part[few]], packed[few], best)
    return None if best.nest is None else (best.nest, best.exactly(goal).cost)


def _likely(geometry: Geometry, windows: Windows, fixed: Cost) -> tuple[Counts, Floats]:
    """Return sizes of blocks that may cost no more than the fixed order, and what they cost.

    Returns int64 (choices, 5), and float64 (choices, 5), at least, as `Windows.with_first_bursts`.
    """
    goal, batches = geometry.goal, windows.block.batches
    _, sizes, least = geometry.bounds
    likely = geometry.likely(fixed, batches)
    # Nothing is left of a gated pass where lanes pack without a gap.
    least = windows.with_trailing(least[likely] * batches, windows.ideal_cycles)
    likely, least = _still(goal, fixed, likely, least)
    least[:, 2] += windows.trailing_pj(sizes[likely, IN_CHANNELS])
    likely, least = _still(goal, fixed, likely, least)
    least = windows.with_first_bursts(least, first_bursts(geometry, windows, likely))
    likely, least = _still(goal, fixed, likely, least)
    least = windows.with_bursts(least, every_bursts(geometry, windows, likely))
    likely, least = _still(goal, fixed, likely, least)
    return sizes[likely], least


def _still(goal: Goal, fixed: Cost, likely: Counts, least: Floats) -> tuple[Counts, Floats]:
    """Return those choices, and what they cost at least, that may cost no more than so much."""
    still = goal.may_win(goal.least(least), fixed)
    return likely[still], least[still]


def _least_first(bounds: Floats, ties: Counts) -> Counts:
    """Return places in the order of what costs least; bounds: of `Goal.least`."""
    value, bursts, cycles = bounds.T
    places: Counts = np.lexsort((ties, cycles, bursts, value))
    return places


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


def _tried(windows: Windows, sizes: Counts, least: Floats, best: Best) -> Best:
    """Return the best nest that is known once blocks of some sizes are tried.

    least: what they cost at least, without what is issued in them.
    """
    goal, job, costs = windows.goal, windows.job, least
    for step in windows.steps if len(sizes) > 1 else windows.steps[-1:]:
        likely = goal.may_win(goal.least(costs), best.cost)
        if not likely.any():
            return best
        sizes, least = sizes[likely], least[likely]
        costs = step(least, sizes)
    bounds = goal.least(costs)
    left = _least_first(bounds, -sizes.prod(axis=1))
    while (left := left[goal.may_win(bounds[left], best.cost)]).size:
        first, left = left[0], left[1:]
        n, p, q, k, c = sizes[first].tolist()
        nest = Nest(LOOPS, loop_sizes(job.shape, job.batch), (n, p, q, k, c))
        sized = SizedLayer.of(job, nest, windows.block, windows.store)
        best = _with_orders(sized, goal, costs[first], best)
    return best


def _with_orders(sized: SizedLayer, goal: Goal, least: Floats, best: Best) -> Best:
    """Return the best nest that is known once all orders of a choice are tried.

    Energy is asked for where it decides. least: what the choice costs at least, as a row of
    `Choices.least`.
    """
    from pgsim.kernels.nest_value import better  # Numba: only if nests are searched

    known: dict[Hashable, Cost] = {}
    for order in sorted(sized.orders(), key=lambda each: (each.cycles, each.bursts)):
        if sized.may_take_more:
            floor = goal.bound(least, order.cycles, order.bursts, order.nest.volume)
            best = best.exactly(goal) if goal.weighs_energy else best
            if best.cost[:3] < floor[:3]:
                continue
            order = sized.simulated(order.nest)
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
