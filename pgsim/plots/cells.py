"""Cells of heat maps: colours, the numbers in them, and what colours stand for."""

from __future__ import annotations

from collections.abc import Iterable

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from pgsim.plots.drawing import short
from pgsim.plots.pages import Page
from pgsim.plots.scales import fitted
from pgsim.plots.sheets import Sheet

# Its lightness only grows: it reads the same in grey, and for any colour vision.
_COLOURS = matplotlib.colormaps["cividis"]
_BRIGHT = 0.55  # of a colour, from 0 to 1: above it letters are black
_INSET = 0.44  # of a cell's edge from its middle
_LETTERS = 0.6  # width of a letter over its size


def bar_inches(page: Page) -> float:
    """Return how much of a page's width the bar takes that says what colours stand for."""
    return 8 * page.letters / 72


def draw_cells(
    axes: Axes,
    cells: npt.NDArray[np.float64],
    ends: tuple[float, float],
    sheet: Sheet,
    *,
    from_top: bool = False,
) -> AxesImage:
    """Draw values as colours and, where cells are large enough for all of them, as numbers.

    cells: (rows, columns). ends: the values of the darkest and of the brightest colour. from_top:
    whether the first row is the uppermost one.
    """
    image = axes.imshow(
        cells, cmap=_COLOURS, vmin=ends[0], vmax=ends[1], aspect="auto",
        origin="upper" if from_top else "lower",
    )  # fmt: skip
    rows, columns = cells.shape
    _write(axes, cells, image, (sheet.inches_across / columns, sheet.inches_up / rows), sheet)
    return image


def mark_cells(axes: Axes, rows: Iterable[int], columns: Iterable[int]) -> None:
    """Give some cells dashed edges, which show on dark and on bright ones."""
    for row, column in zip(rows, columns, strict=True):
        for colour, dashes in (("white", "solid"), ("black", (0, (3, 3)))):
            axes.add_patch(
                Rectangle(
                    (column - _INSET, row - _INSET), 2 * _INSET, 2 * _INSET, fill=False,
                    ec=colour, ls=dashes, lw=1,
                )
            )  # fmt: skip


def name_colours(image: AxesImage, label: str, sheet: Sheet) -> None:
    """Draw what colours stand for, at the right of all panels."""
    aspect = max(30, 18 * sheet.down)  # as narrow beside many panels as beside one
    bar = sheet.figure.colorbar(image, ax=sheet.axes, aspect=aspect, pad=0.02)
    bar.ax.tick_params(labelsize=sheet.page.small)
    inches = sheet.down * (sheet.inches_up + 0.2)
    bar.set_label(fitted(label, max(20, int(inches * 72 / 5))), fontsize=sheet.page.letters)


def _write(
    axes: Axes,
    cells: npt.NDArray[np.float64],
    image: AxesImage,
    inches: tuple[float, float],
    sheet: Sheet,
) -> None:
    """Write the value of every cell, where cells are large enough for all of them."""
    small = sheet.page.small
    texts = {
        place: short(float(cell)) for place, cell in np.ndenumerate(cells) if np.isfinite(cell)
    }
    longest = max(map(len, texts.values()), default=0)
    if longest * _LETTERS * small / 72 > inches[0] or 1.4 * small / 72 > inches[1]:
        return
    colours = image.to_rgba(cells)
    for (row, column), text in texts.items():
        red, green, blue, _ = colours[row, column]
        bright = 0.2126 * red + 0.7152 * green + 0.0722 * blue > _BRIGHT
        axes.text(
            column, row, text, ha="center", va="center", fontsize=small,
            color="black" if bright else "white",
        )  # fmt: skip
