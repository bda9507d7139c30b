"""pgsim's own table of layers: one row a layer, a column for each field of a manifest."""

from __future__ import annotations

import re
from collections.abc import Callable

from pgsim.errors import InputError
from pgsim.workload.importers.importer import Importer, require_few
from pgsim.workload.importers.source import Row, Source, mark_between
from pgsim.workload.importers.table_rows import TableRow, require_columns, table_rows
from pgsim.workload.layer import LayerShape
from pgsim.workload.ops import OPS
from pgsim.workload.padding import SAME
from pgsim.workload.phases import TRANSPOSED
from pgsim.workload.problems import short

_KEY = "layers"
_BY_AXIS = ("in_size", "kernel", "stride", "padding", "dilation", "output_padding")
_PAIR = "a pair such as 3x3, or one number"
_EXPECTED = {**dict.fromkeys(_BY_AXIS, _PAIR), "padding": f"{_PAIR}, or {SAME!r}"}
_COLUMNS = (*LayerShape.model_fields, "output_padding")  # the last of transposed convolutions
_YAML = re.compile(rf"""- |\{{?\s*["']?{_KEY}["']?\s*:|\[\s*\{{""")
_NEEDED = ("name", "op")
_TEXTS = ("name", "op", "gate")
_NUMBER = re.compile(r"[0-9]{1,9}")
_BETWEEN = re.compile(r"\s*[x;]\s*|\s+")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


class LayerTable(Importer):
    """Rows of manifest fields; one number stands for one of each axis."""

    name = "layer_table"
    description = "pgsim's own: a row a layer, columns as in a trace's manifest, YAML or CSV"

    def recognises(self, source: Source) -> bool:
        """Say whether it is YAML with layers, or has a header with `name` and `op`.

        Capitals make them no columns, which `read` then tells.
        """
        return bool(_YAML.match(source.beginning)) or _is_header(source.first_line.lower())

    def read(self, source: Source) -> list[Row]:
        """Return the layers, with the fields that their rows give."""
        rows = table_rows(source, _KEY)
        if not rows:
            raise InputError(f"{source.path}: no layer: expected one a row")
        require_few(len(rows), source.path)
        for row in rows:
            require_columns(row, _COLUMNS)
        return [
            Row(row.where, {name: _value(row, name, value) for name, value in row.values.items()})
            for row in rows
        ]


def _is_header(line: str) -> bool:
    """Say whether a line in lower case has the columns that every table has."""
    if not all(column in line for column in _NEEDED):  # cells may be many
        return False
    cells = {cell.strip() for cell in line.split(mark_between(line))}
    return cells.issuperset(_NEEDED)


def _value(row: TableRow, name: str, value: object) -> object:
    """Return a field's value: of its type where the table has text, and one for each axis."""
    if isinstance(value, str) and name not in _TEXTS:
        value = _of_text(row, name, value)
    if name in _BY_AXIS and type(value) is int:
        op = str(row.values.get("op"))
        kind = OPS.get(TRANSPOSED.get(op, op))
        return [value] * len(kind.axes) if kind else value
    return value


def _of_text(row: TableRow, name: str, text: str) -> object:
    value = _READERS.get(name, _numbers)(text)
    if value is None:
        expected = _EXPECTED.get(name, "a whole number")
        raise InputError(f"{row.where}: {name}: expected {expected}, not {short(text)}")
    return value


def _names(text: str) -> list[str]:
    return [each for each in re.split(r"\s*;\s*", text) if each]


def _truth(text: str) -> bool | None:
    return text.lower() in _TRUE if text.lower() in _TRUE + _FALSE else None


def _margins(text: str) -> object:
    return SAME if text == SAME else _numbers(text)


def _numbers(text: str) -> object:
    numbers = _BETWEEN.split(text)
    if not all(map(_NUMBER.fullmatch, numbers)):
        return None
    found = [int(number) for number in numbers]
    return found if len(found) > 1 else found[0]


def _nothing(text: str) -> None:
    """No text stands for what was measured."""


# Whole numbers are read of any other field; None is what the text of a field cannot be.
_READERS: dict[str, Callable[[str], object]] = {
    "inputs": _names,
    "signed": _truth,
    "padding": _margins,
    "zeros": _nothing,
}
