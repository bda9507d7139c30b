"""Tables of precisions: the bits of layers by their names, beside a file that has their shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pgsim.errors import InputError, nearest
from pgsim.workload.importers.source import Row, Source
from pgsim.workload.importers.table_rows import TableRow, is_yaml, require_columns, table_rows
from pgsim.workload.problems import short
from pgsim.yaml_source import read_yaml

_KEY = "precisions"
_BITS = ("activation_bits", "msb_bits", "weight_bits")
_COLUMNS = ("layer", *_BITS)


def read_precisions(path: str | Path) -> dict[str, dict[str, object]]:
    """Return the bits that a table gives, by layer.

    Parameters
    ----------
    path : str or Path
        CSV with the columns `layer`, `activation_bits`, `weight_bits` and, for gated layers,
        `msb_bits`; or YAML: a list of such rows, or a mapping of layers to their bits. What is
        left out stays as it is.

    Returns
    -------
    dict of str to dict
        Manifest fields by name of layer.

    Raises
    ------
    InputError
        Naming the file, the line and what was expected.
    """
    return {
        name: {bits: whole_number(row, bits) for bits in row.values if bits != "layer"}
        for name, row in precision_rows(path, _COLUMNS).items()
    }


def precision_rows(path: str | Path, columns: tuple[str, ...]) -> dict[str, TableRow]:
    """Return the rows of a table that says something of layers, by their names.

    columns: what it may say, beside `layer`. Raises InputError that names the file, the line and
    what was expected.
    """
    found: dict[str, TableRow] = {}
    for row in _rows(Source(Path(path))):
        require_columns(row, columns)
        name = row.values.get("layer")
        if not isinstance(name, str):
            raise InputError(f"{row.where}: expected the name of a layer in 'layer'")
        if name in found:
            raise InputError(f"{row.where}: layer {short(name)} is there twice")
        found[name] = row
    if not found:
        raise InputError(f"{path}: no precision: expected a row of a layer and its bits")
    return found


def with_precisions(
    rows: Sequence[Row], precisions: Mapping[str, Mapping[str, object]], where: str
) -> list[Row]:
    """Return layers with the bits that a table gives them.

    Raises InputError, that begins with `where`, for a layer that is none of these.
    """
    names = [str(row.fields.get("name")) for row in rows]
    for name in precisions:
        if name not in names:
            raise InputError(f"{where}: no layer is named {short(name)}.{nearest(name, names)}")
    return [
        row._replace(fields={**row.fields, **precisions.get(name, {})})
        for name, row in zip(names, rows, strict=True)
    ]


def _rows(source: Source) -> Iterator[TableRow]:
    """Yield a table's rows; those of a mapping take its keys as their layers."""
    line = source.first_line
    if not is_yaml(source) or line.startswith(("-", "[", f"{_KEY}:")):
        yield from table_rows(source, _KEY)
        return
    read = read_yaml(source.path)
    for problem in read.problems:
        raise InputError(f"{source.path}:{problem.line}: {problem.message}")
    for name, values in read.values.items():
        where = f"{source.path}:{read.marks[(name,)].line}"
        if not isinstance(values, dict):
            raise InputError(f"{where}: expected bits of layer {short(name)}, such as weight_bits")
        yield TableRow(where, {"layer": name, **values})


def whole_number(row: TableRow, column: str) -> int:
    """Return the whole number in a column of a row; raises InputError where there is none."""
    value = row.values.get(column)
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 9:
        return int(value)
    if type(value) is not int:
        found = "nothing" if value is None else short(value)
        raise InputError(f"{row.where}: {column}: expected a whole number, not {found}")
    return value
