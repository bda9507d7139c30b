"""What every format of another simulator is that pgsim reads designs from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pgsim.arch.importers.keys import Key


@dataclass(frozen=True)
class Sourced:
    """A value of a design, and where it comes from, in words."""

    value: Any
    source: str = ""

    def __str__(self) -> str:
        """Return the value in words, as messages have it."""
        return str(self.value)


Design = Mapping[str, Any]  # sections of sections, and `Sourced` values


class Importer:
    """One format: which keys it has, and what design a file of it describes.

    sections: those by which a file of it is known. keys: those with a counterpart. ignored: by
    section, those without one.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    sections: ClassVar[tuple[str, ...]]
    keys: ClassVar[tuple[Key, ...]]
    ignored: ClassVar[Mapping[str, tuple[str, ...]]]

    def design(self, values: Mapping[str, Any], stem: str) -> tuple[Design, list[str]]:
        """Return the design of a file, and what to say of values that pgsim takes otherwise.

        values: of `keys`, by name. stem: of the file's name. Raises Unfit, with the key of one, for
        values that do not go together.
        """
        raise NotImplementedError
