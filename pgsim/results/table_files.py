"""Tables in files: written whole or not at all, and read back as they were.

CSV keeps every digit of a float (the shortest text that reads back as the same number), Parquet
keeps types, JSON is a list of records in which NaN is null.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from pgsim.errors import InputError, nearest
from pgsim.files import check_folder, replacing
from pgsim.results.columns import COLUMNS, IDENTITY

_TEXT = ("design", *IDENTITY)  # a layer may be called 0, and stays text


def check_table_path(path: str | Path) -> Path:
    """Return the path of a table to be; raises InputError where no table could be written there."""
    path = Path(path)
    if path.suffix not in _WRITERS:
        raise InputError(
            f"{path}: a table's name ends in one of {', '.join(_WRITERS)}."
            f"{nearest(path.suffix, _WRITERS)}"
        )
    return check_folder(path)


def write_table(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table as .csv, .parquet or .json, by the suffix of `path`.

    A file appears, or replaces another, only when it is complete.

    Parameters
    ----------
    frame : DataFrame
        A table of `simulate`, `compare` or `sweep`; its index is not written.
    path : str or Path
        What is written.

    Raises
    ------
    InputError
        For another suffix or a folder that cannot be written.

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
    with replacing(path) as temporary:
        _WRITERS[path.suffix](frame, temporary)


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
        Where there is no such file or it holds no table.

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
    try:
        return _READERS[path.suffix](path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        first_line = str(error).partition("\n")[0]
        raise InputError(f"{path}: not a {path.suffix} table: {first_line}") from None


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False, lineterminator="\n")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False, engine="pyarrow")


def _write_json(frame: pd.DataFrame, path: Path) -> None:
    records = [
        {str(name): _json_value(value) for name, value in record.items()}
        for record in frame.to_dict("records")
    ]
    text = json.dumps(records, indent=1, allow_nan=False, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _json_value(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _read_csv(path: Path) -> pd.DataFrame:
    text = dict.fromkeys(_TEXT, "str")
    # Only an empty field is missing: NA and null are good names for a layer.
    return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])


def _read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, engine="pyarrow")


def _read_json(path: Path) -> pd.DataFrame:
    records = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise ValueError("expected a list of records")
    frame = pd.DataFrame(records)
    numbers = [name for name in frame if name in COLUMNS and name not in _TEXT]
    empty = [name for name in numbers if frame[name].isna().all()]
    return frame.astype(dict.fromkeys(empty, "float64"))


_WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".json": _write_json,
}
_READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".parquet": _read_parquet,
    ".json": _read_json,
}
