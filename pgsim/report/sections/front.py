"""The designs of a table: which of them no other is better than, in time and energy."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from pgsim.plots import draw_pareto
from pgsim.report.markup import Html, joined, paragraph
from pgsim.report.pictures import picture
from pgsim.report.tables import Column, numbers, quantities, table
from pgsim.results import COLUMNS
from pgsim.results.designs import axis_columns, value_by, without_what_ifs
from pgsim.results.numbers import decimal, percent, whole
from pgsim.study.pareto import Pareto

MOST_DESIGNS = 1_000


def front(found: Pareto) -> Html:
    """Return a figure of designs by time and energy; the front is ringed."""

    def draw(width: str | None) -> Figure:
        return draw_pareto(found, width=width)

    return picture(draw, "Energy over time of all designs", "front", "Per image.")


def designs(frame: pd.DataFrame, found: Pareto) -> Html:
    """Return a table of designs, those of the front marked; of very many the first."""
    rows = found.designs.head(MOST_DESIGNS)
    left = len(found.designs) - len(rows)
    marks = [None if dominated else "chosen" for dominated in rows["dominated"]]
    more = f" {left:,} more designs are left out." if left else ""
    return joined(
        (
            paragraph(
                "Of one image, the fastest design first. Marked are those that no other beats in "
                f"time and energy.{more}",
                class_="note",
            ),
            table(_columns(frame, rows, found.labels[: len(rows)]), "Designs", marks=marks),
        )
    )


def _columns(frame: pd.DataFrame, rows: pd.DataFrame, labels: Sequence[str]) -> list[Column]:
    short = without_what_ifs(frame)
    keys = axis_columns(short)
    swept = [key for key in keys if "." in key and rows[key].nunique(dropna=False) > 1]

    def of(column: str) -> list[float]:
        values = value_by(short, keys, column)
        return [float(each) for each in rows[keys].merge(values, on=keys, how="left")[column]]

    columns = [
        Column("design", labels),
        *(Column(key, [str(each) for each in rows[key]]) for key in swept),
        Column("masks", list(rows["mask_source"])),
        numbers("cycles", of("cycles"), whole),
        quantities("time", of("time_us"), "s", 1e-6),
        quantities("energy", of("energy_pj"), "J", 1e-12),
    ]
    if "accuracy" in frame:  # a comparison wrote it
        meaning = COLUMNS["accuracy"].meaning
        columns.append(numbers("accuracy", of("accuracy"), percent, "%", meaning))
    if "pe_utilization" in frame:
        meaning = COLUMNS["pe_utilization"].meaning
        columns.append(numbers("use", of("pe_utilization"), percent, "%", meaning))
    if "area_mm2" in frame:
        columns.append(numbers("area", of("area_mm2"), lambda own: decimal(own, 3), "mm2"))
    return columns
