"""What decides a search, told as a text: values that differ in anything are told differently."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from fractions import Fraction

from pydantic import BaseModel

_PLAIN = (type(None), bool, int, float, str, bytes, Fraction)


class Untold(Exception):
    """Something that no text tells: its code may change while pgsim's own stays the same."""


def told(value: object, own: Callable[[object], str | None] = lambda value: None) -> str:
    """Return a value as a text that tells its type, and all its parts.

    own: returns the text of what is told in a way of its own, and None of all else. Raises Untold
    for objects of classes that are not pgsim's.
    """
    text = own(value)
    if text is not None:
        return text
    kind = type(value)
    if kind in _PLAIN:
        return f"{kind.__name__}:{value!r}"
    if kind not in (tuple, list) and not kind.__module__.startswith("pgsim."):
        raise Untold(f"{kind.__module__}.{kind.__qualname__}")
    inner = ", ".join(f"{name}={told(part, own)}" for name, part in _parts(value).items())
    return f"{kind.__module__}.{kind.__qualname__}({inner})"


def _parts(value: object) -> dict[object, object]:
    """Return what an object is made of, by name or by place."""
    if isinstance(value, tuple | list):
        return dict(enumerate(value))
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    if is_dataclass(value):
        return {each.name: getattr(value, each.name) for each in fields(value)}
    return dict(vars(value).items())
