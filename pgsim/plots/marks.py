"""Marks of a cloud: colour and marker tell designs apart, hollow ones have masks of no model."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from pgsim.plots.drawing import BLACK, in_legend
from pgsim.plots.looks import Look, looks_of
from pgsim.plots.pages import Page
from pgsim.plots.scales import Scale
from pgsim.results.designs import labels_of
from pgsim.results.mask_sources import words_of

_MOST_COLOURS, _MOST_MARKERS = 7, 5
_MASKS = "mask_source"
_PLAIN = ("captured", "none")  # masks that need no word of caution


@dataclass(frozen=True)
class Marks:
    """How every point is marked.

    labels: of the points, which tell colour and marker. looks: of the labels. hollow: the points
    whose masks need a caution, where those of others do not. caution: what is said of them.
    """

    labels: pd.Series[str]
    looks: dict[str, Look]
    hollow: pd.Series[bool]
    caution: str = ""

    def draw(self, axes: Axes, rows: pd.Index[int], x: Scale, y: Scale) -> None:
        """Draw some points."""
        labels, hollow = self.labels[rows], self.hollow[rows]
        for label, look in self.looks.items():
            for is_hollow in (False, True):
                own = rows[((labels == label) & (hollow == is_hollow)).to_numpy()]
                if len(own):
                    axes.plot(
                        x.places[own], y.places[own], ls="none", color=look.colour, ms=4.5,
                        marker=look.marker, mew=0.9, label=in_legend(label), clip_on=False,
                        mfc="none" if is_hollow or not self.caution else look.colour,
                    )  # fmt: skip
        axes.grid(lw=0.3)
        axes.margins(0.12)

    def legend(self, page: Page) -> tuple[list[Artist], list[str]]:
        """Return what names the marks."""
        texts = [in_legend(label, page) for label in self.looks]
        handles: list[Artist] = [
            _handle(look, filled=bool(self.caution)) for look in self.looks.values()
        ]
        if self.caution:
            handles.append(hollow_handle())
            texts.append(in_legend(f"hollow: {self.caution}", page))
        return handles, texts


def hollow_handle() -> Line2D:
    """Return what stands beside the caution in a legend."""
    return _handle(Look(BLACK, "", "o"), filled=False)


def _handle(look: Look, *, filled: bool) -> Line2D:
    fill = look.colour if filled else "none"
    return Line2D([], [], ls="none", color=look.colour, marker=look.marker, ms=5, mew=0.9, mfc=fill)


def marks_of(frame: pd.DataFrame, names: list[str], by: str | None) -> Marks:
    """Return how points are marked.

    names: columns that tell them apart. by: the one that a person gave the colours to. Scheme and
    architecture have colour and marker, or else what has few values; all else is not told.
    """
    names = [name for name in names if name != _MASKS]
    counts = {name: int(frame[name].nunique(dropna=False)) for name in names}
    told = [by] if by else []
    for most in (_MOST_COLOURS, _MOST_MARKERS)[len(told) :]:
        fitting = [name for name in names if name not in told and 1 < counts[name] <= most]
        first = next((name for name in ("scheme", "arch") if name in fitting), None)
        told += [first] if first else fitting[:1]
    shown = [name for name in names if name in told] or names[:1]
    labels = pd.Series(labels_of(frame, shown), index=frame.index, dtype=object)
    heads = frame[shown].groupby(labels, sort=False).head(1)
    looks = dict(zip(labels[heads.index], looks_of(heads, by), strict=True))
    return Marks(labels, looks, *hollow_of(frame))


def hollow_of(frame: pd.DataFrame) -> tuple[pd.Series[bool], str]:
    """Return which points are hollow, and why; the reason is empty where all points are alike."""
    if _MASKS not in frame:
        return pd.Series(False, index=frame.index), ""
    hollow = ~frame[_MASKS].isin(_PLAIN)
    if hollow.all() or not hollow.any():
        return hollow, ""
    return hollow, words_of(map(str, frame[_MASKS][hollow].unique()))
