"""Tables of a page: a few lines of script sort them, and they read as well without.

A number stands in its cell as people read it, and in full as its `data-value`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from pgsim.report.markup import Html, element, joined
from pgsim.results.numbers import scaled


class Column(NamedTuple):
    """One column: its head, a unit below it, what it means, its cells, and their full values.

    values: of numbers, else None.
    """

    head: str
    cells: Sequence[object]
    values: Sequence[float] | None = None
    unit: str = ""
    meaning: str | None = None


def numbers(
    head: str,
    values: Iterable[float],
    how: Callable[[Sequence[float]], list[str]],
    unit: str = "",
    meaning: str | None = None,
) -> Column:
    """Return a column of numbers; how: that makes them text."""
    own = list(values)
    return Column(head, how(own), own, unit, meaning)


def quantities(head: str, values: Iterable[float], unit: str, size: float) -> Column:
    """Return a column of quantities, shown with the prefix that suits the largest of them.

    size: in `unit`, of what the values are given in.
    """
    own = list(values)
    shown, cells = scaled([each * size for each in own], unit)
    return Column(head, cells, own, shown)


def table(
    columns: Sequence[Column],
    label: str,
    *,
    total: bool = False,
    marks: Sequence[str | None] | None = None,
) -> Html:
    """Return a table that can be sorted by any column.

    label: what it is called where it cannot be seen. total: the last row stands apart, and keeps
    its place. marks: a class for each row.
    """
    rows = [
        element(
            "tr",
            *(_cell(column, row, first=place == 0) for place, column in enumerate(columns)),
            class_=marks[row] if marks else None,
        )
        for row in range(len(columns[0].cells))
    ]
    last = [rows.pop()] if total else []
    made = element(
        "table",
        element("thead", element("tr", *map(_head, columns))),
        element("tbody", joined(rows, "\n")),
        element("tfoot", *last) if last else "",
        class_="sortable",
    )
    return element("div", made, class_="scroll", tabindex=0, role="region", aria_label=label)


def _head(column: Column) -> Html:
    unit = element("span", column.unit, class_="unit") if column.unit else ""
    kind = None if column.values is None else "number"
    return element("th", column.head, unit, scope="col", class_=kind, title=column.meaning)


def _cell(column: Column, row: int, *, first: bool) -> Html:
    shown = column.cells[row]
    if column.values is None:
        return element("th", shown, scope="row") if first else element("td", shown)
    return element("td", shown, class_="number", data_value=full(column.values[row]))


def full(value: Any) -> str:
    """Return a number with all its digits, nothing for one that is missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(value.item() if hasattr(value, "item") else value)
