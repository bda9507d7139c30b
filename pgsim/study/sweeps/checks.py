"""A sweep checked before its first point runs, so that a slip in the last value shows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, product

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost import costs_of, warn_of_clock
from pgsim.errors import InputError
from pgsim.schemes import network_passes, scheme_named
from pgsim.study.simulation import calibration_count
from pgsim.study.sweeps.budgets import MEASURES, is_allowed
from pgsim.study.sweeps.points import (
    Point,
    Points,
    changed_design,
    choices_of_designs,
    designs,
    what_ifs,
)
from pgsim.study.sweeps.sources import Source, technology_sources, trace_sources
from pgsim.study.sweeps.spec import SweepSpec
from pgsim.study.sweeps.what_if import SHIFT, WHAT_IFS, what_if_trace
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
    targets = _targets(spec, archs, problems)
    step = _stepping(spec, len(traces), len(archs), problems, progress)
    found = _check_designs(spec, archs, targets, problems, step)
    calibration = _check_traces(spec, traces, schemes, found.orders, problems, step)
    points = Points(
        spec,
        tuple(archs),
        calibration,
        sources,
        found.technologies,
        targets,
        frozenset(found.left_out),
    )
    if not problems and not len(points):
        problems["constraints: they leave out every point"] = None
    _refuse(problems)
    return points


def unchecked_points(spec: SweepSpec) -> Points:
    """Return the points of a sweep whose designs are not checked yet: `checked_point` checks one.

    What they are made of is checked, in a time that does not grow with how many there are. Raises
    InputError with one line for each problem.
    """
    problems: Problems = {}
    traces, sources = _traces(spec, problems)
    archs = _archs(spec, problems)
    schemes = _schemes(spec, problems)
    targets = _targets(spec, archs, problems)
    technologies = _technologies(spec, archs, problems)
    orders = [*archs, *_lane_orders(spec, archs)]
    calibration = _check_traces(spec, traces, schemes, orders, problems, lambda: None)
    _refuse(problems)
    return Points(spec, tuple(archs), calibration, sources, technologies, targets)


def checked_point(points: Points, number: int) -> Point | None:
    """Return the point of a number; None where its design is outside a constraint.

    Raises InputError where its design cannot be built.
    """
    point = points.point(number)
    costs = costs_of(point.arch)
    if not is_allowed(points.spec.constraints, point.arch):
        return None
    warn_of_clock(costs.arch, costs.paths)
    return point


def _technologies(
    spec: SweepSpec, archs: Iterable[ArchConfig], problems: Problems
) -> dict[str, tuple[Source, ...]]:
    """Return the files of every technology that a design of a sweep may have."""
    names = {arch.technology: None for arch in archs}
    for group in spec.groups:
        if "technology" in group.keys:
            place = group.keys.index("technology")
            names |= {str(row[place]): None for row in group.rows}
    found: dict[str, tuple[Source, ...]] = {}
    for name in names:
        with _noting(problems):
            found[name] = technology_sources(name)
    return found


def _lane_orders(spec: SweepSpec, archs: Iterable[ArchConfig]) -> Iterator[ArchConfig]:
    """Yield designs of every lane order of a sweep, as far as they can be built."""
    for group in spec.groups:
        if "lsb.lane_order" in group.keys:
            for arch, number in product(archs, range(len(group.rows))):
                changes = group.changes(number)
                own = {key: value for key, value in changes.items() if key not in WHAT_IFS}
                with suppress(InputError):
                    yield arch.override({**own, "name": arch.name})


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
    total = traces * len(what_ifs(spec)) + archs * choices_of_designs(spec)
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
            sources[given] = trace_sources(given, with_margins=SHIFT in spec.keys)
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


def _targets(spec: SweepSpec, archs: Iterable[ArchConfig], problems: Problems) -> dict[str, float]:
    """Return the most that the arrays of each architecture may have, where they are scaled."""
    if spec.scale is None:
        return {}
    measure = MEASURES[spec.scale.to]
    targets: dict[str, float] = {}
    for arch in archs:
        with _noting(problems, "" if spec.scale.of is None else "scale.of: "):
            of = arch if spec.scale.of is None else load_arch(spec.scale.of)
            targets[arch.name] = measure(of)
    return targets


@dataclass
class _Designs:
    """What the check of all designs finds.

    technologies: the files of each. orders: a design by lane order. left_out: the places of those
    outside a constraint.
    """

    technologies: dict[str, tuple[Source, ...]] = field(default_factory=dict)
    by_order: dict[bool, ArchConfig] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)

    @property
    def orders(self) -> list[ArchConfig]:
        return list(self.by_order.values())


def _check_designs(
    spec: SweepSpec,
    archs: Iterable[ArchConfig],
    targets: Mapping[str, float],
    problems: Problems,
    step: Callable[[], None],
) -> _Designs:
    """Check all designs, those too that a constraint leaves out.

    How many images are for calibration depends on a design's lane order alone.
    """
    found = _Designs()
    for place, (arch, changes) in enumerate(designs(spec, archs)):
        if spec.scale is not None and arch.name not in targets:
            continue
        with _noting(problems):
            changed = changed_design(arch, changes, spec.scale, targets)
            if _is_swept(changed, spec, found.technologies, problems):
                found.by_order.setdefault(changed.lsb.by_density, changed)
            else:
                found.left_out.add(place)
        step()
    return found


def _is_swept(
    arch: ArchConfig,
    spec: SweepSpec,
    technologies: dict[str, tuple[Source, ...]],
    problems: Problems,
) -> bool:
    """Check what a design costs, note its technology's files, and say if constraints allow it."""
    with _noting(problems, f"{arch.name}, overridden: "):
        if arch.technology not in technologies:
            technologies[arch.technology] = technology_sources(arch.technology)
        costs = costs_of(arch)
        if not is_allowed(spec.constraints, arch):
            return False
        warn_of_clock(costs.arch, costs.paths)
    return True


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
            network_passes(trace.layers, scheme)
