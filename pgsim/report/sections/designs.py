"""The designs of a comparison beside each other."""

from __future__ import annotations

from pgsim.report.markup import Html, joined, paragraph
from pgsim.report.tables import Column, numbers, quantities, table
from pgsim.results import COLUMNS
from pgsim.results.numbers import decimal, percent, whole
from pgsim.study.comparison import Comparison


def designs(comparison: Comparison) -> Html:
    """Return a table of all designs of a comparison; the gated one is marked."""
    frame = comparison.designs
    rows = [each.row for each in comparison.outcomes]

    def of_an_image(name: str) -> list[float]:
        return [float(each) for each in frame[name] / frame["images"]]

    def cells(name: str) -> list[float]:
        return [float(each) for each in frame[name]]

    def places(count: int, name: str, head: str, unit: str = "") -> Column:
        own, meaning = cells(name), COLUMNS[name].meaning
        return numbers(head, own, lambda each: decimal(each, count), unit, meaning)

    columns = [
        Column("design", [row.name for row in rows]),
        Column("verdict", list(frame["verdict"]), meaning=COLUMNS["verdict"].meaning),
        numbers("accuracy", cells("accuracy"), percent, "%", COLUMNS["accuracy"].meaning),
        places(2, "mac_average_bits", "bits"),
        numbers("cycles", cells("cycles_per_image"), whole),
        quantities("time", of_an_image("time_us"), "s", 1e-6),
        quantities("energy", cells("energy_pj_per_image"), "J", 1e-12),
        quantities("EDP", cells("energy_delay_product_pj_s"), "J s", 1e-12),
        places(2, "speedup", "speedup"),
        places(2, "energy_ratio", "energy ratio"),
        places(3, "logic_area_mm2", "logic", "mm2"),
        places(3, "area_mm2", "area", "mm2"),
        Column("built", [row.group for row in rows]),
    ]
    marks = ["chosen" if place == 0 else None for place in range(len(rows))]
    return joined(
        (
            paragraph(
                "Of one image. Speedup and energy ratio are over uniform 8,8; verdicts are those "
                "of MODEL.md, M48. The gated design is marked.",
                class_="note",
            ),
            table(columns, "Designs", marks=marks),
        )
    )
