"""The fixed order in smaller windows than the output buffer has room for (MODEL.md M41)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pgsim.model.layer import simulate_block
from pgsim.model.search.geometry import Geometry
from pgsim.model.search.goal import ALIKE
from pgsim.model.search.parts import parts
from pgsim.model.search.smaller_windows import smaller_windows
from pgsim.model.search.windows import Windows

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost

_AT_FIRST = 64  # windows whose masks are looked at together


def best_window(geometry: Geometry, masks: Windows, best: Cost) -> int | None:
    """Return the smaller window in which the fixed order costs least, None if no less than `best`.

    masks: of the layer, in the batches that decide. best: the least cost that is known, over these.
    What a bound shows to cost no less is not simulated. Source: MODEL.md M41.
    """
    from pgsim.kernels.nest_value import better  # Numba: only if nests are searched
    from pgsim.model.search.fixed_bound import FixedBound
    from pgsim.model.search.fixed_stages import FixedStages

    goal, windows = geometry.goal, smaller_windows(geometry.job)
    if not windows.size:
        return None
    bound = FixedBound(geometry.fixed, masks)
    steps = FixedStages(bound).steps
    chosen = None

    def wins(cost: Cost, place: int) -> bool:
        is_better, is_same = better(cost, best)
        return is_better or (is_same and chosen is not None and place > chosen)

    likely = np.lexsort((-windows, bound.values))
    likely = likely[bound.values[likely] <= best.value * ALIKE]
    for part in parts(likely, _AT_FIRST):
        left = [(cost, place) for place, cost in zip(part.tolist(), steps[0](part), strict=True)]
        for least in steps[1:]:
            part = np.array([place for cost, place in left if wins(cost, place)], np.int64)
            left = list(zip(least(part), part.tolist(), strict=True)) if part.size else []
        for cost, place in sorted(left, key=lambda each: (each[0], -each[1])):
            if wins(cost, place):
                own = masks.job.by(window=int(windows[place]))
                cost = goal.cost(simulate_block(own, masks.block, masks.store))
                if wins(cost, place):
                    best, chosen = cost, place
    return None if chosen is None else int(windows[chosen])
