"""Which turns of a run are drawn one by one, and which are merged because a pattern repeats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.study.timeline.turns import Turns

_FEWEST = 3  # a pattern that comes less often is drawn each time


class Stretch(NamedTuple):
    """Turns from `first` on: a pattern of `period` turns, `repeats` times."""

    first: int
    period: int
    repeats: int

    @property
    def end(self) -> int:
        """The turn after its last."""
        return self.first + self.period * self.repeats


def stretches(turns: Turns, run: int) -> Iterator[Stretch]:
    """Cut a run into single turns, and stretches that repeat the turns right before them.

    A pattern is as long as a loop over tiles, or one turn. Its first time stands before the stretch
    of its repeats, cut likewise.
    """
    loops = np.cumprod(list(turns.axes.values())[::-1]).tolist()
    periods = sorted({1, *loops})
    breaks = {
        period: _breaks([each[run] for each in turns.looks], period)
        for period in periods
        if period * _FEWEST <= turns.turns
    }
    return _cut(breaks, 0, turns.turns)


def _cut(breaks: dict[int, Counts], first: int, end: int) -> Iterator[Stretch]:
    """Cut turns `first` to `end - 1`; breaks: of every period, the shortest first."""
    while first < end:
        best = Stretch(first, 1, 1)
        for period, places in breaks.items():
            if first + period * _FEWEST > end:
                break
            alike = int(places[np.searchsorted(places, first)]) - first  # turns like those before
            times = 1 + min(alike, end - first - period) // period
            if times >= _FEWEST and period * times > best.end - first:
                best = Stretch(first, period, times)
        if best.repeats == 1:
            yield best
        else:
            shorter = {period: each for period, each in breaks.items() if period < best.period}
            yield from _cut(shorter, first, first + best.period)
            yield Stretch(first + best.period, best.period, best.repeats - 1)
        first = best.end


def _breaks(looks: Sequence[Counts], period: int) -> Counts:
    """Return the turns, in order, that look other than the one a period later, and the end.

    looks: int64 (turns,) each. A turn that has none a period later counts as the end.
    """
    last = looks[0].size - period
    differ = np.zeros(last, bool)
    for each in looks:
        differ |= each[period:] != each[:-period]
    return np.append(np.flatnonzero(differ), last)


def alike_runs(turns: Turns) -> Iterator[range]:
    """Cut runs into ranges that look alike from turn to turn."""
    differ: npt.NDArray[np.bool_] = np.zeros(turns.runs - 1, bool)
    for each in turns.looks:
        differ |= (each[1:] != each[:-1]).any(axis=1)
    bounds = [0, *(np.flatnonzero(differ) + 1).tolist(), turns.runs]
    return (range(first, end) for first, end in pairwise(bounds))
