"""What a sweep's file says, checked with file, line and key as an architecture's file is."""

from __future__ import annotations

from collections import Counter
from math import prod
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import AfterValidator, Field, model_validator

from pgsim.arch import config_keys
from pgsim.arch.section import Section
from pgsim.arch.validation import check_yaml
from pgsim.arch.yaml_source import read_yaml
from pgsim.errors import nearest
from pgsim.files import shipped
from pgsim.study.sweeps.what_if import WHAT_IFS

MOST_POINTS = 10_000_000  # of a sweep; so many take days to check and to simulate

Value = bool | int | float | str | None  # what a YAML literal can be

_Values = TypeVar("_Values", bound=tuple[Value, ...])


def _distinct(values: _Values) -> _Values:
    if not values:
        raise ValueError("an empty list: expected at least one value.")
    told = [(isinstance(value, bool), value) for value in values]  # 1 is not true, but it is 1.0
    count = Counter(told)
    if len(count) < len(told):
        twice = next(value for is_truth, value in told if count[is_truth, value] > 1)
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
_AxisKey = Annotated[str, AfterValidator(_is_axis)]


class SweepSpec(Section):
    """What to sweep: the product of traces, architectures, schemes and the values of all axes.

    Construction raises pydantic's ValidationError, a ValueError; `load_sweep` raises InputError
    instead and says where.

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
    calibration_images: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _can_be_done(self) -> SweepSpec:
        if self.point_count > MOST_POINTS:
            raise ValueError(
                f"{self.point_count:,} points ({self.product}): expected at most "
                f"{MOST_POINTS:,}: cut it into several sweeps, or leave out values."
            )
        return self

    @property
    def point_count(self) -> int:
        """How many points the sweep has."""
        return prod(self._choices.values())

    @property
    def product(self) -> str:
        """How the points come to be so many: ``1 traces x 2 archs x 1 schemes x 3 array.rows``."""
        return " x ".join(f"{choices:,} {name}" for name, choices in self._choices.items())

    @property
    def _choices(self) -> dict[str, int]:
        lists = {"traces": self.traces, "archs": self.archs, "schemes": self.schemes} | self.axes
        return {name: len(values) for name, values in lists.items()}

    @property
    def what_ifs(self) -> tuple[str, ...]:
        """The axes that change the trace: bit widths under the same masks, or the thresholds."""
        return tuple(key for key in self.axes if key in WHAT_IFS)


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
