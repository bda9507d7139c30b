"""The points of a sweep: made one by one as they are asked for, from a spec that was checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from pgsim.arch import ArchConfig
from pgsim.study.sweeps.sources import Source
from pgsim.study.sweeps.spec import SweepSpec, Value
from pgsim.study.sweeps.what_if import WHAT_IFS


@dataclass(frozen=True)
class Point:
    """One simulation of a sweep: of a trace with `what_if` changed (`what_if_trace`).

    `axes` holds its values by the name of their column, `sources` the files as they were checked.
    """

    trace: str
    what_if: dict[str, Any]
    arch: ArchConfig
    scheme: str
    calibration_images: int
    axes: dict[str, Value]
    sources: frozenset[Source]

    def __str__(self) -> str:
        """Return what tells it from the other points of its sweep."""
        axes = "".join(f", {column} {_spelled(value)}" for column, value in self.axes.items())
        return f"trace {self.trace}, arch {self.arch.name}, scheme {self.scheme}{axes}"


@dataclass(frozen=True)
class Points:
    """All points of a sweep, by trace and what-ifs, then scheme, then architecture and axes.

    They are not held, so that millions take no memory, and come anew each time they are gone
    through. `archs`: before their axes. `calibration` and `trace_sources`: by trace;
    `technology_sources`: by technology.
    """

    spec: SweepSpec
    archs: tuple[ArchConfig, ...]
    calibration: Mapping[str, int]
    trace_sources: Mapping[str, tuple[Source, ...]]
    technology_sources: Mapping[str, tuple[Source, ...]]

    def __len__(self) -> int:
        return self.spec.point_count

    def __iter__(self) -> Iterator[Point]:
        columns = _axis_columns(self.spec)
        for trace, what_if in product(self.spec.traces, what_ifs(self.spec)):
            for scheme in self.spec.schemes:
                for arch, changes in designs(self.spec, self.archs):
                    changed = changed_design(arch, changes)
                    values = what_if | changes
                    yield Point(
                        trace=trace,
                        what_if=what_if,
                        arch=changed,
                        scheme=scheme,
                        calibration_images=self.calibration[trace],
                        axes={column: cell(values[key]) for key, column, cell in columns},
                        sources=frozenset(
                            self.trace_sources[trace] + self.technology_sources[changed.technology]
                        ),
                    )


def what_ifs(spec: SweepSpec) -> Iterator[dict[str, Any]]:
    """Yield every choice of the axes that change a trace."""
    return _combinations(spec, spec.what_ifs)


def designs(
    spec: SweepSpec, archs: Iterable[ArchConfig]
) -> Iterator[tuple[ArchConfig, dict[str, Any]]]:
    """Yield every architecture with every choice of the axes that change it."""
    keys = [key for key in spec.axes if key not in WHAT_IFS]
    for arch in archs:
        for changes in _combinations(spec, keys):
            yield arch, changes


def changed_design(arch: ArchConfig, changes: Mapping[str, Any]) -> ArchConfig:
    """Return an architecture with a choice of axes, under its own name: axes have their columns."""
    return arch.override({"name": arch.name, **changes})


def _combinations(spec: SweepSpec, keys: Iterable[str]) -> Iterator[dict[str, Any]]:
    chosen = {key: spec.axes[key] for key in keys}
    return (dict(zip(chosen, values, strict=True)) for values in product(*chosen.values()))


def _axis_columns(spec: SweepSpec) -> list[tuple[str, str, Callable[[Value], Value]]]:
    """Return each axis, its column, and what makes a value a cell of it.

    A column holds numbers, words or truths, not both.
    """
    columns: list[tuple[str, str, Callable[[Value], Value]]] = []
    for key, choices in spec.axes.items():
        kinds = {type(choice) for choice in choices}
        alike = kinds <= {int, float} or kinds in ({bool}, {str})
        column = f"trace.{key}" if key in WHAT_IFS else key
        columns.append((key, column, _as_it_is if alike else _spelled))
    return columns


def _as_it_is(value: Value) -> Value:
    return value


def _spelled(value: Value) -> str:
    """Return a value as YAML writes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
