"""Values relative to a row of the table: to the first, or to the one that a condition names."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pgsim.errors import InputError
from pgsim.results.conditions import rows_that_meet

FIRST = "first"


def relative(
    points: pd.DataFrame,
    values: Sequence[str],
    to: str,
    *,
    within: Sequence[str] = (),
    inverse: bool = False,
) -> pd.DataFrame:
    """Return points whose values are divided by those of a baseline.

    points: columns that tell points apart, and `values`. to: ``first``, or a condition such as
    ``scheme=full``; where several points meet it, each point is divided by the one that agrees
    with it in all columns in which those differ. within: columns that keep each their own first.
    inverse: whether baselines are divided by values instead, as for a speed-up.
    Raises InputError where a point has no baseline or several, or where that is 0.
    """
    values, word = list(values), "speed_up" if inverse else "normalize"
    if to == FIRST:
        keys = list(within)
        base = points.groupby(keys, sort=False, dropna=False).head(1) if keys else points.head(1)
    else:
        base = rows_that_meet(points, [to], word)
        keys = [
            str(name)
            for name in points.columns
            if name not in values and base[name].nunique(dropna=False) > 1
        ]
    if len(base[keys].drop_duplicates()) < len(base) if keys else len(base) > 1:
        raise InputError(f"{word} {to}: several rows are the same but for their values")
    matched = points.assign(_=0)[[*keys, "_"]].merge(
        base.assign(_=0)[[*keys, "_", *values]], on=[*keys, "_"], how="left"
    )
    bases = matched[values].set_axis(points.index)
    missing = bases.isna().any(axis=1) & points[values].notna().any(axis=1)
    if missing.any():
        first = points.loc[missing].iloc[0]
        named = ", ".join(f"{key}={first[key]}" for key in keys) or "its baseline"
        raise InputError(f"{word} {to}: there is no such row with {named}, or it has no value")
    if (bases == 0).any(axis=None):
        raise InputError(f"{word} {to}: the baseline is 0, and nothing can be told against it")
    if inverse and (points[values] == 0).any(axis=None):
        raise InputError("speed_up: a value is 0, and no baseline can be divided by it")
    above, below = (bases, points) if inverse else (points, bases)
    return points.assign(**{name: above[name] / below[name] for name in values})
