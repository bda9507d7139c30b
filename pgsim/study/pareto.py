"""Which designs of a table no other is better than, in two columns or three."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from pandas.api.types import is_numeric_dtype

from pgsim.errors import InputError
from pgsim.results.accuracies import where_asked
from pgsim.results.columns import checked_table
from pgsim.results.conditions import chosen_rows
from pgsim.results.designs import (
    axis_columns,
    check_columns,
    check_results,
    labels_of,
    title_of,
    told_apart,
    value_by,
    without_what_ifs,
)
from pgsim.results.fronts import marked, senses, undominated


@dataclass(frozen=True, repr=False)
class Pareto:
    """What `pareto` found.

    Attributes
    ----------
    designs : DataFrame
        One row per design, the best of the first column first: the columns that tell designs
        apart, the values compared, sums over layers per image, and `dominated`.
    better : dict of str to bool
        The columns compared, and whether more of each is better.
    names : tuple of str
        The columns that tell these designs apart, without those that all share.
    unknown : int
        How many designs lack a value, and are left out.
    title : str
        What the table is about.
    """

    designs: pd.DataFrame
    better: dict[str, bool]
    names: tuple[str, ...]
    unknown: int
    title: str

    def __repr__(self) -> str:
        return f"<Pareto front: {self.finding}>"

    @property
    def front(self) -> pd.DataFrame:
        """The designs that no other is better than."""
        return self.designs[~self.designs["dominated"]]

    @property
    def labels(self) -> list[str]:
        """The name of every design, in their order."""
        return labels_of(self.designs, self.names)

    @property
    def finding(self) -> str:
        """How many designs are left to choose from."""
        aims = [f"{'most' if most else 'least'} {name}" for name, most in self.better.items()]
        wanted = ", ".join(aims[:-1]) + f" and {aims[-1]}"
        found = undominated(len(self.front), len(self.designs), wanted)
        words = "lacks a value and is" if self.unknown == 1 else "lack a value and are"
        left = f" {self.unknown:,} {words} left out." if self.unknown else ""
        return f"{found}.{left}"


def pareto(
    frame: pd.DataFrame,
    x: str,
    y: str,
    z: str | None = None,
    *,
    most: Sequence[str] = (),
    where: Sequence[str] = (),
) -> Pareto:
    """Find the designs of a table that no other is better than.

    A design is dominated by one that is worse in no column and better in one. Less is better, but
    of accuracy, speed-up and utilization more is.

    Parameters
    ----------
    frame : DataFrame
        A table that `simulate`, `compare` or `sweep` made, or the `designs` of another front.
    x, y, z : str
        Two columns or three of numbers, results or what a sweep varied. Sums over layers are per
        image; ratios are recomputed. `accuracy` may be missing: it is then what shipped traces
        state, and else unknown.
    most : sequence of str
        Those of them of which more is better, though their meaning does not say so.
    where : sequence of str
        Conditions that rows have to meet, as in `plot_results`.

    Returns
    -------
    Pareto
        All designs, with which of them are dominated.

    Raises
    ------
    InputError
        For a column or value that is not there or has no numbers, for the same column twice, and
        where no design has a value of each.

    Examples
    --------
    >>> import pandas as pd
    >>> from pgsim import simulate
    >>> layers = [simulate("digits_pg_4_2", arch).layers for arch in ("pg_os", "pg_ws")]
    >>> pareto(pd.concat(layers), "cycles", "dram_read_bytes").names
    ('arch', 'scheme')
    """
    columns = [name for name in (x, y, z) if name is not None]
    if len({*columns}) < len(columns):
        raise InputError(f"expected different columns, not {', '.join(columns)}")
    better = senses(columns, most)
    frame = checked_table(frame, "the table")
    check_results(frame)
    frame = chosen_rows(where_asked(frame, columns), where)
    check_columns(frame, columns)
    short = without_what_ifs(frame)
    keys = axis_columns(short)
    designs = short[keys].drop_duplicates().reset_index(drop=True)
    for name in columns:
        if name not in keys or not is_numeric_dtype(short[name]):
            designs = designs.assign(**{name: value_by(short, keys, name)[name]})
    found = marked(designs, columns, most)
    unknown = len(designs) - len(found)
    return Pareto(found, better, tuple(told_apart(designs, keys)), unknown, title_of(short))
