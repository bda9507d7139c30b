"""Designs as YAML in which every value says where it comes from."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pgsim.arch.importers.importer import Design, Sourced

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NOT_TEXT = {"true", "false", "yes", "no", "on", "off", "null"}
_COLUMN = 30  # after which comments begin, two further on


def yaml_of(design: Design, heading: str) -> str:
    """Return a design as YAML, with a comment at its head and one behind each value."""
    return "\n".join([f"# {heading}", *_lines(design, 0)]) + "\n"


def values_of(design: Design) -> dict[str, Any]:
    """Return the plain values of a design."""
    return {
        key: each.value if isinstance(each, Sourced) else values_of(each)
        for key, each in design.items()
    }


def _lines(section: Mapping[str, Any], depth: int) -> Iterator[str]:
    for key, each in section.items():
        begin = f"{'  ' * depth}{key}:"
        if not isinstance(each, Sourced):
            yield begin
            yield from _lines(each, depth + 1)
            continue
        line = f"{begin} {_scalar(each.value)}"
        yield f"{line:<{_COLUMN}}  # {each.source}" if each.source else line


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _NOT_TEXT:
        return value
    return json.dumps(value, ensure_ascii=False)
