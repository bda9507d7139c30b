"""Edits of a Parquet table: the types of its columns, their values, their names."""

from __future__ import annotations

import io
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fuzz.mutators.mutator import Unfit
from fuzz.mutators.odd import ODD_KEYS, ODD_TEXTS

_TYPES = (
    pa.int8(), pa.int32(), pa.int64(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(),
    pa.bool_(), pa.string(), pa.large_string(), pa.binary(), pa.decimal128(30, 2),
    pa.timestamp("ns"), pa.date32(), pa.duration("s"), pa.null(), pa.list_(pa.int64()),
    pa.dictionary(pa.int32(), pa.string()),
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, -1, 0, 1, 2**31, 2**63 - 1, 0.5, -0.5, 1.5, float("nan"), float("inf"), float("-inf"),
    1e308,
    True, b"\xff", *ODD_TEXTS[:-20],
)  # fmt: skip


def column_type(rng: Random, data: bytes) -> bytes:
    """Store a column as another type, empty where its values cannot be such."""
    table = _table(data)
    place = rng.randrange(table.num_columns)
    column, kind = table.column(place), rng.choice(_TYPES)
    try:
        changed = column.cast(kind, safe=False)
    except pa.ArrowException:
        changed = pa.nulls(len(column), kind)
    return _written(rng, table.set_column(place, table.field(place).with_type(kind), changed))


def column_value(rng: Random, data: bytes) -> bytes:
    """Replace one value of a column, or all, of its own type or with the type of what is put."""
    table = _table(data)
    place, odd = rng.randrange(table.num_columns), rng.choice(_VALUES)
    own = table.column(place).to_pylist()
    if not own:
        raise Unfit
    row = rng.randrange(len(own))
    all_of_it = rng.random() < 0.3
    values = [odd if all_of_it or at == row else each for at, each in enumerate(own)]
    try:
        changed = pa.array(values, None if all_of_it else table.field(place).type)
    except (pa.ArrowException, UnicodeEncodeError, OverflowError, TypeError, ValueError):
        raise Unfit from None
    return _written(rng, table.set_column(place, table.field(place).name, changed))


def column_shape(rng: Random, data: bytes) -> bytes:
    """Drop, double, rename or move a column, or leave no rows."""
    table = _table(data)
    place = rng.randrange(table.num_columns)
    name = table.field(place).name
    odd = rng.choice([key for key in ODD_KEYS if key.isprintable()])
    names = [odd if at == place else each for at, each in enumerate(table.column_names)]
    changed = (
        lambda: table.remove_column(place),
        lambda: table.append_column(name, table.column(place)),
        lambda: table.rename_columns(names),
        lambda: table.select([*range(place, table.num_columns), *range(place)]),
        lambda: table.slice(0, 0),
        lambda: table.replace_schema_metadata({"pandas": "{"}),
        lambda: table.replace_schema_metadata(None),
        lambda: pa.concat_tables([table] * 50),
    )
    return _written(rng, rng.choice(changed)())


COLUMN_EDITS = (column_type, column_value, column_value, column_shape)


def _table(data: bytes) -> pa.Table:
    try:
        table = pq.read_table(io.BytesIO(data), use_threads=False)
        named = bool(table.column_names)  # which may be no UTF-8
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError):
        raise Unfit from None
    if not named:
        raise Unfit
    return table


def _written(rng: Random, table: pa.Table) -> bytes:
    file = io.BytesIO()
    try:
        pq.write_table(table, file, compression=rng.choice(("snappy", "snappy", "none", "gzip")))
    except (pa.ArrowException, ValueError):  # a type that Parquet does not have
        raise Unfit from None
    return file.getvalue()
