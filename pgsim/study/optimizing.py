"""Searches: the best designs of a sweep, found by simulating some of its points.

A search is decided by its spec, objectives, seed and what its points cost. So one that was ended is
begun anew, and what the journal holds is read there instead of simulated: it goes on as if it had
never ended.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pgsim.errors import InputError
from pgsim.study.fronts import Costs, Front, Objectives, objectives_of
from pgsim.study.proposals import Proposals, every_point, promising_points
from pgsim.study.sweeps import Point, Points, SweepSpec
from pgsim.study.sweeps.checks import Progress, checked_point, unchecked_points
from pgsim.study.sweeps.digests import digests_of
from pgsim.study.sweeps.journal import journal_path, opened_journal
from pgsim.study.sweeps.records import number_of, text_of
from pgsim.study.sweeps.run import Simulation
from pgsim.study.sweeps.sources import FilesChanged
from pgsim.study.sweeps.written import write_durably

if TYPE_CHECKING:
    import pandas as pd

TRIALS = 100
_MOST_SKIPPED = 1000  # points in a row without a design to simulate; then a search ends

Records = Sequence[tuple[int, bytes]]


def optimize(
    spec: SweepSpec,
    minimize: Sequence[str] = (),
    maximize: Sequence[str] = (),
    *,
    trials: int = TRIALS,
    seed: int = 0,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Find designs of a sweep that no other is better than, by simulating some of its points.

    Optuna proposes which point is next, by what those before cost. No point is simulated twice.
    A sweep of no more points than trials is tried as a whole, which needs no Optuna.

    Parameters
    ----------
    spec : SweepSpec
        What to choose from. Points outside its constraints are not simulated, and a point whose
        design cannot be built or simulated is left out.
    minimize, maximize : sequences of str
        Result columns of a network, of which less or more is better; at least one. Sums over
        layers are per image. `accuracy` is what shipped traces state, and else unknown.
    trials : int
        How many points are simulated at most, at least one.
    seed : int
        Of the proposals: the same seed gives the same front.
    progress : callable, optional
        Called after each trial with how many are done and how many there are.

    Returns
    -------
    DataFrame
        One row per design of the front, of the network, the best of the first column first. Its
        columns are those of `sweep` with `rows: point`, and `accuracy` where it is compared.

    Raises
    ------
    InputError
        For a column that is no number of a network or stands there twice, what is wrong in the
        spec, no trials, a seed outside 32 bits, where no point could be simulated, and where Optuna
        is needed and missing.

    Examples
    --------
    >>> spec = SweepSpec(traces=["digits_pg_4_2"], archs=["pg_ws"], axes={"array.rows": [8, 16]})
    >>> optimize(spec, minimize=["cycles", "area_mm2"])["array.rows"].tolist()
    [16, 8]
    """
    search = _search_of(spec, minimize, maximize, trials, seed)
    _run(search, progress)
    return search.front.table()


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


def optimize_into(
    output: str | Path,
    spec: SweepSpec,
    minimize: Sequence[str] = (),
    maximize: Sequence[str] = (),
    *,
    trials: int = TRIALS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Found:
    """Write the front of a search into a table's file whenever it improves.

    Every finished point is on the disk, in a journal beside the table, before `progress` hears of
    it. The journal stays, so that the same call goes on where an earlier one ended, with more
    trials too, and that `read_sweep` gives all points. The front is of all points in it.

    Raises InputError as `optimize` does; and where the journal is of a sweep with another spec,
    trace, technology, architecture or pgsim, or is being written.
    """
    from pgsim.results.table_files import check_table_path

    output = check_table_path(output)
    search = _search_of(spec, minimize, maximize, trials, seed)
    points = search.points
    count = points.spec.point_count
    with opened_journal(journal_path(output), count, count, digests_of(points)) as journal:
        search.recall(journal.records())
        search.keep = journal.add
        search.improved = lambda front: write_durably(front.table(), output)
        return _run(search, progress)


@dataclass
class _Search:
    """A search: its points, what those that are finished cost, and their front.

    keep: makes records durable. improved: is told a front that is a better one.
    """

    points: Points
    objectives: Objectives
    trials: int
    proposals: Proposals
    front: Front
    simulate: Simulation
    keep: Callable[[Records], object] = lambda records: None
    improved: Callable[[Front], object] = lambda front: None
    costs: dict[int, Costs] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)
    found: Found = field(default_factory=Found)

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

    def is_tried(self, number: int) -> bool:
        """Simulate a point, unless it is finished; say whether that took a trial."""
        if number in self.costs:
            return True
        try:
            point = self._checked(number)
        except InputError as error:
            self.found.failures.append(str(error))
            return False
        if point is None:
            self.found.left_out += 1
            return False
        try:
            line = self.simulate(number)
        except FilesChanged:
            raise
        except InputError as error:
            self.found.failures.append(f"{point}: {error}")
            return True
        self.keep([(number, line)])
        (self.costs[number],) = self._costs([line])
        if self.front.add(number, line, self.costs[number]):
            self.improved(self.front)
        return True

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


def _search_of(
    spec: SweepSpec, minimize: Sequence[str], maximize: Sequence[str], trials: int, seed: int
) -> _Search:
    objectives = objectives_of(minimize, maximize)
    if trials < 1:
        raise InputError(f"trials: expected at least 1, not {trials}")
    if not 0 <= seed < 2**32:
        raise InputError(f"seed: expected 0 to {2**32 - 1}, not {seed}")
    points = unchecked_points(spec.model_copy(update={"rows": "point"}))
    if spec.point_count <= trials:
        proposals = every_point(points)
    else:
        proposals = promising_points(points, len(objectives.better), seed)
    return _Search(points, objectives, trials, proposals, Front(objectives), Simulation(points))


def _run(search: _Search, progress: Progress | None) -> Found:
    """Try points until there are trials enough, or nothing more to try, and say what was found."""
    found, total = search.found, min(search.trials, search.points.spec.point_count)
    if search.front:
        search.improved(search.front)
    skipped = 0
    with closing(search.proposals) as proposals:
        number = next(proposals, None)
        while number is not None:
            if search.is_tried(number):
                found.trials, skipped = found.trials + 1, 0
                if progress is not None:
                    progress(found.trials, total)
            else:
                skipped += 1
            if found.trials == search.trials or skipped == _MOST_SKIPPED:
                break
            try:
                number = proposals.send(search.answer(number))
            except StopIteration:
                number = None
    found.finished, found.front = len(search.costs), len(search.front)
    found.is_whole = number is None or search.points.spec.point_count <= found.trials
    _check(search)
    return found


def _check(search: _Search) -> None:
    """Raise InputError where there is no front, saying why."""
    if search.front:
        return
    found, names = search.found, ", ".join(search.objectives.better)
    if found.finished:
        raise InputError(f"no design has a value of each of {names}")
    why = found.failures[0] if found.failures else "constraints leave out every point"
    raise InputError(f"no point that was tried could be simulated: {why}")
