"""The designs of a table that no other is better than, in two columns or three."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pgsim.plots.arranging import Panel
from pgsim.plots.drawing import in_legend, write_figure
from pgsim.plots.fronts import draw_front, front_words, named_of, number
from pgsim.plots.marks import marks_of
from pgsim.plots.pages import Page, page_of
from pgsim.plots.scales import asked_log, check_log, scale_of
from pgsim.plots.sheets import Sheet, panel_inches, room_of

if TYPE_CHECKING:
    from pgsim.study.pareto import Pareto


def plot_pareto(
    found: Pareto, path: str | Path, *, width: str | None = None, log: str | None = None
) -> None:
    """Write a figure of designs, those that no other is better than ringed, numbered and named.

    Parameters
    ----------
    found : Pareto
        What `pgsim.pareto` returned. Three columns have two panels, above the same first one.
    path : str or Path
        What is written, as png, svg or pdf; its suffix chooses the format.
    width : str, optional
        `column` or `page`, the widths of one column and of two in print; else as on a screen.
    log : str, optional
        `x`, `y`, `xy` or `none`: which axes are logarithmic. By default those that values of very
        different size need.

    Raises
    ------
    InputError
        For another width or log, for another suffix, or a folder that cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import compare, pareto
    >>> with TemporaryDirectory() as folder:
    ...     found = pareto(compare("digits_pg_4_2", "fixed_8bit").designs, "energy_pj", "accuracy")
    ...     plot_pareto(found, f"{folder}/front.png")
    ...     Path(f"{folder}/front.png").is_file()
    True
    """
    write_figure(draw_pareto(found, width=width, log=log), path)


def draw_pareto(found: Pareto, *, width: str | None = None, log: str | None = None) -> Figure:
    """Return a figure of designs, those that no other is better than ringed, numbered and named.

    Of three columns the second and the third stand above the first, a panel each.
    """
    check_log(log)
    page, (first, *others) = page_of(width), list(found.better)
    x = scale_of(found.designs[first], swept=False, log=asked_log(log, "x"))
    ups = [scale_of(found.designs[each], swept=False, log=asked_log(log, "y")) for each in others]
    marks = marks_of(found.designs, list(found.names), None)
    handles, texts = marks.legend(page)
    inches = panel_inches(page, 1, len(ups))
    named = named_of(found.front, x, ups, inches)
    about = front_words(len(found.front), len(named), len(found.designs), found.unknown)
    key = [in_legend(about, page), *_key(found, named, page)]
    panels = [Panel("", "", found.designs, place, 0) for place in range(len(ups))]
    sheet = Sheet(panels, page, room=room_of([*texts, *key], page), shares_y=False)
    ring: Artist | None = None
    for axes, name, y in zip(sheet.axes, others, ups, strict=True):
        marks.draw(axes, found.designs.index, x, y)
        better = [found.better[first], found.better[name]]
        ring = draw_front(axes, found.front, x, y, better, joined=len(ups) == 1)
        number(axes, named, x, y, better, page, inches)
    sheet.set_scales(x, *ups)
    sheet.set_legend(
        [*handles, *([ring] if ring else []), *(Line2D([], [], ls="none") for _ in named)],
        [*texts, *key],
    )
    sheet.set_title(found.title)
    return sheet.figure


def _key(found: Pareto, named: list[int], page: Page) -> list[str]:
    labels = found.labels
    return [in_legend(f"{place}: {labels[row]}", page) for place, row in enumerate(named, start=1)]
