"""How a pass reads vectors from banks, and how late those are, word by word (M43)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pgsim.kernels.banks import Reads

Point = tuple[int, int]  # words of a vector, and the cycle by whose end they are needed


def reads(
    banks: int = 4,
    beat_slots: int = 1,
    spacing: int = 4,
    folds: Sequence[Sequence[Point]] = (((2, 4),),),
    kinds: Sequence[int] = (0,),
    **others: int,
) -> Reads:
    settings = {"lead_cycles": 0, "edge_cycles": 0, "bus_cycles": 0} | others
    points = np.array(folds, np.int64)
    before, every = 0, []
    for number, kind in enumerate(kinds):
        every.append((kind, before, number))
        before += folds[kind][-1][0]
    return Reads(banks, beat_slots, spacing, **settings, folds=np.array(every), deadlines=points)


def naive(issued: Sequence[Sequence[int]], own: Reads) -> int:
    """Cycles by which banks are late with the places that issue slots read, bank by bank.

    Every fold needs the words of its points in turn, one a cycle from each bank.
    """
    beats, left = [], list(issued)
    while left:
        first = (len(left) - 1) % own.beat_slots + 1
        beats.append([place for slot in left[:first] for place in slot])
        left = left[first:]
    apart = max(len(beats) * own.beat_spacing_cycles + own.edge_cycles, own.bus_cycles)
    late = 0
    for bank in range(own.banks):
        read = 0
        for kind, _, fold in own.folds.tolist():
            for number, beat in enumerate(beats):
                begin = fold * apart + own.lead_cycles + number * own.beat_spacing_cycles
                vectors = sum(place % own.banks == bank for place in beat)
                words = 0
                for words, cycles in own.deadlines[kind].tolist():
                    if vectors:
                        late = max(late, read + vectors * words - begin - cycles)
                read += vectors * words
    return late
