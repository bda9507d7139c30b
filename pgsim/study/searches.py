"""A search of a sweep as it goes: what was tried and found, and the front of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from pgsim.errors import InputError
from pgsim.study.fronts import Costs, Front, Objectives
from pgsim.study.pool.worker import Failed, Outcome
from pgsim.study.proposals import Proposals
from pgsim.study.sweeps import Point, Points
from pgsim.study.sweeps.checks import checked_point
from pgsim.study.sweeps.records import number_of, text_of
from pgsim.study.sweeps.run import Simulation
from pgsim.study.sweeps.sources import FilesChanged

Records = Sequence[tuple[int, bytes]]


@dataclass
class Found:
    """What a search found.

    Attributes
    ----------
    trials : int
        Points with a result or a failure, of the proposals of this search.
    before : int
        How many points were finished when it began.
    finished : int
        How many are now: `front` is of all of them.
    front : int
        Designs that no other is better than.
    left_out : int
        Proposals outside a constraint.
    failures : list of str
        Points that could not be built or simulated, each with why.
    is_whole : bool
        Whether all points were tried.
    """

    trials: int = 0
    before: int = 0
    finished: int = 0
    front: int = 0
    left_out: int = 0
    failures: list[str] = field(default_factory=list)
    is_whole: bool = False


@dataclass
class Search:
    """A search: its points, what those that are finished cost, and their front.

    jobs: points that are tried together. keep: makes records durable. improved: is told a front
    that is a better one. failed: why some points could not be simulated. skipped: points in a row
    without a design to simulate.
    """

    points: Points
    objectives: Objectives
    trials: int
    proposals: Proposals
    front: Front
    simulate: Simulation
    jobs: int
    keep: Callable[[Records], object] = lambda records: None
    improved: Callable[[Front], object] = lambda front: None
    costs: dict[int, Costs] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)
    found: Found = field(default_factory=Found)
    skipped: int = 0

    def recall(self, records: Iterable[bytes]) -> None:
        """Take over points that were finished before."""
        lines = list(records)
        self.found.before = len(lines)
        for line, costs in zip(lines, self._costs(lines), strict=True):
            number = number_of(text_of(line) or b"")
            self.costs[number] = costs
            self.front.add(number, line, costs)

    def _costs(self, lines: Sequence[bytes]) -> Iterable[Costs]:
        return self.objectives.costs(lines) if lines else ()

    def taken(self, numbers: Iterable[int]) -> list[int]:
        """Return which of some points take a trial, as many as there are trials left.

        A point takes none that is outside a constraint, or whose design cannot be built.
        """
        taken: list[int] = []
        for number in numbers:
            if self.found.trials + len(taken) == self.trials:
                break
            if number in self.costs or self._has_design(number):
                taken.append(number)
                self.skipped = 0
            else:
                self.skipped += 1
        return taken

    def _has_design(self, number: int) -> bool:
        try:
            point = self._checked(number)
        except InputError as error:
            self.found.failures.append(str(error))
            return False
        self.found.left_out += point is None
        return point is not None

    def finish(self, number: int, outcome: Outcome) -> None:
        """Keep what came of a point; raises what is no matter of the point alone."""
        if isinstance(outcome, Failed):
            if not isinstance(outcome.error, InputError) or isinstance(outcome.error, FilesChanged):
                raise outcome.error
            self.failed[number] = f"{self.points.point(number)}: {outcome.error}"
            return
        self.keep([(number, outcome.result)])
        (self.costs[number],) = self._costs([outcome.result])
        if self.front.add(number, outcome.result, self.costs[number]):
            self.improved(self.front)

    def _checked(self, number: int) -> Point | None:
        """Return a point as `checked_point` does, and give each of its warnings once a search."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            point = checked_point(self.points, number)
        for each in caught:
            if str(each.message) not in self.warned:
                self.warned.add(str(each.message))
                warnings.warn(each.message, stacklevel=2)
        return point

    def answer(self, number: int) -> Sequence[float] | None:
        """Return what the proposals are told of a point: its costs, if all of them are known."""
        costs = self.costs.get(number)
        return None if costs is None or np.isnan(costs).any() else costs.tolist()
