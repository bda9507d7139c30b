"""How lines and marks look: colours, dashes and markers, no two of them alike."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from pgsim.plots.arranging import LAST
from pgsim.plots.drawing import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILLION

_COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK)
_DASHES = ("solid", "dashed", "dotted", "dashdot")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "d", "p")


class Look(NamedTuple):
    """How a line is drawn."""

    colour: str
    dashes: str
    marker: str


def looks_of(heads: pd.DataFrame, by: str | None = None) -> list[Look]:
    """Return the look of every line, no two of them alike.

    heads: for each line a row of what parts it from the others. Without `by`, which has the
    colour, that is what a sweep varied; scheme and architecture have dashes and marker, or one of
    them both. Up to twelve lines have a marker each, which tells them apart in grey. Where
    something has more values than looks, every line has a colour and a marker of its own.
    """
    varying = [str(name) for name in heads.columns if heads[name].nunique(dropna=False) > 1]
    varying.sort(key=lambda name: -1 if name == by else LAST.get(name, 0))
    coloured, dashed, marked = varying[: max(1, len(varying) - 2)], varying[1:][-2:], varying[-1:]
    if by in varying:
        coloured, others = [by], [name for name in varying if name != by]
        dashed, marked = others[-2:], others[-1:] or [by]
    numbers = (_numbered(heads, names) for names in (coloured, dashed[:1], marked))
    found = [_look(*each) for each in zip(*numbers, strict=True)]
    if len(heads) <= len(_MARKERS):
        pairs = zip(found, _MARKERS, strict=False)
        return [look._replace(marker=marker) for look, marker in pairs]
    if len(set(found)) == len(heads):
        return found
    # 7 colours and 12 markers have no common factor: no two of 84 lines look the same.
    return [_look(line, 0, line) for line in range(len(heads))]


def _look(colour: int, dashes: int, marker: int) -> Look:
    return Look(
        _COLOURS[colour % len(_COLOURS)],
        _DASHES[dashes % len(_DASHES)],
        _MARKERS[marker % len(_MARKERS)],
    )


def _numbered(heads: pd.DataFrame, names: list[str]) -> list[int]:
    """Return for every row the number of its values of some columns, in order of appearance."""
    if not names:
        return [0] * len(heads)
    return [int(n) for n in heads.groupby(names, sort=False, dropna=False).ngroup()]
