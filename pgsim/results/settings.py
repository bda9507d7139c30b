"""What a sweep set of a design or a trace, and whether the names in a table say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, reduce
from typing import TYPE_CHECKING

from pgsim.arch import ArchConfig, config_keys, load_arch
from pgsim.files import shipped_names

if TYPE_CHECKING:
    import pandas as pd

_OF_TRACES = "trace."
_SIDES = {"array.rows": 1, "array.columns": 2}  # groups of the next line
_SHAPE = re.compile(r"(?<![^\W_])(\d+)x(\d+)(?![^\W_])")  # as in pg-os-16x16


def fixed_settings(frame: pd.DataFrame) -> list[str]:
    """Return ``key=value`` of what a sweep set and all rows share, where no name says it.

    An architecture's name says what the shipped design of that name has, and what stands in its
    brackets; a trace's name says what stands in its brackets.
    """
    named = (name for name in map(str, frame.columns) if is_setting(name))
    return [
        f"{name}={frame[name].iloc[0]}"
        for name in named
        if frame[name].nunique(dropna=False) == 1 and not all(_said(frame, name))
    ]


def contradicts_names(frame: pd.DataFrame, name: str) -> bool:
    """Say whether a column has other values than shipped designs of the names beside them."""
    if not is_setting(name) or name.startswith(_OF_TRACES):
        return False
    return any(
        (arch := _shipped(str(named))) is not None and not _has(arch, name, value)
        for named, value in _pairs(frame, "arch", name)
    )


def belies_names(frame: pd.DataFrame, name: str) -> bool:
    """Say whether a column has other sides of the array than the names beside them spell out."""
    if name not in _SIDES:
        return False
    return any(
        (found := _SHAPE.search(str(named))) is not None and found[_SIDES[name]] != str(value)
        for named, value in _pairs(frame, "arch", name)
    )


def is_setting(name: str) -> bool:
    """Say whether a column is what a sweep set: a key of a design, or of a trace."""
    return name.startswith(_OF_TRACES) or name in config_keys()


def _said(frame: pd.DataFrame, name: str) -> Iterator[bool]:
    """Say of every name in a table whether it says the value beside it."""
    if name.startswith(_OF_TRACES):
        field = name.removeprefix(_OF_TRACES)
        for named, value in _pairs(frame, "trace", name):
            yield f"{field}={value}" in str(named)
        return
    for named, value in _pairs(frame, "arch", name):
        arch = _shipped(str(named))
        yield f"{name}={value}" in str(named) or (arch is not None and _has(arch, name, value))


def _pairs(frame: pd.DataFrame, names: str, column: str) -> Iterator[tuple[object, object]]:
    """Find every name with the values that a column has beside it, each once."""
    yield from frame[[names, column]].drop_duplicates().itertuples(index=False, name=None)


@cache
def _shipped(name: str) -> ArchConfig | None:
    """Return the shipped design of a name, as its file has it."""
    designs = (load_arch(each) for each in shipped_names("arch_configs", ".yaml"))
    return next((design for design in designs if design.name == name), None)


def _has(arch: ArchConfig, key: str, value: object) -> bool:
    own = reduce(getattr, key.split("."), arch)
    return bool(own == value) or str(own) == str(value)
