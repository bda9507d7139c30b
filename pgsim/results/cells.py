"""Text in the cells of a table's file: nothing that a spreadsheet would run, and nothing lost.

A spreadsheet takes a cell of a .csv for a formula by its first character, and a trace is named by
whoever made it. Such text is written behind an apostrophe, by which spreadsheets mark text. An
apostrophe that may be ours is doubled, so that what is read is what was written.

Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd

_FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"  # = + - @ as East Asian texts write them
_FORMULA = re.compile(rf"'*[=+\-@\t\r\n{_FULL_WIDTH}]")


def as_cell(text: str) -> str:
    """Return text as a cell of a .csv holds it.

    Examples
    --------
    >>> as_cell("=1+1"), as_cell("conv1")
    ("'=1+1", 'conv1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def as_text(cell: str) -> str:
    """Return the text that a cell of a .csv holds: what `as_cell` made it of.

    Examples
    --------
    >>> as_text("'=1+1"), as_text("'quoted'")
    ('=1+1', "'quoted'")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def map_text(frame: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    """Return a table with the names of its columns, and all its cells of text, changed."""
    columns = {change(str(name)): _map_cells(cells, change) for name, cells in frame.items()}
    return pd.DataFrame(columns, index=frame.index)


def _map_cells(cells: pd.Series[Any], change: Callable[[str], str]) -> pd.Series[Any]:
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return cells
    texts = {each for each in cells if isinstance(each, str)}  # few, in tables of many rows
    changed = {text: other for text in texts if (other := change(text)) != text}
    if not changed:
        return cells
    new = cells.map(lambda each: changed.get(each, each) if isinstance(each, str) else each)
    return new.astype(cells.dtype)
