"""One result over another: a mark for each design, and the front that none is better than."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pgsim.plots.arranging import panels_of
from pgsim.plots.asked import Asked, Points
from pgsim.plots.drawing import in_legend
from pgsim.plots.fronts import better_of, draw_front, front_words, named_of, number
from pgsim.plots.marks import marks_of
from pgsim.plots.scales import Scale, asked_log, scale_of
from pgsim.plots.sheets import Sheet, panel_inches, room_of
from pgsim.results.designs import axis_columns, labels_of
from pgsim.results.fronts import marked


def draw_cloud(points: Points, x: str, y: str, asked: Asked, *, most: Sequence[str] = ()) -> Figure:
    """Return a figure of y over x, both results or columns of any kind.

    In one panel of two results, the designs that none is better than are numbered, and named
    below. most: columns of which more is better, beside those whose meaning is so.
    """
    frame, page = points.frame, asked.page
    scales = _scales(points, x, y, asked)
    panels = panels_of(frame, points.arrangement)
    are_results = not any(each.words or each.swept for each in scales)
    has_front = len(panels) == 1 and are_results
    front = _front(frame, x, y, most) if has_front else frame.iloc[:0]
    marks = marks_of(frame, list(points.arrangement.lines), asked.colour)
    handles, texts = marks.legend(page)
    inches = panel_inches(page, 1, 1)
    named = named_of(front, scales[0], scales[1:], inches)
    names = labels_of(front.loc[named], points.arrangement.lines) if named else []
    key = [in_legend(f"{place}: {each}", page) for place, each in enumerate(names, start=1)]
    if has_front:
        whole = int(frame[[x, y]].notna().all(axis=1).sum())
        about = front_words(len(front), len(named), whole, len(frame) - whole)
        key = [in_legend(about, page), *key]
    sheet = Sheet(panels, page, room=room_of([*texts, *key], page))
    for axes, panel in zip(sheet.axes, panels, strict=True):
        marks.draw(axes, panel.points.index, *scales)
    sheet.set_scales(*scales)
    if has_front:
        axes, better = sheet.axes[0], better_of((x, y), most)
        line = draw_front(axes, front, *scales, better)
        number(axes, named, *scales, better, page, inches)
        handles += [line, *(Line2D([], [], ls="none") for _ in named)]
        texts += key
    if len(texts) > 1:
        sheet.set_legend(handles, texts)
    sheet.set_title(points.title)
    return sheet.figure


def _scales(points: Points, x: str, y: str, asked: Asked) -> tuple[Scale, Scale]:
    found = []
    for axis, name in (("x", x), ("y", y)):
        is_key = bool(axis_columns(points.frame[[name]]))
        found.append(
            scale_of(
                points.frame[name], swept=is_key, log=asked_log(asked.log, axis),
                note="" if is_key else points.note,
                ratio=asked.normalize is not None and not is_key,
            )
        )  # fmt: skip
    return found[0], found[1]


def _front(frame: pd.DataFrame, x: str, y: str, most: Sequence[str]) -> pd.DataFrame:
    """Return the points that none is better than, one of those that are the same."""
    chosen = [each for each in most if each in (x, y)]
    found = marked(frame.assign(_row=frame.index), (x, y), chosen)
    best = found[~found["dominated"]].drop_duplicates([x, y])
    return frame.loc[best["_row"].tolist()]
