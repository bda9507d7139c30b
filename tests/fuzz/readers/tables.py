"""Tables of results, as `pgsim plot` reads them: CSV, Parquet and JSON."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fuzz.mutators.cell_edits import CELL_EDITS
from fuzz.mutators.column_edits import COLUMN_EDITS
from fuzz.mutators.json_edits import json_edit
from fuzz.mutators.mutator import Mutator
from fuzz.reader import Broken, Reader
from fuzz.readers.small import gated_trace, small_design, written
from fuzz.rows import check_rows
from pgsim import read_table, simulate, write_table
from pgsim.plots import draw_results

_FIGURES: tuple[dict[str, Any], ...] = (
    {},
    {"by": "layer"},
    {"x": "layer", "y": "cycles"},
    {"x": "cycles", "y": "energy_pj", "by": "layer", "width": "column"},
    {"by": "scheme", "facet": "arch", "parts": ["dram", "sram"], "network": True},
)
_SELDOM = 4  # one of so many tables is drawn, which takes longest
_ODD = ("$", "\\", "\n")  # what a figure's text may take for a formula


class TableReader(Reader):
    """`read_table`, and figures of what it gives."""

    plain_inputs = 100

    def __init__(self, suffix: str, mutators: tuple[Mutator, ...]) -> None:
        self.suffix = suffix
        self.name = f"{suffix.removeprefix('.')}_table"
        self.mutators = mutators

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Tables of one design and of two, and one as a sweep writes it."""
        one, other = (simulate(gated_trace(), small_design(), name) for name in ("pg", "full"))
        swept = [
            simulate(gated_trace(), small_design().override({"array.rows": rows})).layers.assign(
                **{"array.rows": rows, "lsb.scheduler": "combine", "area_mm2": 0.25}
            )
            for rows in (2, 4)
        ]
        tables = (one.layers, pd.concat([one.layers, other.layers]), pd.concat(swept))
        return tuple(
            written(lambda path, table=table: write_table(table, path), self.suffix)
            for table in tables
        )

    def use(self, path: Path) -> None:
        """Read a table; draw one of so many, as bars of designs or of layers, or as lines."""
        frame = read_table(path)
        records = _distinct(frame).to_dict("records")
        check_rows(records)
        number = crc32(path.read_bytes())
        if number % _SELDOM == 0 or "time_us" not in frame:  # without which it is soon refused
            figure = draw_results(frame, **_FIGURES[number // _SELDOM % len(_FIGURES)])
            _check_figure(figure)
            text = "".join(str(each) for record in records for each in record.values())
            if not text.isascii() or any(each in text for each in _ODD):
                figure.draw_without_rendering()


def _distinct(frame: pd.DataFrame) -> pd.DataFrame:
    """Return each row once, since a file may repeat a few thousands of times; True is not 1."""
    objects = [name for name in frame if frame[name].dtype == object]
    kinds = frame[objects].map(type).set_axis([f"{name} is a" for name in objects], axis=1)
    return frame[~pd.concat([frame, kinds], axis=1).duplicated()]


def _check_figure(figure: Figure) -> None:
    """Raise Broken where a figure shows what is no number, or less than nothing."""
    for axes in figure.axes:
        bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
        lines = [line.get_ydata() for line in axes.get_lines()]
        for shown in (*bars, *lines):
            heights = np.asarray(shown, dtype=float)
            if not np.isfinite(heights).all() or heights.min(initial=0) < 0:
                raise Broken(f"a figure shows what is no number: {heights[:5]}")


CSV_TABLE = TableReader(".csv", CELL_EDITS)
PARQUET_TABLE = TableReader(".parquet", COLUMN_EDITS)
JSON_TABLE = TableReader(".json", (json_edit,))
