"""What a point gives, as a line of text: the columns of its rows, and a checksum before them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from zlib import crc32

from pgsim.results import Columns

if TYPE_CHECKING:
    import pandas as pd

_LINE = re.compile(rb"([0-9a-f]{8}) (.*)\n", re.DOTALL)
_NUMBER = re.compile(rb'\{"point": (\d+),')
_ROWS_AT_ONCE = 20_000  # as Python objects, which take more room than columns do


def checked_line(told: Any) -> bytes:
    """Return a line of JSON, with a checksum before it."""
    text = json.dumps(told).encode()
    return f"{crc32(text):08x} ".encode() + text + b"\n"


def text_of(line: bytes) -> bytes | None:
    """Return the JSON of a line; None for one that was not written to its end."""
    found = _LINE.fullmatch(line)
    return found[2] if found and int(found[1], 16) == crc32(found[2]) else None


def record(number: int, columns: Columns) -> bytes:
    """Return the line of a point."""
    return checked_line({"point": number, "columns": columns})


def number_of(text: bytes) -> int:
    """Return the point of a record's JSON; raises ValueError where it is none."""
    found = _NUMBER.match(text)
    if not found:
        raise ValueError("no record of a point")
    return int(found[1])


def frame_of(records: Iterable[bytes]) -> pd.DataFrame:
    """Return the table of some points, a row for each of their rows, from the lines of records."""
    import pandas as pd  # here, because the pool's processes import this module too

    frames: list[pd.DataFrame] = []
    columns: dict[str, list[Any]] = {}
    rows = 0
    for line in records:
        own = json.loads(text_of(line) or b"")["columns"]
        for column, values in own.items():
            columns.setdefault(column, []).extend(values)
        rows += len(next(iter(own.values())))
        if rows >= _ROWS_AT_ONCE:
            frames.append(pd.DataFrame(columns))
            columns, rows = {}, 0
    if columns or not frames:
        frames.append(pd.DataFrame(columns))
    return frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
