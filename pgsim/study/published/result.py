"""What every published result is: where it is from, its figures, and pgsim's own beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Figure:
    """One figure: what it is of, as it was published, and as it is computed here."""

    what: str
    published: float
    computed: float

    @property
    def difference(self) -> float:
        """How far the computed figure is from the published one, over the published one."""
        return self.computed / self.published - 1


class Published:
    """A published result.

    Attributes
    ----------
    name : str
        What it is asked for by.
    citation : str
        Who published it, and where in it the figures stand.
    unit : str
        What the figures are.
    differs : str
        What is not the same here, in a sentence or two; it says so if nothing is.
    """

    name: ClassVar[str]
    citation: ClassVar[str]
    unit: ClassVar[str]
    differs: ClassVar[str]

    def figures(self) -> tuple[Figure, ...]:
        """Return the figures, each computed now."""
        raise NotImplementedError
