"""What a design may be measured by in a sweep: budgets that leave points out, and equal arrays."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Annotated

from pydantic import Field, model_validator

from pgsim.arch import LONGEST_SIDE, ArchConfig
from pgsim.arch.section import NameIn, Section
from pgsim.cost import area_mm2, costs_of, logic_area_mm2
from pgsim.errors import InputError

SIDES = ("array.rows", "array.columns")

Measure = Callable[[ArchConfig], float]


def _pes(arch: ArchConfig) -> float:
    return arch.pes


def _logic_area_mm2(arch: ArchConfig) -> float:
    return logic_area_mm2(costs_of(arch))


def _area_mm2(arch: ArchConfig) -> float:
    return sum(area_mm2(costs_of(arch)).values())


def _sram_kib(arch: ArchConfig) -> float:
    return sum(buffer.kib for buffer in arch.memory.buffers.values())


MEASURES: Mapping[str, Measure] = {
    "pes": _pes,
    "logic_area_mm2": _logic_area_mm2,
    "area_mm2": _area_mm2,
    "sram_kib": _sram_kib,
}
_SCALED = {name: MEASURES[name] for name in ("pes", "logic_area_mm2")}  # that grow with the sides


class Budget(Section):
    """The least and the most that a design may have of something, one of them or both."""

    min: Annotated[float, Field(ge=0)] | None = None
    max: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _holds_something(self) -> Budget:
        if self.min is None and self.max is None:
            raise ValueError("expected min, max or both.")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}.")
        return self

    def allows(self, value: float) -> bool:
        """Say whether a design of this value may be swept."""
        above = self.min is None or value >= self.min
        return above and (self.max is None or value <= self.max)


class Scale(Section):
    """To what arrays are scaled: the PEs, or the logic area, of a design.

    of: whose, by path or shipped name; by default a design's own before its axes.
    """

    to: Annotated[str, NameIn(_SCALED)]
    of: Annotated[str, Field(min_length=1)] | None = None


def is_allowed(constraints: Mapping[str, Budget], arch: ArchConfig) -> bool:
    """Say whether a design is within all budgets. Raises InputError as `costs_of` does."""
    return all(budget.allows(MEASURES[name](arch)) for name, budget in constraints.items())


def scaled(arch: ArchConfig, set_: Mapping[str, object], scale: Scale, most: float) -> ArchConfig:
    """Return a design with the array that has the most of what `scale` is to, and no more.

    A side that `set_` holds stays as it is. If none does, the array is shaped as nearly as the
    design as it can be, and no row can be added to it. Raises InputError where not one PE fits.
    """
    measure = MEASURES[scale.to]

    def at(rows: int, columns: int) -> float:
        try:
            return measure(_of_sides(arch, rows, columns))
        except InputError:  # what the rest of the design does not allow does not fit either
            return float("inf")

    every, every_rows = range(1, LONGEST_SIDE + 1), _rows_of(arch)

    def rows_at(columns: int) -> int:
        return _most(every_rows, lambda rows: at(rows, columns), most)

    def rows_like(columns: int) -> int:
        wanted = max(1, round(columns * ratio))
        return every_rows[bisect_right(every_rows, wanted) - 1]

    rows, columns = arch.array.rows, arch.array.columns
    ratio = rows / columns
    if SIDES[1] in set_:
        rows = rows_at(columns)
    elif SIDES[0] in set_:
        columns = _most(every, lambda columns: at(rows, columns), most)
    else:
        like = _most(every, lambda columns: at(rows_like(columns), columns), most)
        shapes = [(rows_at(each), each) for each in range(max(1, like), like + 2)]
        rows, columns = min(shapes, key=lambda shape: _unlikeness(shape[0] / shape[1], ratio))
    if not rows or not columns:
        raise InputError(f"{arch.name}: scale: {scale.to}: not one PE fits in {most:g}")
    return _of_sides(arch, rows, columns)


def _unlikeness(ratio: float, wanted: float) -> float:
    return abs(log(ratio / wanted)) if ratio else float("inf")


def _rows_of(arch: ArchConfig) -> list[int]:
    """Return how many rows an array may have beside the window that a design asks for (M8)."""
    window, unit = arch.lsb.fixed_window, arch.dataflow.window_unit
    every = range(1, LONGEST_SIDE + 1)
    return [rows for rows in every if window is None or window % unit(rows) == 0]


def _most(sides: Sequence[int], measure: Callable[[int], float], most: float) -> int:
    """Return the longest of some sides at which an array measures no more, 0 where none does."""
    place = bisect_right(sides, most, key=measure)
    return sides[place - 1] if place else 0


def _of_sides(arch: ArchConfig, rows: int, columns: int) -> ArchConfig:
    sides = dict(zip(SIDES, (rows, columns), strict=True))
    return arch.override({"name": arch.name, **sides})
