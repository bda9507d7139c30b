"""Where a promised saving goes: the accounts of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from matplotlib.figure import Figure

from pgsim.plots.comparison import draw_waterfall
from pgsim.plots.drawing import bar_labels, wrapped
from pgsim.report.markup import Html, element, joined, paragraph
from pgsim.report.pictures import picture
from pgsim.report.tables import Column, numbers, table
from pgsim.results.numbers import decimal, scale_in, signed, whole
from pgsim.study.comparison import Comparison
from pgsim.study.waterfalls import Waterfall


def accounts(comparison: Comparison) -> Html:
    """Return the accounts of cycles and of energy, drawn and as tables, per image."""
    promise = " or ".join(f"{gain:.2f}x ({rule})" for rule, gain in comparison.promise.items())
    images, design = comparison.gated.images, str(comparison.designs["design"].iloc[0])
    parts = [paragraph(f"Counting bits promises {promise}. What becomes of it (MODEL.md, M30):")]
    for name, own in groupby(comparison.waterfalls, key=lambda each: each.spent):
        alike = list(own)
        parts.append(element("h3", name))
        parts.append(_drawn(alike, images, design, name))
        parts += [_table(each, images) for each in alike]
    return joined(parts)


def _drawn(alike: Sequence[Waterfall], images: int, design: str, name: str) -> Html:
    def draw(width: str | None) -> Figure:
        across = len(alike) if width is None else 1
        down = len(alike) // across
        height = (0.42 * (len(alike[0].steps) + 1) + 0.9) * down
        figure = Figure(figsize=(11 if width is None else 4.2, height), layout="constrained")
        grid = figure.subplots(down, across, squeeze=False)
        for place, account in enumerate(alike):
            axes = grid[place // across][place % across]
            draw_waterfall(axes, account, images, design, named=place % across == 0)
            if width is not None:  # there is no room for what steps mean, which the tables say
                bar_labels(axes, [*account.steps, wrapped(design)])
        return figure

    label = f"From the {name} of a baseline, step by step, to those of the gated design"
    return picture(draw, label, f"account-{name}")


def _table(account: Waterfall, images: int) -> Html:
    """Return an account as a table: what each step changes, and the total after it."""
    totals = {step: float(total) / images for step, total in account.network.items()}
    changes = [0.0, *(float(each) / images for each in account.changes().values())]
    unit, size, places = scale_in([totals["baseline"]], account.unit)
    columns = [
        Column("step", list(totals)),
        numbers(
            "change", changes, lambda own: ["", *signed((each / size for each in own[1:]), places)],
            unit,
        ),
        numbers(
            "total", list(totals.values()),
            lambda own: whole(own) if size == 1 else decimal((each / size for each in own), places),
            unit,
        ),
        Column("meaning", list(account.steps.values())),
    ]  # fmt: skip
    named = f"{account.spent}, from {account.against}"
    return element("details", element("summary", f"As a table: {named}"), table(columns, named))
