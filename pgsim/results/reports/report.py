"""What every kind of report for users of another simulator is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pgsim.results.tables import Result


class Report:
    """One kind: the files that tell a simulation as another simulator would."""

    name: ClassVar[str]
    description: ClassVar[str]

    def files(self, result: Result) -> Mapping[str, str]:
        """Return the texts of the files by their names."""
        raise NotImplementedError
