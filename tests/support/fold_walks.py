"""The folds of a pass walked step by step and row by row, as M16, M17, M21 and M43 are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reference.by_values import Fold
from reference.mapping import Job, TilePass
from reference.ports import bits_a_cycle, name_of_lanes, name_of_slots
from reference.sram import bits_of_step, lane_bits, words_of_step


@dataclass(frozen=True)
class FoldWalk:
    """What of an array decides when folds begin, and when their rows have their operands."""

    rows: int
    columns: int
    dataflow: str
    overlap: str

    @classmethod
    def of(cls, array: Mapping[str, Any]) -> FoldWalk:
        """The walk on an array as the reference takes it."""
        return cls(*(array[key] for key in ("rows", "columns", "dataflow", "overlap")))

    @property
    def loads_alone(self) -> bool:
        """Whether a fold loads all of its rows before its first step (M16)."""
        return self.overlap == "none" and self.dataflow in ("ws", "is")

    @property
    def lead_cycles(self) -> int:
        """From a pass's first cycle to its first step (M43)."""
        return self.rows if self.loads_alone else 0

    def spacing(self, steady: int) -> int:
        """From the begin of a fold of so many steady cycles to that of the next (M16, M17)."""
        skew = self.rows + self.columns - 2
        if self.overlap == "none":
            return steady + skew + self.lead_cycles
        return steady if self.dataflow == "bitfusion" else max(steady, self.rows)

    def begins(self, steady: Iterable[int]) -> list[int]:
        """When each fold begins, of so many steady cycles each, and when one after them might."""
        found = [0]
        for own in steady:
            found.append(found[-1] + self.spacing(own))
        return found

    def row_needs(
        self, held: Sequence[Sequence[int]], begin: int, steady: int
    ) -> Iterator[tuple[int, int]]:
        """The elements that each row of a fold takes, and the cycle by whose end it does (M43)."""
        for row, elements in enumerate(held, start=1):
            yield len(elements), begin + (row if self.loads_alone else min(row, steady))


def late_cycles(needs: Iterable[tuple[int, int]], a_cycle: int) -> int:
    """How late a port is that brings so much in a cycle: what is needed, and by when, in order."""
    needed = late = 0
    for own, when in needs:
        needed += own
        late = max(late, -(-needed // a_cycle) - when)
    return late


def steady_cycles(fold: Fold, cycles: int) -> int:
    """Cycles of a fold's steps, of so many each where nothing else is said."""
    return sum(fold.cycles_of(step, cycles) for step in range(fold.steps))


def lanes_late(job: Job, one: TilePass, lanes: int) -> int:
    """By how much the operands of so many lanes are late in a pass that loads them (M43)."""
    walk, (_, cycles) = FoldWalk.of(job.arch["array"]), job.rate(one.index)
    steady = [steady_cycles(fold, cycles) for fold in one.folds]
    element_bits = lanes * lane_bits(job, one.index)
    needs = (
        (elements * element_bits, when)
        for fold, begin, own in zip(one.folds, walk.begins(steady), steady, strict=False)
        for elements, when in walk.row_needs(fold.chunks, begin, own)
    )
    return late_cycles(needs, bits_a_cycle(job, name_of_lanes(job)))


def slots_late(job: Job, one: TilePass) -> int:
    """By how much the operand of the slots is late: all banks together, or each (M21, M43)."""
    walk, (_, cycles) = FoldWalk.of(job.arch["array"]), job.rate(one.index)
    in_words = job.arch["memory"].get("ports", "slots") == "all"
    banks = job.arch["memory"][name_of_slots(job)]["banks"] if in_words else 1
    needs: list[list[tuple[int, int]]] = [[] for _ in range(banks)]
    begins = walk.begins(steady_cycles(fold, cycles) for fold in one.folds)
    for fold, begin in zip(one.folds, begins, strict=False):
        elements = [k for chunk in fold.chunks for k in chunk]
        now = begin + in_words * walk.lead_cycles
        for step in range(fold.steps):
            now += fold.cycles_of(step, cycles)
            if not in_words:
                bits = fold.elements(step) * bits_of_step(job, one, fold, step)
                needs[0].append((bits, now))
                continue
            words = len(words_of_step(job, one, fold, step, elements))
            for bank, vectors in Counter(slot % banks for slot in fold.members[step]).items():
                needs[bank].append((vectors * words, now))
    a_cycle = 1 if in_words else bits_a_cycle(job, name_of_slots(job))
    return max(late_cycles(own, a_cycle) for own in needs)
