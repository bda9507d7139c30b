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


def short_first(items: Sequence[Any], size: int) -> list[Any]:
    """M21: items cut into pieces of `size`; what is left over comes first."""
    ends = reversed(range(len(items), 0, -size))
    return [items[max(0, end - size) : end] for end in ends]
