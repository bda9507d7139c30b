"""Candidates in turn, few at first: what they cost may rule out those to come."""

from __future__ import annotations

from collections.abc import Iterator

from pgsim.arch import Counts


def parts(places: Counts, first: int, growth: int = 2) -> Iterator[Counts]:
    """Yield places in turn, `first` of them, and then each time `growth` times as many.

    Examples
    --------
    >>> import numpy as np
    >>> [len(each) for each in parts(np.arange(12), 1, 4)]
    [1, 4, 7]
    """
    begin, count = 0, first
    while begin < places.size:
        yield places[begin : begin + count]
        begin, count = begin + count, growth * count
