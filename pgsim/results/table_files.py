"""Tables in files: written whole or not at all, read back as they were, and checked.

CSV keeps every digit of a float (the shortest text that reads back as the same number), Parquet
keeps types, JSON is a list of records in which NaN is null. `results.cells` says how text is kept.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import warnings
from base64 import b64decode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_numeric_dtype

from pgsim.errors import InputError, nearest
from pgsim.files import check_new_file, opened
from pgsim.results.cells import as_cell, as_text, map_text
from pgsim.results.columns import COLUMNS, checked_table
from pgsim.results.values import Name, name_problem
from pgsim.text import writable
from pgsim.writing import replacing

_TEXT = frozenset(  # a layer may be called 0, and stays text
    name for name, column in COLUMNS.items() if isinstance(column.values, Name)
)
_NUMBER = re.compile(r" *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *", re.ASCII)
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def check_table_path(path: str | Path) -> Path:
    """Return the path of a table to be; raises InputError where no table could be written there."""
    path = Path(path)
    if path.suffix not in _WRITERS:
        raise InputError(
            f"{path}: a table's name ends in one of {', '.join(_WRITERS)}."
            f"{nearest(path.suffix, _WRITERS)}"
        )
    return check_new_file(path)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as .csv, .parquet or .json, by the suffix of `path`.

    A file appears, or replaces another, only when it is complete. A symbolic link stays, and what
    it leads to is replaced.

    Parameters
    ----------
    frame : DataFrame
        A table of `simulate`, `compare` or `sweep`; its index is not written.
    path : str or Path
        What is written.

    Raises
    ------
    InputError
        For another suffix, or a file that cannot be written.

    Notes
    -----
    In a .csv, text that a spreadsheet would take for a formula begins with an apostrophe, which
    `read_table` takes away. What UTF-8 has no code for is written as its escape.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_table(pd.DataFrame({"layer": ["fc"], "cycles": [640]}), f"{folder}/table.csv")
    ...     print(Path(f"{folder}/table.csv").read_text(), end="")
    layer,cycles
    fc,640
    """
    path = check_table_path(path)
    if problem := name_problem(list(map(str, frame.columns))):
        raise InputError(f"{path}: cannot be written: {problem}")
    frame = map_text(frame, writable)
    try:
        with replacing(path) as temporary:
            _WRITERS[path.suffix](frame, temporary)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def read_table(path: str | Path) -> pd.DataFrame:
    """Return the table that `write_table` wrote.

    Parameters
    ----------
    path : str or Path
        A .csv, .parquet or .json file.

    Returns
    -------
    DataFrame
        Every number as it was; names of layers and designs are text.

    Raises
    ------
    InputError
        Where there is no such file or it holds no table; naming row, column and value of the first
        cell that is not what `pgsim.COLUMNS` says, such as a count that is negative or missing.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_table(pd.DataFrame({"layer": ["0"], "cycles": [640]}), f"{folder}/table.csv")
    ...     read_table(f"{folder}/table.csv")["layer"].tolist()
    ['0']
    """
    path = Path(path)
    if path.suffix not in _READERS:
        raise InputError(f"{path}: a table's name ends in one of {', '.join(_READERS)}")
    with opened(path) as file:
        data = file.read()
    try:
        frame = _READERS[path.suffix](data)
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        first_line = str(error).partition("\n")[0]
        raise InputError(f"{path}: not a {path.suffix} table: {first_line}") from None
    table = checked_table(frame, str(path))
    if not (COLUMNS.keys() - _TEXT) & set(table.columns):
        raise InputError(f"{path}: no table of results: no column of it holds one of their numbers")
    return table


def csv_text(frame: pd.DataFrame) -> str:
    """Return a table as `write_table` writes it to a .csv."""
    cells = map_text(map_text(frame, writable), as_cell)
    text = cells.to_csv(index=False, lineterminator="\n")
    if "\r" in text:  # which Python before 3.13 does not quote, and every reader takes for an end
        text = cells.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return text


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    path.write_text(csv_text(frame), encoding="utf-8", newline="")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False, engine="pyarrow", write_page_checksum=True)


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    records = [
        {str(name): _json_value(value) for name, value in record.items()}
        for record in frame.to_dict("records")
    ]
    text = json.dumps(records, indent=1, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _json_value(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _read_csv(data: bytes) -> pd.DataFrame:
    text = data.decode("utf-8-sig")
    _check_head(text)
    named = dict.fromkeys(_TEXT, "str")
    with warnings.catch_warnings():  # pandas only warns of a row that is longer than the head
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            # Only an empty field is missing: NA and null are good names for a layer.
            frame = pd.read_csv(
                io.StringIO(text), dtype=named, keep_default_na=False, na_values=[""],
                index_col=False, low_memory=False
            )  # fmt: skip
        except pd.errors.ParserWarning:
            raise ValueError("a row has more cells than the head has names") from None
    columns = {str(name): _numbers_apart(cells) for name, cells in frame.items()}
    return map_text(pd.DataFrame(columns, index=frame.index), as_text)


def _numbers_apart(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column of numbers of which some are none: those that are, as numbers again.

    pandas makes all of such a column text, and it would not be told which cell is wrong.
    """
    if cells.name in _TEXT or cells.name not in COLUMNS or is_numeric_dtype(cells.dtype):
        return cells
    return cells.astype(object).map(_number, na_action="ignore")


def _number(cell: Any) -> Any:
    """Return the number that a cell of a .csv is, None for an empty one, else the cell."""
    if cell == "":
        return None
    return float(str(cell)) if _NUMBER.fullmatch(str(cell)) else cell


def _check_head(text: str) -> None:
    """Raise ValueError where the first line is no list of names, each of them once."""
    if "\0" in text:
        raise ValueError("a null character is in it")
    try:
        head = next((row for row in csv.reader(io.StringIO(text, newline="")) if row), [])
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if len(head) == 1:
        for separator, plural in _OTHER_SEPARATORS.items():
            if separator in head[0]:
                raise ValueError(f"its cells are parted by {plural}, expected commas")
    _check_names(head)


def _check_names(names: Sequence[str]) -> None:
    if problem := name_problem(names):
        raise ValueError(problem)


def _read_parquet(data: bytes) -> pd.DataFrame:
    import pyarrow
    from pyarrow import parquet

    try:
        table = parquet.read_table(io.BytesIO(data), page_checksum_verification=True)
        table.validate(full=True)  # text that is not UTF-8, above all
        _check_names(table.column_names)
        if (stated := _stated_names(data)) not in ([], table.column_names):
            raise ValueError(f"its columns are {table.column_names}, and were written as {stated}")
        frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
        # pandas counts and sorts no numbers of 16 bits.
        halves = frame.select_dtypes("float16").columns
        frame = frame.astype(dict.fromkeys(halves, "float64"))
    except (pyarrow.ArrowException, NotImplementedError, TypeError, KeyError) as error:
        raise ValueError(str(error)) from None
    return frame


def _stated_names(data: bytes) -> list[str]:
    """Return the names of columns as Arrow's own schema has them, none where a file has no such.

    No checksum holds those that the columns have; what writes them there writes both.
    """
    import pyarrow
    from pyarrow import parquet

    metadata = parquet.read_metadata(io.BytesIO(data)).metadata or {}
    if not (schema := metadata.get(b"ARROW:schema")):
        return []
    names: list[str] = pyarrow.ipc.read_schema(pyarrow.py_buffer(b64decode(schema))).names
    return names


def _read_json(data: bytes) -> pd.DataFrame:
    text = data.decode("utf-8-sig")
    records = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_record)
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise ValueError("expected a list of records")
    frame = pd.DataFrame(records)
    numbers = [name for name in frame if name in COLUMNS and name not in _TEXT]
    empty = [name for name in numbers if frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, "float64"))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _record(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _check_names([name for name, _ in pairs])
    return dict(pairs)


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".json": _write_json,
}
_READERS: dict[str, Callable[[bytes], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".json": _read_json,
}
