"""A sweep checked before its first point runs, so that a slip in the last value shows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count, product
from math import prod

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import costs_of, warn_of_clock
from pgsim.errors import InputError
from pgsim.schemes import layer_passes, scheme_named
from pgsim.study.simulation import calibration_count
from pgsim.study.sweeps.points import Points, changed_design, designs, what_ifs
from pgsim.study.sweeps.sources import Source, technology_sources, trace_sources
from pgsim.study.sweeps.spec import SweepSpec
from pgsim.study.sweeps.what_if import SHIFT, what_if_trace
from pgsim.workload import GateTrace, load_trace

Progress = Callable[[int, int], object]  # called with how many are done and how many there are
Problems = dict[str, None]  # lines, in order, each once

_MOST_PROBLEMS = 50


def sweep_points(spec: SweepSpec, *, progress: Progress | None = None) -> Points:
    """Return the points of a sweep, all of them checked.

    Each what-if trace and each design is checked once, in all schemes, and `progress` is called
    after it: time grows as their number does. Raises InputError with one line for each problem of
    any point, and stops looking after fifty.
    """
    problems: Problems = {}
    traces, sources = _traces(spec, problems)
    archs = _archs(spec, problems)
    schemes = _schemes(spec, problems)
    step = _stepping(spec, len(traces), len(archs), problems, progress)
    technologies, orders = _check_designs(spec, archs, problems, step)
    calibration = _check_traces(spec, traces, schemes, orders, problems, step)
    _refuse(problems)
    return Points(spec, tuple(archs), calibration, sources, technologies)


@contextmanager
def _noting(problems: Problems, label: str = "") -> Iterator[None]:
    """Turn an InputError of the block into lines of `problems`."""
    try:
        yield
    except InputError as error:
        problems.update({f"{label}{line}": None for line in str(error).splitlines()})


def _refuse(problems: Problems, allowed: int = 0) -> None:
    """Raise InputError with the problems, where there are more than allowed."""
    if len(problems) > allowed:
        lines = list(problems)
        if len(lines) > _MOST_PROBLEMS:
            lines[_MOST_PROBLEMS:] = ["and there may be more: nothing further was checked"]
        raise InputError("\n".join(lines))


def _stepping(
    spec: SweepSpec,
    traces: int,
    archs: int,
    problems: Problems,
    progress: Progress | None,
) -> Callable[[], None]:
    """Return what is called after each what-if trace and each design that was checked."""
    of_traces = prod(len(spec.axes[key]) for key in spec.what_ifs)
    of_archs = prod(map(len, spec.axes.values())) // of_traces
    total = traces * of_traces + archs * of_archs
    numbers = count(1)

    def step() -> None:
        if progress is not None:
            progress(next(numbers), total)
        _refuse(problems, _MOST_PROBLEMS)

    return step


def _traces(spec: SweepSpec, problems: Problems) -> tuple[list[str], dict[str, tuple[Source, ...]]]:
    """Return the traces that can be loaded, as they were asked for, and the files of each."""
    names: dict[str, str] = {}
    sources: dict[str, tuple[Source, ...]] = {}
    for given in spec.traces:
        with _noting(problems):
            sources[given] = trace_sources(given, with_margins=SHIFT in spec.axes)
            names[given] = load_trace(given).name
    _check_names("traces", names, problems)
    return list(names), sources


def _archs(spec: SweepSpec, problems: Problems) -> list[ArchConfig]:
    """Return the architectures that can be loaded."""
    archs: dict[str, ArchConfig] = {}
    for given in spec.archs:
        with _noting(problems):
            archs[given] = load_arch(given)
    _check_names("archs", {given: arch.name for given, arch in archs.items()}, problems)
    return list(archs.values())


def _check_names(kind: str, names: Mapping[str, str], problems: Problems) -> None:
    """Note the traces or architectures of one name: the table could not tell them apart."""
    first: dict[str, str] = {}
    for given, name in names.items():
        if name in first:
            problems[f"{kind}: {first[name]} and {given} are both named {name!r}"] = None
        first.setdefault(name, given)


def _schemes(spec: SweepSpec, problems: Problems) -> list[str]:
    """Return the schemes that there are."""
    known = []
    for name in spec.schemes:
        with _noting(problems):
            known.append(scheme_named(name).name)
    return known


def _check_designs(
    spec: SweepSpec, archs: Iterable[ArchConfig], problems: Problems, step: Callable[[], None]
) -> tuple[dict[str, tuple[Source, ...]], list[ArchConfig]]:
    """Check all designs, and return the files of each technology, and a design by lane order.

    How many images are for calibration depends on a design's lane order alone.
    """
    technologies: dict[str, tuple[Source, ...]] = {}
    orders: dict[bool, ArchConfig] = {}
    for arch, changes in designs(spec, archs):
        with _noting(problems):
            changed = changed_design(arch, changes)
            orders.setdefault(changed.lsb.by_density, changed)
            with _noting(problems, f"{arch.name}, overridden: "):
                if changed.technology not in technologies:
                    technologies[changed.technology] = technology_sources(changed.technology)
                costs = costs_of(changed)
                warn_of_clock(costs.arch, costs.paths)
        step()
    return technologies, list(orders.values())


def _check_traces(
    spec: SweepSpec,
    traces: Iterable[str],
    schemes: Iterable[str],
    orders: Iterable[ArchConfig],
    problems: Problems,
    step: Callable[[], None],
) -> dict[str, int]:
    """Check all what-if traces, and return how many images of each trace are for calibration.

    That is as many as its neediest point needs.
    """
    calibration: dict[str, int] = {}
    for name, what_if in product(traces, what_ifs(spec)):
        with _noting(problems):
            trace = what_if_trace(name, what_if)
            _check_layers(trace, schemes, problems)
            for arch in orders:
                with _noting(problems):
                    images = calibration_count(trace, arch, spec.calibration_images)
                    calibration[name] = max(calibration.get(name, 0), images)
        step()
    return calibration


def _check_layers(trace: GateTrace, schemes: Iterable[str], problems: Problems) -> None:
    for scheme in schemes:
        with _noting(problems, f"trace {trace.name}: "):
            for layer in trace.layers:
                layer_passes(layer, scheme)
