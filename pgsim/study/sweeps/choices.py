"""What the axes of a sweep choose from: each group of keys, and the values that they take together.

An axis is a group of one key. The keys of `zip`, and those of the table `points`, are a group each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pgsim.study.sweeps.what_if import WHAT_IFS

Value = bool | int | float | str | None  # what a YAML literal can be
Changes = dict[str, Any]  # by key


class Group(NamedTuple):
    """Keys that change together: `rows` has their values, a row for each choice."""

    name: str
    keys: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]

    def changes(self, number: int) -> Changes:
        """Return one choice."""
        return dict(zip(self.keys, self.rows[number], strict=True))

    @property
    def changes_trace(self) -> bool:
        """Whether a key of it changes the trace."""
        return any(key in WHAT_IFS for key in self.keys)

    @property
    def changes_design(self) -> bool:
        """Whether a key of it changes the design."""
        return any(key not in WHAT_IFS for key in self.keys)


def groups_of(
    axes: Mapping[str, tuple[Value, ...]],
    zipped: Mapping[str, tuple[Value, ...]],
    points: tuple[Mapping[str, Value], ...],
) -> tuple[Group, ...]:
    """Return the groups of a sweep: one an axis, then `zip`, then `points`."""
    groups = [Group(key, (key,), tuple((each,) for each in values)) for key, values in axes.items()]
    if zipped:
        groups.append(Group("zip", tuple(zipped), tuple(zip(*zipped.values(), strict=True))))
    if points:
        keys = tuple(points[0])
        rows = tuple(tuple(point[key] for key in keys) for point in points)
        groups.append(Group("points", keys, rows))
    return tuple(groups)


def first_twice(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return the first value that stands in `values` twice, in a tuple; else an empty one.

    1 is not true, but it is 1.0.
    """
    seen: dict[tuple[Any, ...], Any] = {}
    for value in values:
        parts = value if isinstance(value, tuple) else (value,)
        told = tuple((isinstance(part, bool), part) for part in parts)
        if told in seen:
            return (seen[told],)
        seen[told] = value
    return ()
