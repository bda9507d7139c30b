"""How wide a figure is, and how large its letters are: for a screen, or for a printed page."""

from __future__ import annotations

from typing import NamedTuple

from pgsim.errors import InputError, nearest


class Page(NamedTuple):
    """What a figure is made for.

    inches: how wide it is. letters, small, title, legend: sizes of text in points. dots: of an inch
    of a png. most_across, most_panels: how many panels stand side by side, and in all. most_lines,
    most_bars: of a panel, that can be taken in. terse: whether labels leave out what all designs
    share. label_part: of the width, that names of bars have at most. stacks_across: how many
    breakdowns at most stand side by side, and not above each other. ticks: of an axis of bars at
    most. lone_mark: the size of the marks of a figure of one panel. legend_characters: of a line of
    a legend; None for as many as a third of the width has.
    """

    inches: float
    letters: float
    small: float
    dots: int
    most_across: int
    most_panels: int
    most_lines: int
    most_bars: int
    title: float
    legend: float
    terse: bool = True
    label_part: float = 0.25
    stacks_across: int = 2
    ticks: int = 4
    lone_mark: float = 0.6
    legend_characters: int | None = None

    def characters(self, part: float = 1.0, letters: float | None = None) -> int:
        """Return how many characters of text stand in one line of a part of the width."""
        return max(10, int(part * self.inches * 72 / (0.56 * (letters or self.letters))))

    @property
    def legend_line(self) -> int:
        """Characters of a line of a legend."""
        return self.legend_characters or self.characters(0.34, self.small)


SCREEN = Page(
    11, 9, 8, 150, 4, 24, 12, 60, title=10, legend=7, terse=False, stacks_across=4, ticks=6,
    lone_mark=1.0, legend_characters=45,
)  # fmt: skip
# The widths of one column and of two in journals of IEEE and ACM; no letter is below 6 points.
PAGES = {
    "column": Page(
        3.5, 7, 6, 300, 2, 8, 10, 12, title=7, legend=6, label_part=0.45, stacks_across=0
    ),
    "page": Page(7.16, 7.5, 6.5, 300, 4, 20, 10, 30, title=7.5, legend=6.5),
}

# Of reports, which scroll: as narrow as a column, and as many bars as on a screen.
PHONE = "phone"
_OWN = {PHONE: PAGES["column"]._replace(most_bars=SCREEN.most_bars)}


def page_of(width: str | None) -> Page:
    """Return what a figure of some width is made for: ``column``, ``page``, or None for a screen.

    Raises InputError for another width.
    """
    if width is None:
        return SCREEN
    if width in _OWN:
        return _OWN[width]
    if width not in PAGES:
        known = ", ".join(PAGES)
        raise InputError(f"width: expected one of {known}, not {width!r}.{nearest(width, PAGES)}")
    return PAGES[width]
