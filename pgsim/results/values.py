"""What the cells of a column may hold, and how a table that is read back is held to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError
from pgsim.text import shortened

if TYPE_CHECKING:
    import pandas as pd

_MOST_COLUMNS = 1_000
_MOST_COUNTED = 2**63 - 1
_MOST_MEASURED = 1e60  # far above all that a design can spend, and far from overflow when drawn


@dataclass(frozen=True)
class Values:
    """What every cell of a column is; `expected` says it in words."""

    expected: str

    def wrong(self, cells: pd.Series[Any]) -> npt.NDArray[np.bool_]:
        """Return which cells are something else, bool (rows,)."""
        raise NotImplementedError

    def cast(self, cells: pd.Series[Any]) -> pd.Series[Any]:
        """Return cells of which none is wrong in the type that tables have them in."""
        return cells

    def __repr__(self) -> str:
        return f"<{self.expected}>"


@dataclass(frozen=True, repr=False)
class Name(Values):
    """Text that is not empty, and of `words` alone where there are some."""

    words: tuple[str, ...] = ()

    def wrong(self, cells: pd.Series[Any]) -> npt.NDArray[np.bool_]:
        """Return which cells are no such text."""
        if self.words:
            return ~cells.isin(self.words).to_numpy(bool)
        return np.fromiter(
            (not (isinstance(each, str) and each) for each in cells), bool, len(cells)
        )

    def cast(self, cells: pd.Series[Any]) -> pd.Series[Any]:
        """Return them as text."""
        return cells.astype("str")


@dataclass(frozen=True, repr=False)
class Number(Values):
    """A finite number from `least` to `most`, both in it; whole, or missing, where it may be."""

    least: float = 0
    most: float = _MOST_MEASURED
    whole: bool = False
    may_be_empty: bool = False

    def wrong(self, cells: pd.Series[Any]) -> npt.NDArray[np.bool_]:
        """Return which cells are no such number."""
        numbers = _numbers(cells)
        empty = cells.isna().to_numpy(bool)
        good = (numbers >= self.least) & (numbers <= self.most)  # false for NaN
        if self.whole:
            good &= np.floor(numbers) == numbers
            if cells.dtype != np.int64:  # of which the largest is this, once it is a float
                good &= numbers < 2.0**63
        return ~(good | empty) if self.may_be_empty else ~good

    def cast(self, cells: pd.Series[Any]) -> pd.Series[Any]:
        """Return them as int64 where they are whole and none is missing, else as float64."""
        if self.whole and not cells.isna().any():
            return cells.astype("int64")
        return type(cells)(_numbers(cells), index=cells.index, name=cells.name)


@dataclass(frozen=True, repr=False)
class Anything(Values):
    """What a column that pgsim does not know may hold: text, truth, finite numbers, or nothing."""

    expected: str = field(default="text, true or false, or a number of at most 1e60")

    def wrong(self, cells: pd.Series[Any]) -> npt.NDArray[np.bool_]:
        """Return which cells could be neither drawn nor told apart."""
        plain = (str, bool, int, float, np.bool_, np.integer, np.floating)
        strange = np.fromiter((not isinstance(each, plain) for each in cells), bool, len(cells))
        beyond = abs(_numbers(cells)) > _MOST_MEASURED
        return beyond | (strange & ~cells.isna().to_numpy(bool))


def _numbers(cells: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Return cells as numbers: NaN for what is none, truth among it, or missing."""
    from pandas.api.types import is_float_dtype, is_integer_dtype, is_object_dtype

    if is_object_dtype(cells):  # such as a column of numbers with a word among them
        numbers = (float(each) if _is_number(each) else np.nan for each in cells)
        return np.fromiter(numbers, np.float64, len(cells))
    if is_float_dtype(cells) or is_integer_dtype(cells):
        return cells.to_numpy("float64", na_value=np.nan)
    return np.full(len(cells), np.nan)


def _is_number(cell: object) -> bool:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return abs(cell) <= 10**300  # else no float has its size
    return isinstance(cell, (float, np.integer, np.floating))


NAME = Name("a name")
COUNT = Number("a whole number from 0 to 2^63 - 1", most=_MOST_COUNTED, whole=True)
ONE_OR_MORE = Number("a whole number from 1 to 2^63 - 1", 1, _MOST_COUNTED, whole=True)
INDEX = Number("a whole number from 0 to 2^63 - 1, or nothing", 0, _MOST_COUNTED, True, True)
AMOUNT = Number("a number from 0 to 1e60")
POSITIVE = Number("a number above 0, to 1e60", least=float(np.nextafter(0, 1)))
AMOUNT_OR_NONE = Number("a number from 0 to 1e60, or nothing", may_be_empty=True)
PART = Number("a number from 0 to 1", most=1)
PART_OR_NONE = Number("a number from 0 to 1, or nothing", most=1, may_be_empty=True)
ANYTHING = Anything()


def word(words: Iterable[str]) -> Name:
    """Return the values of a column that holds one of some words."""
    known = tuple(words)
    return Name(f"one of {', '.join(map(repr, known))}", known)


def name_problem(names: Sequence[str]) -> str | None:
    """Return what is wrong with the names of a table's columns, or None."""
    if len(names) > _MOST_COLUMNS:
        return f"{len(names):,} columns: expected {_MOST_COLUMNS:,} at most"
    seen: set[str] = set()
    for place, name in enumerate(names, start=1):
        if not name:
            return f"column {place} has no name; were row numbers written too?"
        if name in seen:
            return f"column {shortened(name)!r} is there twice"
        seen.add(name)
    return None


def checked(frame: pd.DataFrame, values: Mapping[str, Values], where: str) -> pd.DataFrame:
    """Return a table whose columns hold what `values` says, in the types that tables have.

    Raises InputError naming `where`, the row (from 1 on, without the head), the column and the
    value of the first cell that is wrong, and a column that has no name or stands there twice.
    """
    names = [str(name) for name in frame.columns]
    if problem := name_problem(names):
        raise InputError(f"{where}: {problem}")
    found = {}
    for name, (_, cells) in zip(names, frame.items(), strict=True):
        kind = values.get(name, ANYTHING)
        if (wrong := kind.wrong(cells)).any():
            row = int(wrong.argmax())
            raise InputError(
                f"{where}: row {row + 1}, column {shortened(name)!r}: {_shown(cells.iloc[row])}: "
                f"expected {kind.expected}"
            )
        found[name] = kind.cast(cells)
    return type(frame)(found, index=frame.index)


def _shown(cell: Any) -> str:
    import pandas as pd

    if pd.api.types.is_scalar(cell) and pd.isna(cell):
        return "empty"
    if isinstance(cell, np.generic):
        cell = cell.item()
    return shortened(repr(cell))
