"""Jobs made of another one, with all that it found and that is alike in both."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar, cast

from pgsim.lazy import lazy

Value = TypeVar("Value")
Made = TypeVar("Made")


class of_every_batch(lazy[Value]):
    """A lazy property that is alike in every batch of a layer, in every nest, window and tile."""


class of_any_channels(of_every_batch[Value]):
    """One to which it does not matter either how many input channels the layer has."""


def with_fields(
    job: Made, changes: dict[str, object], alike: type[lazy[Any]] = of_every_batch
) -> Made:
    """Return a job with other fields, none of which decides what is `alike`; it forgets the rest.

    It is `dataclasses.replace` without what that takes to check, for a search makes many.
    """
    own, kind = vars(job), cast(Any, type(job))  # mypy takes no class for hashable
    names = (*_fields(kind), *found_by(kind, cast(Any, alike)))
    other: Made = object.__new__(kind)
    vars(other).update({name: own[name] for name in names if name in own} | changes)
    return other


def anew(job: Made, **changes: object) -> Made:
    """Return a job, a layer or a timing with other fields that has found nothing yet.

    It checks nothing, for points of sweeps ask for many.
    """
    own, kind = vars(job), cast(Any, type(job))
    other: Made = object.__new__(kind)
    vars(other).update({name: own[name] for name in _fields(kind) if name in own} | changes)
    return other


@cache
def found_by(kind: Any, alike: Any) -> tuple[str, ...]:
    """Return the properties that are marked so of a class, those of its bases apart."""
    return tuple(name for name, member in vars(kind).items() if isinstance(member, alike))


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(kind.__dataclass_fields__)
