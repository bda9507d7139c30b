"""What every layer takes: the most telling columns, and all of them."""

from __future__ import annotations

from collections.abc import Sequence

from pgsim.report.markup import Html, element, joined, paragraph
from pgsim.report.tables import Column, numbers, quantities, table
from pgsim.results import COLUMNS, Result, Row
from pgsim.results.numbers import decimal, percent, whole

_SHARES = (
    ("first pass", "msb_cycles", "cycles"),
    ("later passes", "lsb_cycles", "cycles"),
    ("bubbles", "bubble_cycles", "cycles"),
    ("stalls", "stall_cycles", "cycles"),
    ("issued", "lsb_slots_issued", "lsb_slots_dense"),
)


def layers(result: Result, chosen: str) -> Html:
    """Return a table of all layers and the network, and one of every column.

    chosen: the layer that is marked.
    """
    rows = result.rows_and_network
    marks = ["chosen" if row["layer"] == chosen else None for row in rows]
    return joined(
        (
            paragraph(
                "Cycles, time, energy and traffic are of one image. Issued are slots of the later "
                "passes, of those that would be if every gate were open. The costliest layer is "
                "marked.",
                class_="note",
            ),
            table(_columns(rows, result.images), "Layers", total=True, marks=marks),
            element(
                "details",
                element("summary", "Every column, summed over all images"),
                every_column(result.rows, "Every column of every layer"),
            ),
        )
    )


def _columns(rows: Sequence[Row], images: int) -> list[Column]:
    def of_an_image(name: str) -> list[float]:
        return [row[name] / images for row in rows]

    moved = [(row["dram_read_bytes"] + row["dram_write_bytes"]) / images for row in rows]
    return [
        Column("layer", [row["layer"] for row in rows]),
        numbers("mask", [row["mask_density"] for row in rows], percent, "%"),
        numbers("bits", [row["average_bits"] for row in rows], lambda own: decimal(own, 2)),
        numbers("cycles", of_an_image("cycles"), whole),
        quantities("time", of_an_image("time_us"), "s", 1e-6),
        *(
            numbers(head, [_ratio(row, part, base) for row in rows], percent, "%",
                    COLUMNS[part].meaning)
            for head, part, base in _SHARES
        ),
        numbers("use", [row["pe_utilization"] for row in rows], percent, "%",
                COLUMNS["pe_utilization"].meaning),
        quantities("DRAM", moved, "B", 1),
        quantities("energy", of_an_image("energy_pj"), "J", 1e-12),
    ]  # fmt: skip


def _ratio(row: Row, part: str, base: str) -> float:
    return row[part] / row[base] if row[base] else float("nan")


def every_column(rows: Sequence[Row], label: str) -> Html:
    """Return a table of rows as they are, with what each column means as the title of its head."""
    return table([_as_it_is(name, [row.get(name) for row in rows]) for name in rows[0]], label)


def _as_it_is(name: str, cells: list[object]) -> Column:
    known = COLUMNS.get(name)
    unit, meaning = (known.unit, known.meaning) if known else ("", None)
    values = [float("nan") if each is None else each for each in cells]
    if any(isinstance(each, (str, bool)) for each in values):
        return Column(name, ["" if each is None else each for each in cells], None, unit, meaning)
    return Column(name, [_shown(each) for each in values], values, unit, meaning)  # type: ignore[arg-type]


def _shown(value: object) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{value:,}"
