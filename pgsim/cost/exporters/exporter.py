"""What every format of another tool is that pgsim writes designs in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pgsim.cost.parts import Costs


class Exporter:
    """One format: the files that tell a design in it."""

    name: ClassVar[str]
    description: ClassVar[str]

    def files(self, costs: Costs, *, gated: bool) -> Mapping[str, str]:
        """Return the texts of a design's files by their names.

        gated: with what steers gated passes.
        """
        raise NotImplementedError
