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

NETWORK = "network"  # what stands beside layers: all of them
LOGS = ("x", "y", "xy", "none")
_WIDE = 20  # times the least value: from there on a scale without further words is logarithmic
_MOST_TICKS = 12
_CROWDED = 90  # characters of words along an axis that stand upright


class Scale(NamedTuple):
    """One axis: where values stand, in the unit that suits them, and what stands beside it.

    words: the values of an axis of words, side by side. swept: numbers that have ticks each.
    """

    places: pd.Series[Any]
    label: str
    words: tuple[str, ...] = ()
    swept: tuple[float, ...] = ()
    logarithmic: bool = False

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
    if log and not positive:
        raise InputError(f"log: {name!r} has values that are 0 or less, which have no logarithm")
    unit, size = ("", 1.0) if ratio else larger_unit(column_of(name).unit, _largest(values))
    distinct = tuple(float(each) for each in np.unique(values / size)) if swept else ()
    if log is None:
        log = positive and (_doubles(distinct) if swept else _is_wide(values))
    return Scale(values / size, label_of(name, unit, note), swept=distinct, logarithmic=log)


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
    """Return whether a person asked for a logarithmic axis; None where nothing was said."""
    return None if log is None else axis in log and log != "none"


def set_ticks(axes: Axes, name: str, scale: Scale, page: Page, inches: float) -> None:
    """Give axis x or y its scale, ticks and their texts, as many as stand apart in its length."""
    axis: Axis = getattr(axes, f"{name}axis")
    axis.set_tick_params(labelsize=page.small)
    if scale.logarithmic:
        base = 2 if _doubles(scale.swept) else 10
        getattr(axes, f"set_{name}scale")("log", base=base)
    if scale.words:
        _set_words(axis, scale.words, page, inches, is_x=name == "x")
    elif scale.swept and len(scale.swept) <= _MOST_TICKS:
        _set_swept(axis, scale, page, inches, is_x=name == "x")
    elif scale.logarithmic:
        _set_logarithmic(axis, scale.places)
    else:
        whole = bool((scale.places.dropna() % 1 == 0).all())
        ticks = max(3, min(8, int(inches / 0.5)))
        axis.set_major_locator(MaxNLocator(ticks, integer=whole, steps=[1, 2, 2.5, 5, 10]))
        si_ticks(axis)


def _set_swept(axis: Axis, scale: Scale, page: Page, inches: float, *, is_x: bool) -> None:
    """Put a tick at every swept value, and its number where it does not touch the last one's."""
    values = np.asarray(scale.swept)
    places = np.log(values) if scale.logarithmic else values
    reach = float(np.ptp(places)) or 1.0
    texts, end = [], -np.inf
    for value, place in zip(values, (places - places[0]) / reach * 0.9 * inches, strict=True):
        text = f"{value:g}" if abs(value) < 1e5 else f"{value:.3g}"
        half = 0.3 * len(text) * page.small / 72 if is_x else page.small / 144
        shown = place - half > end
        end = place + half + 0.03 if shown else end
        texts.append(text if shown else "")
    axis.set_major_locator(FixedLocator(list(values)))
    axis.set_ticks(list(values), texts)
    axis.set_minor_locator(FixedLocator([]))


def _set_logarithmic(axis: Axis, places: pd.Series[Any]) -> None:
    """Name 1, 2 and 5 of each power of ten where there are few powers, else the powers."""
    decades = float(np.log10(places.max() / places.min())) if places.min() > 0 else 1.0
    subs = (1.0, 2.0, 5.0) if decades < 2.5 else (1.0,)
    axis.set_major_locator(LogLocator(base=10, subs=subs, numticks=20))
    axis.set_minor_formatter(NullFormatter())
    si_ticks(axis)


def _set_words(axis: Axis, words: Sequence[str], page: Page, inches: float, *, is_x: bool) -> None:
    """Name words side by side; upright where they would touch."""
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
