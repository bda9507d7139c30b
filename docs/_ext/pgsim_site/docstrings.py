"""What numpydoc docstrings say of arguments and fields."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

_TITLES = ("Parameters", "Attributes")


def entries(thing: object) -> dict[str, str]:
    """Return what the docstring of a class or function says of each argument or field."""
    found: dict[str, str] = {}
    names: list[str] = []
    for line in _lines(inspect.cleandoc(getattr(thing, "__doc__", None) or "").splitlines()):
        if line.startswith(" "):
            for name in names:
                found[name] = f"{found[name]} {line.strip()}".strip()
        elif line:
            names = line.partition(" : ")[0].split(", ")
            found |= dict.fromkeys(names, "")
    return found


def _lines(lines: list[str]) -> Iterator[str]:
    """Find the lines of the sections that tell of arguments."""
    inside = False
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch("-{3,}", below):
            inside = line in _TITLES
        elif inside and not re.fullmatch("-{3,}", line):
            yield line
