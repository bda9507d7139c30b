"""The points of a sweep: made one by one as they are asked for, from a spec that was checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from numbers import Real
from typing import Any, TypeVar

from pgsim.arch import ArchConfig
from pgsim.study.sweeps.budgets import SIDES, Scale, scaled
from pgsim.study.sweeps.choices import Changes, Group, Value
from pgsim.study.sweeps.sources import Source
from pgsim.study.sweeps.spec import SweepSpec
from pgsim.study.sweeps.what_if import WHAT_IFS

Arch = TypeVar("Arch")


@dataclass(frozen=True)
class Point:
    """One simulation of a sweep: of a trace with `what_if` changed (`what_if_trace`).

    `number` is its place among all points, with those that constraints leave out. `axes` holds its
    values by the name of their column, `sources` the files as they were checked.
    """

    number: int
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

    They are not held, so that millions take no memory, and are made anew each time. `archs`: before
    their axes. `calibration` and `trace_sources`: by trace; `technology_sources`: by technology.
    `targets`: to what the arrays of each architecture are scaled. `left_out`: the places, in
    `designs`, of those outside a constraint.
    """

    spec: SweepSpec
    archs: tuple[ArchConfig, ...]
    calibration: Mapping[str, int]
    trace_sources: Mapping[str, tuple[Source, ...]]
    technology_sources: Mapping[str, tuple[Source, ...]]
    targets: Mapping[str, float] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()

    def __len__(self) -> int:
        designs = len(self.archs) * choices_of_designs(self.spec)
        return self.spec.point_count // designs * (designs - len(self.left_out))

    def __iter__(self) -> Iterator[Point]:
        return map(self.point, self.numbers())

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of all points that no constraint leaves out."""
        every = range(self.spec.point_count)
        return (
            (number for number in every if self.is_kept(number)) if self.left_out else iter(every)
        )

    def is_kept(self, number: int) -> bool:
        """Say whether no constraint leaves out the point of this number."""
        if not self.left_out:
            return True
        digits, place = self.digits(number), 0
        for name, choices in self._design_places:
            place = place * choices + digits[name]
        return place not in self.left_out

    def point(self, number: int) -> Point:
        """Return the point of a number."""
        digits, spec = self.digits(number), self.spec
        changes: Changes = {}
        for group in self._groups:
            changes |= group.changes(digits[group.name])
        what_if = {key: changes[key] for key in changes if key in WHAT_IFS}
        of_design = {key: changes[key] for key in changes if key not in WHAT_IFS}
        trace, arch = spec.traces[digits["traces"]], self.archs[digits["archs"]]
        changed = changed_design(arch, of_design, spec.scale, self.targets)
        axes = {column: cell(changes[key]) for key, column, cell in self._columns}
        return Point(
            number=number,
            trace=trace,
            what_if=what_if,
            arch=changed,
            scheme=spec.schemes[digits["schemes"]],
            calibration_images=self.calibration[trace],
            axes=axes | followed_sides(spec, changed),
            sources=frozenset(
                self.trace_sources[trace] + self.technology_sources[changed.technology]
            ),
        )

    def digits(self, number: int) -> dict[str, int]:
        """Return which choice of each list the point of a number is."""
        digits = {}
        for name, choices in reversed(self.places):
            number, digits[name] = divmod(number, choices)
        return digits

    def number(self, digits: Mapping[str, int]) -> int:
        """Return the number of the point of some choices, one of each list."""
        number = 0
        for name, choices in self.places:
            number = number * choices + digits[name]
        return number

    def numbers_of(self, row: Mapping[str, object]) -> Iterator[int]:
        """Yield the numbers of all points that a row of the sweep's table may be of.

        row: cells by column, or some of them. A trace may have another name than in the spec.
        """
        names = [name for name, _ in self.places]
        likely = (
            [choice for choice, cells in enumerate(self._cells[name]) if _agree(cells, row)]
            for name in names
        )
        for choices in product(*likely):
            yield self.number(dict(zip(names, choices, strict=True)))

    @cached_property
    def _cells(self) -> dict[str, list[dict[str, Value]]]:
        """What a row of the table has of each choice of each list."""
        spec = self.spec
        return {
            "traces": [{} for _ in spec.traces],
            "schemes": [{"scheme": each} for each in spec.schemes],
            "archs": [{"arch": each.name} for each in self.archs],
            **{group.name: list(self._cells_of(group)) for group in self._groups},
        }

    def _cells_of(self, group: Group) -> Iterator[dict[str, Value]]:
        for choice in range(len(group.rows)):
            changes = group.changes(choice)
            yield {
                column: cell(changes[key]) for key, column, cell in self._columns if key in changes
            }

    @cached_property
    def places(self) -> tuple[tuple[str, int], ...]:
        """What is chosen from, and how many choices there are; the last one changes first."""
        spec = self.spec
        outer = [group for group in self._groups if group.changes_trace]
        return (
            ("traces", len(spec.traces)),
            *((group.name, len(group.rows)) for group in outer),
            ("schemes", len(spec.schemes)),
            ("archs", len(spec.archs)),
            *((group.name, len(group.rows)) for group in self._inner),
        )

    @cached_property
    def _groups(self) -> tuple[Group, ...]:
        return self.spec.groups

    @cached_property
    def _mixed(self) -> list[Group]:
        return _mixed(self.spec)

    @cached_property
    def _inner(self) -> list[Group]:
        return _inner(self.spec)

    @cached_property
    def _design_places(self) -> list[tuple[str, int]]:
        """What `designs` chooses from, in its order."""
        mixed, inner = (
            [(group.name, len(group.rows)) for group in groups]
            for groups in (self._mixed, self._inner)
        )
        return [*mixed, ("archs", len(self.archs)), *inner]

    @cached_property
    def _columns(self) -> list[tuple[str, str, Callable[[Value], Value]]]:
        return _axis_columns(self.spec)


def what_ifs(spec: SweepSpec) -> list[Changes]:
    """Return every choice of what changes a trace, each once."""
    outer = [group for group in spec.groups if group.changes_trace]
    found = []
    seen = set()
    for changes in _combinations(outer):
        changes = {key: value for key, value in changes.items() if key in WHAT_IFS}
        if (told := tuple(changes.values())) not in seen:
            seen.add(told)
            found.append(changes)
    return found


def designs(spec: SweepSpec, archs: Iterable[Arch]) -> Iterator[tuple[Arch, Changes]]:
    """Yield every architecture with every choice of what changes it, as often as it stands there.

    By the groups that change traces too, then by architecture, then by the others.
    """
    archs = list(archs)
    for mixed, arch in product(_combinations(_mixed(spec)), archs):
        own = {key: value for key, value in mixed.items() if key not in WHAT_IFS}
        for changes in _combinations(_inner(spec)):
            yield arch, own | changes


def choices_of_designs(spec: SweepSpec) -> int:
    """Return how often `designs` yields each architecture."""
    return prod(len(group.rows) for group in (*_mixed(spec), *_inner(spec)))


def changed_design(
    arch: ArchConfig,
    changes: Mapping[str, Any],
    scale: Scale | None = None,
    targets: Mapping[str, float] | None = None,
) -> ArchConfig:
    """Return an architecture with a choice of axes, under its own name: axes have their columns."""
    changed = arch.override({"name": arch.name, **changes})
    if scale is None or targets is None:
        return changed
    return scaled(changed, changes, scale, targets[arch.name])


def followed_sides(spec: SweepSpec, arch: ArchConfig) -> dict[str, Value]:
    """Return the sides of an array that was scaled, as cells."""
    if spec.scale is None:
        return {}
    sides = dict(zip(SIDES, (arch.array.rows, arch.array.columns), strict=True))
    return {key: side for key, side in sides.items() if key not in spec.keys}


def _mixed(spec: SweepSpec) -> list[Group]:
    return [group for group in spec.groups if group.changes_trace and group.changes_design]


def _inner(spec: SweepSpec) -> list[Group]:
    return [group for group in spec.groups if not group.changes_trace]


def _combinations(groups: Iterable[Group]) -> Iterator[Changes]:
    groups = list(groups)
    for numbers in product(*(range(len(group.rows)) for group in groups)):
        changes: Changes = {}
        for group, number in zip(groups, numbers, strict=True):
            changes |= group.changes(number)
        yield changes


def _axis_columns(spec: SweepSpec) -> list[tuple[str, str, Callable[[Value], Value]]]:
    """Return each axis, its column, and what makes a value a cell of it.

    A column holds numbers, words or truths, not both.
    """
    columns: list[tuple[str, str, Callable[[Value], Value]]] = []
    for group in spec.groups:
        for place, key in enumerate(group.keys):
            kinds = {type(row[place]) for row in group.rows}
            alike = kinds <= {int, float} or kinds in ({bool}, {str})
            column = f"trace.{key}" if key in WHAT_IFS else key
            columns.append((key, column, _as_it_is if alike else _spelled))
    return columns


def _agree(cells: Mapping[str, Value], row: Mapping[str, object]) -> bool:
    """Say whether a row has these cells, or no such columns."""
    return all(_alike(row[each], cells[each]) for each in cells if each in row)


def _alike(one: object, other: object) -> bool:
    """Say whether two cells are the same, of which a file may have changed the type."""
    if isinstance(one, Real) and isinstance(other, Real):
        return one == other
    return str(one) == str(other)


def _as_it_is(value: Value) -> Value:
    return value


def _spelled(value: Value) -> str:
    """Return a value as YAML writes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
