"""Designs that no other is better than: the Pareto front of two or three columns of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError, nearest

if TYPE_CHECKING:
    import pandas as pd

# Of these more is better, of all other columns less.
MOST = (
    "accuracy",
    "speedup",
    "energy_ratio",
    "pe_utilization",
    "msb_pe_utilization",
    "lsb_pe_utilization",
)


def senses(columns: Sequence[str], most: Iterable[str] = ()) -> dict[str, bool]:
    """Return for every column whether more of it is better.

    Raises InputError where `most` has a column that is not among `columns`.
    """
    wanted = {*most}
    for name in wanted - {*columns}:
        raise InputError(
            f"most: expected one of {', '.join(columns)}, not {name!r}.{nearest(name, columns)}"
        )
    return {name: name in MOST or name in wanted for name in columns}


def undominated(front: int, whole: int, aims: str) -> str:
    """Return how many designs of all are on a front, and of what, as a sentence begins.

    Examples
    --------
    >>> for front, whole in ((3, 12), (1, 12), (1, 1)):
    ...     print(undominated(front, whole, "least area_mm2"))
    3 of 12 designs are not dominated: least area_mm2
    1 of 12 designs is not dominated: least area_mm2
    One design, and none to compare it with
    """
    if whole == 1:
        return "One design, and none to compare it with"
    return f"{front:,} of {whole:,} designs {'is' if front == 1 else 'are'} not dominated: {aims}"


def dominated(costs: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return which rows another row is better than, bool (rows,).

    costs: float64 (rows, columns), of which less is better, none of them NaN. A row is dominated
    by one that is no worse in any column and better in one; of equal rows none is.
    """
    order = np.lexsort(costs.T[::-1])
    out = np.zeros(len(costs), dtype=bool)
    front = np.empty_like(costs)
    count = 0
    for row in order:  # none after it can dominate a row, but an equal one, which does not
        own, found = costs[row], front[:count]
        no_worse = (found <= own).all(axis=1)
        out[row] = bool((no_worse & (found < own).any(axis=1)).any())
        if not out[row]:
            front[count] = own
            count += 1
    return out


def marked(points: pd.DataFrame, columns: Sequence[str], most: Iterable[str] = ()) -> pd.DataFrame:
    """Return points with a column `dominated`, the best of the first column first.

    Points that lack one of the values are left out: nothing can be said of them. Raises
    InputError where none is left.
    """
    better = senses(columns, most)
    whole = points.dropna(subset=list(columns))
    if whole.empty:
        raise InputError(f"no design has a value of each of {', '.join(columns)}")
    costs = np.column_stack(
        [(-1 if better[name] else 1) * whole[name].to_numpy("float64") for name in columns]
    )
    found = whole.assign(dominated=dominated(costs))
    return found.iloc[np.lexsort(costs.T[::-1])].reset_index(drop=True)
