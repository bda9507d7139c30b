"""Every key of a file: what it may hold, what it is where it is left out, and what it means.

Ranges and defaults are those of the pydantic models, meanings those of their docstrings. The keys
that a kind declares, such as a scheduler's, are told in the docstring of that kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from pgsim.arch import DRAM, DRAM_MODELS, LSB, PE, PES, SCHEDULERS
from pgsim.arch.validation import allowed
from pgsim_site.docstrings import entries

_KINDS: dict[type[BaseModel], Iterable[type[Any]]] = {
    PE: PES.values(),
    LSB: SCHEDULERS.values(),
    DRAM: DRAM_MODELS.values(),
}
_SOURCE = "where the numbers of this section come from, in words"


class Key(NamedTuple):
    """A key of a file: its dotted name, what it may hold and does by default, what it means."""

    name: str
    values: str
    meaning: str


def keys(model: type[BaseModel]) -> list[Key]:
    """Return all keys of a file that a model checks, in its order, those of sections dotted."""
    return [
        Key(name, f"{allowed(model, name)}; {_default(field)}", meaning_of(section, key))
        for name, section, key, field in _leaves(model)
    ]


def meaning_of(section: type[BaseModel], key: str) -> str:
    """Return what docstrings say of a key: the section's, or else those of its kinds."""
    told = entries(section).get(key, "")
    if told or key == "source":
        return told or _SOURCE
    kinds = list(_KINDS.get(section, ()))
    having = [kind for kind in kinds if key in {each.name for each in fields(kind)}]
    for kind in having:
        for each in kind.__mro__:
            if told := entries(each).get(key, ""):
                names = ", ".join(f"`{one.name}`" for one in having)
                whole = len(having) == len(kinds)
                return told if whole else f"{names}: {told[0].lower()}{told[1:]}"
    return ""


def _leaves(
    model: type[BaseModel], prefix: str = ""
) -> Iterator[tuple[str, type[BaseModel], str, FieldInfo]]:
    for key, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from _leaves(section, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", model, key, field


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ("", (), {}):
        return "may be left out"
    if isinstance(value, tuple):
        return f"{', '.join(map(str, value))} by default"
    return f"{str(value).lower() if isinstance(value, bool) else value} by default"
