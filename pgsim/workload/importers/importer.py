"""What is particular to one format: how a file of it is known, and how its layers are read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from pgsim.errors import InputError
from pgsim.workload.importers.source import Row, Source
from pgsim.workload.manifest import MOST_LAYERS


class Importer(ABC):
    """A format of files that list layers.

    What a format does not say stays out of the fields: bits, and whether a layer is gated.
    takes_network, takes_sizes: whether its files may hold several networks, of which a source names
    one, and leave sizes open, which a source gives.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    takes_network: ClassVar[bool] = False
    takes_sizes: ClassVar[bool] = False

    @abstractmethod
    def recognises(self, source: Source) -> bool:
        """Say whether the beginning of a file looks like this format."""

    @abstractmethod
    def read(self, source: Source) -> list[Row]:
        """Return the layers of a file, in their order.

        Raises InputError, naming the file, the line or layer and what was expected, where the file
        is none of this format, or says what no layer can be.
        """


def require_few(count: int, path: Path) -> None:
    """Raise InputError where a file has more layers than a trace holds."""
    if count > MOST_LAYERS:
        raise InputError(f"{path}: {count:,} layers are more than {MOST_LAYERS:,}")


def named_apart(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows whose names differ: the second `conv` becomes `conv.2`, or the next that is free.

    Formats of others repeat names, which in a trace tell layers apart.
    """
    given = list(rows)
    taken = {str(row.fields["name"]) for row in given}
    counts: dict[str, int] = {}
    for row in given:
        name = str(row.fields["name"])
        counts[name] = counts.get(name, 0) + 1
        if counts[name] == 1:
            yield row
            continue
        while (own := f"{name}.{counts[name]}") in taken:
            counts[name] += 1
        taken.add(own)
        yield row._replace(fields={**row.fields, "name": own})
