"""Rows of a table, chosen by conditions on its columns such as ``scheme=pg`` or ``cycles<1e6``.

A condition is compared, never run: its text is a column, an operator and a value.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pgsim.errors import InputError, nearest
from pgsim.results.settings import is_setting

if TYPE_CHECKING:
    import pandas as pd


class Relation(NamedTuple):
    """How a cell is compared with a value.

    orders: whether one is the larger, as of numbers alone. of_several: whether it is enough to hold
    for one of several values.
    """

    sign: str
    compare: Callable[[Any, Any], Any]
    orders: bool = True
    of_several: bool = False


_RELATIONS = (  # the longer signs first
    Relation("<=", operator.le),
    Relation(">=", operator.ge),
    Relation("!=", operator.ne, orders=False),
    Relation("=", operator.eq, orders=False, of_several=True),
    Relation("<", operator.lt),
    Relation(">", operator.gt),
)
_PARTS = re.compile(r"(.+?)(<=|>=|!=|=|<|>)(.*)", re.DOTALL)


class Condition(NamedTuple):
    """What one column of a row must be; `text` is how a person wrote it."""

    column: str
    relation: Relation
    value: Any
    text: str

    def holds(self, frame: pd.DataFrame) -> pd.Series[bool]:
        """Return which rows meet it."""
        found: pd.Series[bool] = self.relation.compare(frame[self.column], self.value)
        return found


def chosen_rows(frame: pd.DataFrame, where: Iterable[str], word: str = "where") -> pd.DataFrame:
    """Return the rows that meet some conditions, in their order.

    Where a setting had words among numbers, such as `auto`, and has none any more, it is numbers.
    Conditions and errors are those of `rows_that_meet`.
    """
    chosen = rows_that_meet(frame, where, word)
    return chosen if chosen is frame else _in_numbers(chosen)


def rows_that_meet(frame: pd.DataFrame, where: Iterable[str], word: str = "where") -> pd.DataFrame:
    """Return the rows that meet some conditions, in their order and as they are.

    All conditions have to hold; but of several values that one column may equal, one is enough.
    word: what a person gave them as. Raises InputError for a column or a value that is not in the
    table, and where no row is left.
    """
    for_column: dict[str, list[Condition]] = {}
    for text in [where] if isinstance(where, str) else where:
        condition = condition_of(frame, text, word)
        relation = condition.relation
        alike = condition.column if relation.of_several else text
        for_column.setdefault(f"{relation.sign} {alike}", []).append(condition)
    for conditions in for_column.values():
        met = conditions[0].holds(frame)
        for condition in conditions[1:]:
            met |= condition.holds(frame)
        if not met.any():
            words = " or ".join(each.text for each in conditions)
            raise InputError(f"{word} {words}: no row is left of {len(frame):,}")
        frame = frame[met]
    return frame


def _in_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which settings that are all written as numbers are numbers."""
    from pandas import to_numeric

    names = [str(name) for name in frame.columns if is_setting(str(name))]
    found = {
        name: to_numeric(frame[name].astype(str), errors="coerce")
        for name in names
        if not _is_numeric(frame[name])
    }
    return frame.assign(
        **{
            name: cells
            for name, cells in found.items()
            if _is_numeric(cells) and all(map(math.isfinite, cells.unique()))
        }
    )


def condition_of(frame: pd.DataFrame, text: str, word: str = "where") -> Condition:
    """Return what a text such as ``array.rows>=8`` asks of a table's rows.

    Raises InputError for text that is no condition, for a column that is not there, for a value
    that the column never has, and for an order of what are no numbers.
    """
    column, relation, wanted = _parts(frame, text, word)
    cells = frame[column]
    if not relation.orders:
        return Condition(column, relation, _value(cells, wanted, f"{word} {text}"), text)
    number = _number(wanted)
    if number is None or not _is_numeric(cells):
        sign = relation.sign
        raise InputError(f"{word} {text}: {sign} compares numbers, as in array.rows{sign}8")
    return Condition(column, relation, number, text)


def _parts(frame: pd.DataFrame, text: str, word: str) -> tuple[str, Relation, str]:
    """Return column, relation and value; a column's own name may have an operator in it."""
    columns = [str(name) for name in frame.columns]
    for column in sorted(columns, key=len, reverse=True):
        if text.startswith(column):
            rest = text[len(column) :].lstrip()
            for relation in _RELATIONS:
                if rest.startswith(relation.sign):
                    return column, relation, rest.removeprefix(relation.sign).strip()
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise InputError(
            f"{word} {text!r}: expected COLUMN=VALUE, or !=, <, <=, >, >= in the place of ="
        )
    name = parts[1].strip()
    raise InputError(f"{word} {text}: no column is named {name!r}.{nearest(name, columns)}")


def _value(cells: pd.Series[Any], wanted: str, asked: str) -> Any:
    """Return the value of a column that a person wrote as text."""
    values = _distinct(cells)
    number = _number(wanted)
    for value in values:
        if str(value) == wanted or (number is not None and _equals(value, number)):
            return value
    shown = [str(value) for value in values]
    few = f" expected one of {', '.join(shown)}." if len(shown) <= 12 else ""
    raise InputError(
        f"{asked}: column {cells.name!r} is nowhere {wanted!r}.{few}{nearest(wanted, shown)}"
    )


def _distinct(cells: pd.Series[Any]) -> Sequence[Any]:
    return list(cells.drop_duplicates().dropna())


def _equals(value: Any, number: float) -> bool:
    """Say whether a cell is a number, and this one; truth is no number."""
    if isinstance(value, (str, bool)):
        return False
    return bool(value == number) and not _is_truth(value)


def _is_truth(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def _is_numeric(cells: pd.Series[Any]) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(cells) and not is_bool_dtype(cells)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
