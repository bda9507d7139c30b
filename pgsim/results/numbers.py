"""Numbers as people read them: places, units, and nothing for what is not there."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

_MISSING = "-"
_DIGITS = 4  # of a scaled number
_IN_SI = {"pJ": ("J", 1e12)}  # of units that have a prefix: the one without, and its size
_PREFIXES = {-12: "p", -9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}


def whole(values: Iterable[float]) -> list[str]:
    """Return numbers without decimals, thousands apart."""
    return [_or_missing(value, f"{value:,.0f}") for value in values]


def decimal(values: Iterable[float], places: int) -> list[str]:
    """Return numbers with so many decimals."""
    rounded = (round(value, places) + 0.0 for value in values)  # -0.0 is 0
    return [_or_missing(value, f"{value:,.{places}f}") for value in rounded]


def signed(values: Iterable[float], places: int = 0) -> list[str]:
    """Return changes with so many decimals, each with its sign."""
    return [f"{value:+,.{places}f}" if round(value, places) else "0" for value in values]


def percent(values: Iterable[float]) -> list[str]:
    """Return ratios as percentages, without the sign."""
    return decimal((100 * value for value in values), 1)


class Scale(NamedTuple):
    """A unit with an SI prefix, its size in units without one, and the decimals that it shows."""

    unit: str
    size: float
    places: int


def scale_of(values: Iterable[float], unit: str) -> Scale:
    """Return the prefix that suits the largest of some values, shown in four digits."""
    largest = max((abs(each) for each in values if math.isfinite(each)), default=0.0)
    digits = math.floor(math.log10(largest)) if largest else 0  # digits before the point, less one
    power = min(max(3 * (digits // 3), min(_PREFIXES)), max(_PREFIXES))
    return Scale(_PREFIXES[power] + unit, 10.0**power, max(0, _DIGITS - 1 - (digits - power)))


def scale_in(values: Iterable[float], unit: str) -> Scale:
    """Return how values of a unit are shown: with the SI prefix that suits them, counts whole.

    Examples
    --------
    >>> scale_in([2_500_000], "pJ"), scale_in([2_500_000], "cycles")
    (Scale(unit='uJ', size=1000000.0, places=3), Scale(unit='cycles', size=1.0, places=0))
    """
    if unit not in _IN_SI:
        return Scale(unit, 1.0, 0)
    base, size = _IN_SI[unit]
    scale = scale_of((each / size for each in values), base)
    return scale._replace(size=scale.size * size)


def scaled(values: Iterable[float], unit: str) -> tuple[str, list[str]]:
    """Return the unit with the SI prefix that suits the largest value, and the values in it."""
    numbers = list(values)
    scale = scale_of(numbers, unit)
    return scale.unit, decimal((each / scale.size for each in numbers), scale.places)


def quantity(value: float, unit: str) -> str:
    """Return one value with its unit: ``1.628 uJ``."""
    chosen, (number,) = scaled([value], unit)
    return f"{number} {chosen}"


def _or_missing(value: float, text: str) -> str:
    return _MISSING if math.isnan(value) else text
