"""M10, M21: one fold on the array: what each PE works on, and what a step reads for its slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

OutputRow = Mapping[int, int]  # array column -> index of the output in the run


@dataclass(frozen=True)
class OutputStationaryFold:
    """Rows hold issue slots, and the reduction streams by."""

    issue: Sequence[OutputRow]
    members: Sequence[Sequence[int]]  # slots whose vectors each issue slot reads
    chunks: Sequence[Sequence[int]]

    @property
    def steps(self) -> int:
        return len(self.chunks)

    def work(self, row: int, column: int, step: int) -> tuple[int | None, Sequence[int]]:
        output = self.issue[row].get(column) if row < len(self.issue) else None
        return output, self.chunks[step]

    def elements(self, step: int) -> int:
        """M21: what a step reads of the slots' operand: a chunk of every row's vectors."""
        return sum(map(len, self.members)) * len(self.chunks[step])

    def cycles_of(self, step: int, cycles: int) -> int:
        """Of a step, where a pass's steps take so many."""
        return cycles

    def works(self, row: int, column: int, step: int, cycle: int) -> bool:
        """Whether a PE that has work in a step does it in one of the step's cycles."""
        return True


@dataclass(frozen=True)
class OperandStationaryFold:
    """Rows hold chunks of the reduction, and issue slots stream by (`ws`, `is`, `bitfusion`)."""

    issue: Sequence[OutputRow]
    members: Sequence[Sequence[int]]  # slots whose vectors each issue slot reads
    chunks: Sequence[Sequence[int]]

    @property
    def steps(self) -> int:
        return len(self.issue)

    def work(self, row: int, column: int, step: int) -> tuple[int | None, Sequence[int]]:
        chunk = self.chunks[row] if row < len(self.chunks) else range(0)
        return self.issue[step].get(column), chunk

    def elements(self, step: int) -> int:
        """M21: what a step reads of the slots' operand: one issue slot's, for every row."""
        return len(self.members[step]) * sum(map(len, self.chunks))

    def cycles_of(self, step: int, cycles: int) -> int:
        """Of a step, where a pass's steps take so many."""
        return cycles

    def works(self, row: int, column: int, step: int, cycle: int) -> bool:
        """Whether a PE that has work in a step does it in one of the step's cycles."""
        return True


@dataclass(frozen=True)
class VariableFold(OperandStationaryFold):
    """M53: a step is long where any PE has an important pixel, and other PEs wait for it."""

    masks: Sequence[Sequence[Sequence[int]]]  # of each row, by step and column
    short_cycles: int

    def is_long(self, step: int) -> bool:
        return any(any(mask[step]) for mask in self.masks)

    def cycles_of(self, step: int, cycles: int) -> int:
        return cycles if self.is_long(step) else self.short_cycles

    def works(self, row: int, column: int, step: int, cycle: int) -> bool:
        return cycle < self.short_cycles or bool(self.masks[row][step][column])


def short_first(items: Sequence[Any], size: int) -> list[Any]:
    """M21: items cut into pieces of `size`; what is left over comes first."""
    ends = reversed(range(len(items), 0, -size))
    return [items[max(0, end - size) : end] for end in ends]
