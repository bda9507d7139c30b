"""What every way to fetch the planes of an activation is (MODEL.md M24)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pgsim.schemes import Pass


class LSBFetch:
    """Which planes of an activation are fetched ahead of need; all others come on demand."""

    name: ClassVar[str]
    description: ClassVar[str]

    def ahead(self, passes: Iterable[Pass]) -> int:
        """Return the bits of an activation that are fetched ahead of need, as a word.

        passes: all of a layer, each of one plane.
        """
        raise NotImplementedError
