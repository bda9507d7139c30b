"""Tables of pgsim's own formats: rows of named values, from CSV or from YAML."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from pgsim.errors import InputError, nearest
from pgsim.workload.importers.source import Source, mark_between
from pgsim.workload.problems import short
from pgsim.yaml_source import read_yaml_rows

_YAML = re.compile(r"""- |-$|\{?\s*["']?\w+["']?\s*:|\[""")


class TableRow(NamedTuple):
    """A row: where it stands, and its values by column; text where they come from CSV."""

    where: str
    values: dict[str, object]


def is_yaml(source: Source) -> bool:
    """Say whether a table begins as YAML does: with a list, or with a key."""
    return bool(_YAML.match(source.beginning))


def table_rows(source: Source, key: str) -> list[TableRow]:
    """Return the rows of a table.

    YAML has them as a list, alone or under `key`; CSV has a header, and an empty cell says nothing.
    Raises InputError where a file is neither.
    """
    if is_yaml(source):
        rows = read_yaml_rows(source.path, key)
        return [TableRow(f"{source.path}:{line}", values) for line, values in rows]
    return list(_csv_rows(source))


def _csv_rows(source: Source) -> Iterator[TableRow]:
    header: list[str] = []
    for line, cells in _cells(source):
        where = f"{source.path}:{line}"
        if not header:
            header = cells
            _check_header(header, where)
        elif len(cells) > len(header):
            raise InputError(f"{where}: {len(cells)} cells, but the header has {len(header)}")
        else:
            named = zip(header, cells, strict=False)
            yield TableRow(where, {name: cell for name, cell in named if name and cell})


def _check_header(header: list[str], where: str) -> None:
    twice = {name for name, count in Counter(header).items() if name and count > 1}
    if twice:
        raise InputError(f"{where}: the header has {short(min(twice))} twice")


def _cells(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are neither empty nor a comment, in cells, with their numbers."""
    reader = csv.reader(
        source.text().splitlines(),
        delimiter=mark_between(source.first_line),
        skipinitialspace=True,
    )
    try:
        for cells in reader:
            row = [cell.strip() for cell in cells]
            while row and not row[-1]:
                row.pop()
            if row and not row[0].startswith("#"):
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"{source.path}:{reader.line_num}: no CSV: {error}") from None


def require_columns(row: TableRow, known: tuple[str, ...]) -> None:
    """Raise InputError for a column that is none of those known, with the nearest of them."""
    for name in row.values:
        if name not in known:
            raise InputError(
                f"{row.where}: unknown column {short(name)} (known: {', '.join(known)})."
                f"{nearest(name, known)}"
            )
