"""What a sweep's file says, checked with file, line and key as an architecture's file is."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, model_validator

from pgsim.arch import config_keys
from pgsim.arch.section import NameIn, Section
from pgsim.arch.validation import KeyProblems, check_yaml
from pgsim.errors import nearest
from pgsim.files import shipped
from pgsim.study.sweeps.budgets import MEASURES, SIDES, Budget, Scale
from pgsim.study.sweeps.choices import Group, Value, first_twice, groups_of
from pgsim.study.sweeps.table_rows import TABLE_ROWS, TableRows
from pgsim.study.sweeps.what_if import WHAT_IFS
from pgsim.yaml_source import read_yaml

MOST_POINTS = 10_000_000  # of a sweep; so many take days to check and to simulate

_Values = TypeVar("_Values", bound=tuple[Value, ...])


def _some(values: _Values) -> _Values:
    if not values:
        raise ValueError("an empty list: expected at least one value.")
    return values


def _distinct(values: _Values) -> _Values:
    for twice in first_twice(_some(values)):
        raise ValueError(f"value {twice!r} stands here twice; each point is simulated once.")
    return values


def _is_axis(key: str) -> str:
    known = (*WHAT_IFS, *config_keys())
    if key not in known:
        endings = [each for each in known if each.endswith(f".{key}")]
        hint = f" Did you mean {endings[0]!r}?" if endings else nearest(key, known)
        raise ValueError(
            "unknown axis: expected a dotted key of an architecture, such as array.rows, or one of "
            f"{', '.join(WHAT_IFS)}.{hint}"
        )
    return key


# A YAML list is the only way to write a tuple, so these fields, and not their items, are lax.
_Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...], Field(strict=False), AfterValidator(_distinct)
]
_AxisValues = Annotated[tuple[Value, ...], Field(strict=False), AfterValidator(_distinct)]
_ZipValues = Annotated[tuple[Value, ...], Field(strict=False), AfterValidator(_some)]
_AxisKey = Annotated[str, AfterValidator(_is_axis)]


def _is_measure(name: str) -> str:
    if name not in MEASURES:
        raise ValueError(
            f"unknown budget: expected one of {', '.join(MEASURES)}.{nearest(name, MEASURES)}"
        )
    return name


_MeasureName = Annotated[str, AfterValidator(_is_measure)]


class SweepSpec(Section):
    """What to sweep: the product of traces, architectures, schemes, all axes, `zip` and `points`.

    Construction raises pydantic's ValidationError, a ValueError; `load_sweep` raises InputError
    instead and says where. A key stands in one of `axes`, `zip` and `points`.

    Parameters
    ----------
    traces, archs : sequences of str
        Paths or shipped names, at least one.
    schemes : sequence of str
        Names of `pgsim.SCHEMES`.
    axes : dict of str to sequence of values
        By dotted key of an architecture or one of WHAT_IFS: a bit width asks what the same masks
        would cost there (None: their own), `threshold_shift` what masks would cost if all
        thresholds were higher (M37), on the images of the margins file beside the trace.
    zip : dict of str to sequence of values
        Likewise, but of lists of one length, which advance together.
    points : sequence of dict of str to value
        A table of choices, each with the same keys.
    constraints : dict of str to Budget
        The least or most that a design may have of `pes`, `logic_area_mm2`, `area_mm2` (both with
        what gates) or `sram_kib`. Points of other designs are left out.
    scale : Scale, optional
        Lets the sides of the array that no axis sets follow, so that PEs or logic area are equal.
    rows : str
        What a row of the table is: a `layer` at a point, or a `point`.
    calibration_images : int, optional
        Each trace's first images, which are not simulated (default: as many as its neediest point
        needs).

    Examples
    --------
    >>> SweepSpec(traces=["digits_pg_4_2"], archs=["pg_ws"], axes={"array.rows": [8, 16]}).schemes
    ('pg',)
    """

    traces: _Names
    archs: _Names
    schemes: _Names = ("pg",)
    axes: dict[_AxisKey, _AxisValues] = Field(default_factory=dict)
    zip: dict[_AxisKey, _ZipValues] = Field(default_factory=dict)
    points: Annotated[tuple[dict[_AxisKey, Value], ...], Field(strict=False)] = ()
    constraints: dict[_MeasureName, Budget] = Field(default_factory=dict)
    scale: Scale | None = None
    rows: Annotated[str, NameIn(TABLE_ROWS)] = "layer"
    calibration_images: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _can_be_done(self) -> SweepSpec:
        if problems := _problems_of(self):
            raise KeyProblems(*problems)
        if self.point_count > MOST_POINTS:
            raise ValueError(
                f"{self.point_count:,} points ({self.product}): expected at most "
                f"{MOST_POINTS:,}: cut it into several sweeps, or leave out values."
            )
        return self

    @property
    def groups(self) -> tuple[Group, ...]:
        """What is chosen from: each axis, then `zip`, then `points`."""
        return groups_of(self.axes, self.zip, self.points)

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that change, in their order."""
        return tuple(key for group in self.groups for key in group.keys)

    @property
    def point_count(self) -> int:
        """How many points the sweep has, before constraints leave any out."""
        return prod(self._choices.values())

    @property
    def product(self) -> str:
        """How the points come to be so many: ``1 traces x 2 archs x 1 schemes x 3 array.rows``."""
        return " x ".join(f"{choices:,} {name}" for name, choices in self._choices.items())

    @property
    def _choices(self) -> dict[str, int]:
        lists = {"traces": self.traces, "archs": self.archs, "schemes": self.schemes}
        groups = {group.name: len(group.rows) for group in self.groups}
        return {name: len(values) for name, values in lists.items()} | groups

    @property
    def table_rows(self) -> TableRows:
        """What a row of the table is."""
        return TABLE_ROWS[self.rows]

    @property
    def what_ifs(self) -> tuple[str, ...]:
        """The keys that change the trace: bit widths under the same masks, or the thresholds."""
        return tuple(key for key in self.keys if key in WHAT_IFS)


def _problems_of(spec: SweepSpec) -> list[tuple[str, str]]:
    """Return what is wrong between the keys of a sweep, each with the key that it is told at."""
    lengths = {len(values) for values in spec.zip.values()}
    if len(lengths) > 1:
        told = ", ".join(f"{key} {len(values)}" for key, values in spec.zip.items())
        return [("zip", f"lists of {told} values: expected all of one length.")]
    for number, point in enumerate(spec.points):
        if point.keys() != spec.points[0].keys() or not point:
            named = ", ".join(spec.points[0]) or "at least one key"
            text = f"keys {', '.join(point) or '(none)'}: expected {named}, as in the first point."
            return [("points", f"number {number + 1}: {text}")]
    problems = []
    for group in spec.groups[len(spec.axes) :]:
        for twice in first_twice(group.rows):
            told = ", ".join(f"{key} {value}" for key, value in zip(group.keys, twice, strict=True))
            text = f"{told} stands here twice; each point is simulated once."
            problems.append((group.name, text))
    for twice in first_twice(spec.keys):
        problems.append(("axes", f"{twice} is changed in more than one of axes, zip and points."))
    if spec.scale is not None and not set(SIDES) - set(spec.keys):
        problems.append(("scale", "nothing can follow: both sides of the array are set."))
    return problems


def load_sweep(name_or_path: str | Path) -> SweepSpec:
    """Return the sweep of a YAML file, or of the shipped one of that name.

    Parameters
    ----------
    name_or_path : str or Path
        A file, or the name of a shipped one.

    Returns
    -------
    SweepSpec
        What to sweep, checked and frozen.

    Raises
    ------
    InputError
        Where there is no such file or name, and for everything wrong in the file at once, one line
        each with file, line and key.

    Examples
    --------
    >>> list(load_sweep("rows").axes)
    ['array.rows', 'array.columns']
    """
    path = shipped("arch_configs/sweeps", name_or_path, ".yaml")
    return check_yaml(SweepSpec, read_yaml(path))
