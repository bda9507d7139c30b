"""Axes of figures: ticks at swept values, words side by side, logarithms, names with units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullFormatter
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from pgsim.errors import InputError, nearest
from pgsim.plots.drawing import larger_unit, si_ticks, wrapped
from pgsim.plots.pages import Page
from pgsim.results import SUMMED
from pgsim.results.designs import column_of
from pgsim.results.values import Number
from pgsim.text import shortened

NETWORK = "network"  # what stands beside layers: all of them
LOGS = ("x", "y", "xy", "none")
_WIDE = 20  # times the least value: from there on a scale without further words is logarithmic
_MOST_TICKS, _SOME_TICKS, _FEWEST_TICKS = 12, 8, 3
_FEW_POWERS = 10**3  # over what is least: up to there others than powers are named too
_SUBS = {(1.0, 2.0, 5.0): 2.0, (1.0, 3.0): 3.0, (1.0,): 10.0}  # named of each; the least gap
_CROWDED = 1.6  # times as near as on a linear axis: round numbers at the end of a logarithmic one
_TICK_LETTERS = 4.5


class Scale(NamedTuple):
    """One axis: where values stand, in the unit that suits them, and what stands beside it.

    words: the values of an axis of words, side by side. swept: numbers at which ticks stand.
    least, most: what no value of a result can be below, and above, in the unit of the axis.
    """

    places: pd.Series[Any]
    label: str
    words: tuple[str, ...] = ()
    swept: tuple[float, ...] = ()
    logarithmic: bool = False
    most: float = np.inf
    least: float = -np.inf

    @property
    def joins(self) -> bool:
        """Whether a line may join what stands on it: words have nothing between them."""
        return not self.words


def scale_of(
    values: pd.Series[Any], *, swept: bool, log: bool | None, note: str = "", ratio: bool = False
) -> Scale:
    """Return the axis of a column's values.

    swept: whether a person chose them, so that each has a tick. log: None for what suits results.
    note: what was done to them; ratio: whether they have lost their unit by it.
    """
    name = str(values.name)
    if not is_numeric_dtype(values) or is_bool_dtype(values) or (values.isna().any() and swept):
        places, names = pd.factorize(values, use_na_sentinel=False)
        if log:
            raise InputError(f"log: {name!r} has words, which have no logarithm")
        words = tuple(str(each) for each in names)
        return Scale(pd.Series(places, index=values.index), name, words)
    positive = bool((values.dropna() > 0).all())
    if positive and values.max() <= values.min() * (1 + 1e-9):
        log = False  # one value has no scale
    if log and not positive:
        raise InputError(f"log: {name!r} has values that are 0 or less, which have no logarithm")
    unit, size = ("", 1.0) if ratio else larger_unit(column_of(name).unit, _largest(values))
    distinct = tuple(float(each) for each in np.unique(values / size)) if swept else ()
    if log is None:
        log = positive and (_doubles(distinct) if swept else _is_wide(values))
    known = column_of(name).values
    most = known.most / size if isinstance(known, Number) and not ratio else np.inf
    least = 0.0 if not swept and not log and bool((values.dropna() >= 0).all()) else -np.inf
    return Scale(values / size, label_of(name, unit, note), (), distinct, log, most, least)


def _largest(values: pd.Series[Any]) -> float:
    return float(values.abs().max())


def _doubles(distinct: Sequence[float]) -> bool:
    """Say whether values are several powers of two."""
    return len(distinct) > 1 and bool((np.log2(distinct) % 1 == 0).all())


def _is_wide(values: pd.Series[Any]) -> bool:
    return bool(values.max() > _WIDE * values.min())


def label_of(name: str, unit: str, note: str = "") -> str:
    """Return name and meaning of a column, then its unit and what was done to its values.

    A column called like its unit needs no more: ``cycles per image``.
    """
    about = f"{name}: {column_of(name).meaning}".removesuffix(": ")
    own = f"{unit} per image" if name in SUMMED and unit else unit
    below = ", ".join(part for part in (own, note) if part)
    return "\n".join(part for part in ("" if name == unit else about, below) if part)


def fitted(label: str, width: int) -> str:
    """Return an axis's label in lines of at most so many characters."""
    return "\n".join(wrapped(line, width) for line in label.splitlines())


def check_log(log: str | None) -> None:
    """Raise InputError for axes that there are not."""
    if log is not None and log not in LOGS:
        known = ", ".join(LOGS)
        raise InputError(f"log: expected one of {known}, not {log!r}.{nearest(log, LOGS)}")


def asked_log(log: str | None, axis: str) -> bool | None:
    """Return whether a person asked for a logarithmic axis, x or y; None for nothing said."""
    return None if log is None else axis in log


def set_ticks(axes: Axes, name: str, scale: Scale, page: Page, inches: float) -> None:
    """Give axis x or y its scale, ticks and their texts, as many as stand apart in its length."""
    axis: Axis = getattr(axes, f"{name}axis")
    axis.set_tick_params(labelsize=page.small)
    if scale.logarithmic:
        base = 2 if _doubles(scale.swept) else 10
        getattr(axes, f"set_{name}scale")("log", base=base)
    if scale.words:
        _set_words(axis, scale.words, page, inches, is_x=name == "x")
    elif scale.swept:
        _set_swept(axis, scale, page, inches, is_x=name == "x")
    elif scale.logarithmic:
        text = (0.6 * _TICK_LETTERS if name == "x" else 1.4) * page.small / 72
        least, most = getattr(axes, f"get_{name}lim")()
        _set_logarithmic(axis, least, most, inches, text)
    else:
        whole = bool((scale.places.dropna() % 1 == 0).all())
        ticks = max(3, min(8, int(inches / 0.5)))
        axis.set_major_locator(MaxNLocator(ticks, integer=whole, steps=[1, 2, 2.5, 5, 10]))
        si_ticks(axis)


def _set_swept(axis: Axis, scale: Scale, page: Page, inches: float, *, is_x: bool) -> None:
    """Put ticks at swept values, and their numbers where these do not touch those of others."""
    values = np.asarray(_chosen(scale.swept))
    places = np.log(values) if scale.logarithmic else values
    reach = float(np.ptp(places)) or 1.0
    along = (places - places[0]) / reach * 0.9 * inches
    texts = [f"{value:g}" if abs(value) < 1e5 else f"{value:.3g}" for value in values]
    halves = [0.3 * len(text) * page.small / 72 if is_x else page.small / 144 for text in texts]
    shown: list[int] = []
    for place in (0, len(values) - 1, *range(1, len(values) - 1)):  # both ends in any case
        gaps = [abs(along[place] - along[other]) - halves[other] for other in shown]
        if all(gap > halves[place] + 0.03 for gap in gaps):
            shown.append(place)
    axis.set_major_locator(FixedLocator(list(values)))
    axis.set_ticks(list(values), [each if n in shown else "" for n, each in enumerate(texts)])
    axis.set_minor_locator(FixedLocator([]))


def _chosen(swept: Sequence[float]) -> list[float]:
    """Return the values that have ticks: all, or of many some evenly, first and last among them."""
    last = len(swept) - 1
    if last < _MOST_TICKS:
        return list(swept)
    steps = [step for step in range(2, last // 4 + 1) if not last % step]
    even = [last // step + 1 for step in steps if last // step < _MOST_TICKS]
    count = even[0] if even else _SOME_TICKS
    return [swept[round(place)] for place in np.linspace(0, last, count)]


def _set_logarithmic(axis: Axis, least: float, most: float, inches: float, text: float) -> None:
    """Name 1, 2 and 5 of each power of ten, or 1 and 3, or the powers, as there is room.

    least, most: of what the axis shows. inches: of it. text: inches that one number takes. Where
    too few of these are in it, round ones are named as on a linear axis.
    """
    power = inches / np.log10(most / least)
    subs = next(
        each
        for each, gap in _SUBS.items()
        if each == (1.0,)
        or (
            most / least < _FEW_POWERS
            and power * np.log10(gap) > text
            and _named(least, most, each) >= _FEWEST_TICKS
        )
    )
    if _named(least, most, subs) >= _FEWEST_TICKS:
        many = max(2, min(20, int(inches / text)))
        axis.set_major_locator(LogLocator(base=10, subs=subs, numticks=many))
    else:
        few = max(2, min(5, int(inches / text / _CROWDED)))
        fewest = min(few, _FEWEST_TICKS)
        axis.set_major_locator(MaxNLocator(few, steps=[1, 2, 2.5, 5, 10], min_n_ticks=fewest))
        axis.set_minor_locator(FixedLocator([]))
    axis.set_minor_formatter(NullFormatter())
    si_ticks(axis)


def _named(least: float, most: float, subs: Sequence[float]) -> int:
    """Return how many of these multiples of powers of ten there are from `least` to `most`."""
    powers = 10.0 ** np.arange(np.floor(np.log10(least)), np.log10(most) + 1)
    return sum(least <= sub * power <= most for power in powers for sub in subs)


def _set_words(axis: Axis, words: Sequence[str], page: Page, inches: float, *, is_x: bool) -> None:
    """Name words side by side; upright where they would touch."""
    words = [shortened(word, 40) for word in words]
    room = int(inches / len(words) * 72 / (0.6 * page.small)) if is_x else 18
    labels = [wrapped(word, max(8, min(18, room))) for word in words]
    longest = max(len(line) for label in labels for line in label.splitlines())
    crowded = is_x and longest > room
    if crowded:
        labels = [wrapped(word, 18) for word in words]
    axis.set_ticks(range(len(labels)), labels)
    if crowded:
        for label in axis.get_ticklabels():
            label.set(rotation=60, ha="right", rotation_mode="anchor")


def to_the_right(places: pd.Series[Any], line: int, lines: int) -> npt.NDArray[np.float64]:
    """Return where the marks of one of several lines stand beside words, so that none is hidden."""
    step = min(0.12, 0.6 / lines)
    return places.to_numpy(float) + (line - (lines - 1) / 2) * step
