"""What every way to map layers is (MODEL.md M40, M41)."""

from __future__ import annotations

from typing import ClassVar


class MappingKind:
    """How layers without a nest of their own come to one.

    searches: whether each of them is searched for its nest.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    searches: ClassVar[bool] = False

    def label(self, objective: str) -> str:
        """Return what is said of it above results; objective: the name of what is made least."""
        raise NotImplementedError
