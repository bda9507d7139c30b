"""How wide a figure is, and how large its letters are: for a screen, or for a printed page."""

from __future__ import annotations

from typing import NamedTuple

from pgsim.errors import InputError, nearest


class Page(NamedTuple):
    """What a figure is made for.

    inches: how wide it is. letters, small: sizes of text in points. dots: of an inch of a png.
    most_across, most_panels: how many panels stand side by side, and in all. most_lines, most_bars:
    of a panel, that can be taken in. terse: whether labels leave out what all designs share.
    """

    inches: float
    letters: float
    small: float
    dots: int
    most_across: int
    most_panels: int
    most_lines: int
    most_bars: int
    terse: bool = True

    def characters(self, part: float = 1.0, letters: float | None = None) -> int:
        """Return how many characters of text stand in one line of a part of the width."""
        return max(10, int(part * self.inches * 72 / (0.56 * (letters or self.letters))))


SCREEN = Page(11, 9, 8, 150, 4, 24, 12, 60, terse=False)
# The widths of one column and of two in journals of IEEE and ACM; no letter is below 6 points.
PAGES = {
    "column": Page(3.5, 7, 6, 300, 2, 8, 10, 12),
    "page": Page(7.16, 7.5, 6.5, 300, 4, 20, 10, 30),
}


def page_of(width: str | None) -> Page:
    """Return what a figure of some width is made for: ``column``, ``page``, or None for a screen.

    Raises InputError for another width.
    """
    if width is None:
        return SCREEN
    if width not in PAGES:
        known = ", ".join(PAGES)
        raise InputError(f"width: expected one of {known}, not {width!r}.{nearest(width, PAGES)}")
    return PAGES[width]
