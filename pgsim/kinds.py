"""Things that come in kinds: each an object in a file of its own, found in one list by its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Kind(Protocol):
    """What every kind says of itself: its name in files."""

    @property
    def name(self) -> str:
        """Name in files and columns."""


Some = TypeVar("Some", bound=Kind)


def by_name(kinds: Iterable[Some]) -> dict[str, Some]:
    """Return kinds by their names.

    Raises ValueError where two have one name: neither could be found for sure.
    """
    found: dict[str, Some] = {}
    for kind in kinds:
        if kind.name in found:
            raise ValueError(f"two kinds are named {kind.name!r}")
        found[kind.name] = kind
    return found
