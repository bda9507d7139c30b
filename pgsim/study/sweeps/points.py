"""The points of a sweep, all of them checked before the first one runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import costs_of
from pgsim.errors import InputError
from pgsim.schemes import layer_passes, scheme_named
from pgsim.study.simulation import calibration_count
from pgsim.study.sweeps.spec import SweepSpec, Value
from pgsim.study.sweeps.what_if import WHAT_IFS, what_if_trace
from pgsim.workload import GateTrace, load_trace


@dataclass(frozen=True)
class Point:
    """One simulation of a sweep: of a trace with `what_if` changed (`what_if_trace`).

    `axes` holds its values by the name of their column.
    """

    trace: str
    what_if: dict[str, Any]
    arch: ArchConfig
    scheme: str
    calibration_images: int
    axes: dict[str, Value]


def sweep_points(spec: SweepSpec) -> list[Point]:
    """Return the points of a sweep: by trace and what-ifs, then scheme, then architecture and axes.

    Raises InputError with one line for each problem of any point.
    """
    problems: list[str] = []
    traces = _traces(spec, problems)
    archs = _archs(spec, problems)
    _check_schemes(spec, [trace for *_, trace in traces], problems)
    calibration = _calibration(spec, traces, archs, problems)
    if problems:
        raise InputError("\n".join(dict.fromkeys(problems)))
    return [
        Point(
            name, what_if, arch, scheme, calibration[name], _axis_columns(spec, what_if | changes)
        )
        for (name, what_if, _), scheme, (changes, arch) in product(traces, spec.schemes, archs)
    ]


@contextmanager
def _noting(problems: list[str], label: str = "") -> Iterator[None]:
    """Turn an InputError of the block into lines of `problems`."""
    try:
        yield
    except InputError as error:
        problems += [f"{label}{line}" for line in str(error).splitlines()]


def _combinations(spec: SweepSpec, keys: Iterable[str]) -> list[dict[str, Any]]:
    chosen = {key: spec.axes[key] for key in keys}
    return [dict(zip(chosen, values, strict=True)) for values in product(*chosen.values())]


def _traces(spec: SweepSpec, problems: list[str]) -> list[tuple[str, dict[str, Any], GateTrace]]:
    """Return each trace under each what-if: as asked for, what is changed, the trace."""
    found: list[tuple[str, dict[str, Any], GateTrace]] = []
    loaded: dict[str, GateTrace] = {}
    for name in spec.traces:
        with _noting(problems):
            loaded[name] = load_trace(name)
    _check_names("traces", {given: trace.name for given, trace in loaded.items()}, problems)
    for name, what_if in product(loaded, _combinations(spec, spec.what_ifs)):
        with _noting(problems):
            found.append((name, what_if, what_if_trace(name, what_if)))
    return found


def _archs(spec: SweepSpec, problems: list[str]) -> list[tuple[dict[str, Any], ArchConfig]]:
    """Return each architecture under each choice of its axes: what was changed, and the result."""
    found: list[tuple[dict[str, Any], ArchConfig]] = []
    loaded: dict[str, ArchConfig] = {}
    for name in spec.archs:
        with _noting(problems):
            loaded[name] = load_arch(name)
    _check_names("archs", {given: arch.name for given, arch in loaded.items()}, problems)
    keys = [key for key in spec.axes if key not in WHAT_IFS]
    for arch, changes in product(loaded.values(), _combinations(spec, keys)):
        with _noting(problems):
            changed = arch.override({"name": arch.name, **changes})  # axes have their columns
            with _noting(problems, f"{arch.name}, overridden: "):
                costs_of(changed)
            found.append((changes, changed))
    return found


def _check_names(kind: str, names: dict[str, str], problems: list[str]) -> None:
    """Note the traces or architectures of one name: the table could not tell them apart."""
    first: dict[str, str] = {}
    for given, name in names.items():
        if name in first:
            problems.append(f"{kind}: {first[name]} and {given} are both named {name!r}")
        first.setdefault(name, given)


def _check_schemes(spec: SweepSpec, traces: list[GateTrace], problems: list[str]) -> None:
    for scheme in spec.schemes:
        with _noting(problems):
            scheme_named(scheme)
            for trace in traces:
                with _noting(problems, f"trace {trace.name}: "):
                    for layer in trace.layers:
                        layer_passes(layer, scheme)


def _calibration(
    spec: SweepSpec,
    traces: list[tuple[str, dict[str, Any], GateTrace]],
    archs: list[tuple[dict[str, Any], ArchConfig]],
    problems: list[str],
) -> dict[str, int]:
    """Return for each trace how many images are for calibration: what its neediest point needs."""
    counts: dict[str, int] = {}
    for (name, _, trace), (_, arch) in product(traces, archs):
        with _noting(problems):
            count = calibration_count(trace, arch, spec.calibration_images)
            counts[name] = max(counts.get(name, 0), count)
    return counts


def _axis_columns(spec: SweepSpec, values: dict[str, Value]) -> dict[str, Value]:
    """Return a point's values by column name; a column holds numbers, words or truths, not both."""
    columns: dict[str, Value] = {}
    for key, choices in spec.axes.items():
        kinds = {type(choice) for choice in choices}
        alike = kinds <= {int, float} or kinds in ({bool}, {str})
        column = f"trace.{key}" if key in WHAT_IFS else key
        columns[column] = values[key] if alike else _spelled(values[key])
    return columns


def _spelled(value: Value) -> str:
    """Return a value as YAML writes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
