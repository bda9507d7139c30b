"""Maps of the array: how much of its peak each PE does, in the network and in its layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from pgsim.plots.arranging import Panel
from pgsim.plots.cells import bar_inches, draw_cells, name_colours
from pgsim.plots.drawing import write_figure
from pgsim.plots.pages import Page, page_of
from pgsim.plots.scales import Scale
from pgsim.plots.sheets import Sheet, room_of
from pgsim.results.array_use import NETWORK, Use, array_use
from pgsim.results.designs import title_of
from pgsim.results.tables import Result

_MOST_TICKS = 8
_LABEL = "use: useful bit operations over a PE's peak"


def plot_array_use(
    result: Result,
    path: str | Path,
    *,
    layers: Sequence[str] | None = None,
    width: str | None = None,
) -> None:
    """Write a figure of how much of its peak each PE of the array does.

    The first panel is of all layers together, each other one of a layer. Their headings say the
    mean, which is the `pe_utilization` of tables. Rows are drawn from the top down, as sums move.

    Parameters
    ----------
    result : Result
        What `pgsim.simulate` returned.
    path : str or Path
        What is written, as png, svg or pdf; its suffix chooses the format.
    layers : sequence of str, optional
        Names of layers. By default all and the network; of more than there are panels for, those
        of most cycles.
    width : str, optional
        `column` or `page`, the widths of one column and of two in print; else as on a screen.

    Raises
    ------
    InputError
        As `array_use` does; for another width or suffix, or a folder that cannot be written.

    Notes
    -----
    Source: MODEL.md M27.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import simulate
    >>> with TemporaryDirectory() as folder:
    ...     plot_array_use(simulate("digits_pg_4_2", "pg_os"), f"{folder}/use.png")
    ...     Path(f"{folder}/use.png").is_file()
    True
    """
    write_figure(draw_array_use(result, layers=layers, width=width), path)


def draw_array_use(
    result: Result, *, layers: Sequence[str] | None = None, width: str | None = None
) -> Figure:
    """Return a figure of how much each PE does; arguments are those of `plot_array_use`."""
    page = page_of(width)
    use = array_use(result, layers)
    shown = _shown(result, use, page)
    panels = [
        Panel(
            f"{name}: {use[name].mean():.1%}", "", pd.DataFrame(), *divmod(place, page.most_across)
        )
        for place, name in enumerate(shown)
    ]
    sheet = Sheet(panels, page, room=room_of([], page), beside=bar_inches(page))
    most = max(float(np.nanmax(use[name])) for name in shown)
    for axes, name in zip(sheet.axes, shown, strict=True):
        image = draw_cells(axes, use[name], (0.0, most or 1.0), sheet, from_top=True)
    rows, columns = use[shown[0]].shape
    sheet.set_scales(_places("column of the array", columns), _places("row of the array", rows))
    name_colours(image, _LABEL, sheet)
    left = len(use) - len(shown)
    sheet.set_title(
        title_of(result.layers) + (f"\n{left} layers of fewer cycles are left out" if left else "")
    )
    return sheet.figure


def _shown(result: Result, use: dict[str, Use], page: Page) -> list[str]:
    """Return the network and its layers, in order; of too many those that take most cycles.

    A layer that takes none has no use.
    """
    cycles = {each.shape.name: int(each.cycles.sum()) for each in result.layer_results}
    cycles[NETWORK] = result.cycles
    most = sorted(use, key=lambda name: -cycles[name])[: page.most_panels]
    return [name for name in use if name in most and cycles[name]]


def _places(label: str, count: int) -> Scale:
    """Return an axis of rows or columns, counted from 0, some of which have their number."""
    step = 1 << ((count - 1) // _MOST_TICKS).bit_length()  # a power of two, whatever the array
    ticks = tuple(float(each) for each in range(0, count, step))
    return Scale(pd.Series(range(count), dtype=float), label, swept=ticks)
