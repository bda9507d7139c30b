"""Things that come in kinds: each an object in a file of its own, found in one list by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar

from pgsim.errors import InputError, nearest


class Kind(Protocol):
    """What every kind says of itself: its name in files, and one line on what it is."""

    @property
    def name(self) -> str:
        """Name in files and columns."""

    @property
    def description(self) -> str:
        """One line that says what it is."""


Some = TypeVar("Some", bound=Kind)
Named = TypeVar("Named", bound="type[Any] | Any")


def by_name(kinds: Iterable[Named]) -> dict[str, Named]:
    """Return kinds by their names.

    Raises ValueError where two have one name: neither could be found for sure.
    """
    found: dict[str, Named] = {}
    for kind in kinds:
        if kind.name in found:
            raise ValueError(f"two kinds are named {kind.name!r}")
        found[kind.name] = kind
    return found


def chosen(kinds: Mapping[str, Named], name: str, what: str) -> Named:
    """Return the kind of a name.

    Raises InputError that says `what` was looked for, what there is, and the nearest name.
    """
    if name not in kinds:
        raise InputError(
            f"{what} {name!r}: expected one of {', '.join(kinds)}.{nearest(name, kinds)}"
        )
    return kinds[name]
