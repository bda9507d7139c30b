"""The front of a search: the designs found so far that no other is better than."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from pgsim.errors import InputError, nearest
from pgsim.results import SUMMED
from pgsim.results.accuracies import ACCURACY, with_accuracy
from pgsim.results.columns import SUMMARY
from pgsim.study.sweeps.records import frame_of

Costs = npt.NDArray[np.float64]  # (objectives,), of which less is better; NaN where unknown

COLUMNS = (*SUMMED, *SUMMARY, "pe_utilization", ACCURACY)


@dataclass(frozen=True)
class Objectives:
    """What is compared: result columns of a network, and whether more of each is better."""

    better: dict[str, bool]

    def __str__(self) -> str:
        aims = [f"{'most' if most else 'least'} {name}" for name, most in self.better.items()]
        return " and ".join([", ".join(aims[:-1]), aims[-1]] if len(aims) > 1 else aims)

    def table(self, lines: Iterable[bytes]) -> pd.DataFrame:
        """Return the table of some points, with their accuracy if it is compared."""
        frame = frame_of(lines)
        return with_accuracy(frame) if ACCURACY in self.better and len(frame) else frame

    def costs(self, lines: Iterable[bytes]) -> Costs:
        """Return what some points cost, (points, objectives): sums per image, less is better."""
        frame = self.table(lines)
        values = [
            (-1 if most else 1) * frame[name] / (frame["images"] if name in SUMMED else 1)
            for name, most in self.better.items()
        ]
        return np.column_stack([each.to_numpy("float64") for each in values])


def objectives_of(minimize: Sequence[str], maximize: Sequence[str]) -> Objectives:
    """Return what is compared; raises InputError for no column, an unknown one, or one twice."""
    names = [*minimize, *maximize]
    if not names:
        raise InputError("expected at least one column to minimize or maximize")
    for name in names:
        if name not in COLUMNS:
            raise InputError(
                f"{name!r} is no column of numbers of a network: expected one of "
                f"{', '.join(COLUMNS)}.{nearest(name, COLUMNS)}"
            )
        if names.count(name) > 1:
            raise InputError(f"{name} is asked for twice: each column is compared once")
    return Objectives({name: name in maximize for name in names})


@dataclass
class Front:
    """The records of the designs that no other is better than, by the number of their point."""

    objectives: Objectives
    lines: dict[int, bytes] = field(default_factory=dict)
    costs: dict[int, Costs] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.lines)

    def add(self, number: int, line: bytes, costs: Costs) -> bool:
        """Add a design unless another is better or it lacks a value; say whether it was added.

        One is better that is worse in no column and better in one. Equal ones stand beside each
        other.
        """
        if np.isnan(costs).any():
            return False
        found = np.array([*self.costs.values(), costs])
        if ((found <= costs).all(axis=1) & (found < costs).any(axis=1)).any():
            return False
        beaten = (costs <= found).all(axis=1) & (costs < found).any(axis=1)
        numbers = list(self.costs)
        for place in np.flatnonzero(beaten).tolist():
            del self.costs[numbers[place]], self.lines[numbers[place]]
        self.costs[number], self.lines[number] = costs, line
        return True

    def table(self) -> pd.DataFrame:
        """Return its designs, the best of the first objective first."""
        return self.objectives.table(self.records())

    def records(self) -> Iterator[bytes]:
        """Yield the records of its designs, in the order of the table."""
        for number in sorted(self.costs, key=lambda each: (*self.costs[each], each)):
            yield self.lines[number]
