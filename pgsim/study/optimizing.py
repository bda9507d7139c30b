"""Searches: the best designs of a sweep, found by simulating some of its points.

A search is decided by its spec, objectives, seed, jobs and what its points cost. So one that was
ended is begun anew, and what the journal holds is read there instead of simulated: it goes on as if
it had never ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from pgsim.errors import InputError
from pgsim.study.fronts import Front, objectives_of
from pgsim.study.pool.rounds import rounds
from pgsim.study.pool.worker import Outcome
from pgsim.study.proposals import every_point, promising_points
from pgsim.study.searches import Found, Search
from pgsim.study.sweeps import SweepSpec
from pgsim.study.sweeps.checks import Progress, unchecked_points
from pgsim.study.sweeps.digests import digests_of
from pgsim.study.sweeps.journal import journal_path, opened_journal
from pgsim.study.sweeps.run import Simulation, processes_of
from pgsim.study.sweeps.written import check_apart, write_durably

if TYPE_CHECKING:
    import pandas as pd

TRIALS = 100
_MOST_SKIPPED = 1000  # points in a row without a design to simulate; then a search ends


def optimize(
    spec: SweepSpec,
    minimize: Sequence[str] = (),
    maximize: Sequence[str] = (),
    *,
    trials: int = TRIALS,
    seed: int = 0,
    jobs: int = 1,
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
        Of the proposals: the same seed gives the same front, with the same jobs.
    jobs : int
        Processes, each of which simulates a point at a time. So many points are proposed together,
        and none of them by what the others cost. With 1 all is done in this process.
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
        spec, no trials or jobs, a seed outside 32 bits, where no point could be simulated, and
        where Optuna is needed and missing.

    Examples
    --------
    >>> spec = SweepSpec(traces=["digits_pg_4_2"], archs=["pg_ws"], axes={"array.rows": [8, 16]})
    >>> optimize(spec, minimize=["cycles", "area_mm2"])["array.rows"].tolist()
    [16, 8]
    """
    search = _search_of(spec, minimize, maximize, trials, seed, jobs)
    _run(search, progress)
    return search.front.table()


def optimize_into(
    output: str | Path,
    spec: SweepSpec,
    minimize: Sequence[str] = (),
    maximize: Sequence[str] = (),
    *,
    trials: int = TRIALS,
    seed: int = 0,
    jobs: int = 1,
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
    check_apart(output)
    search = _search_of(spec, minimize, maximize, trials, seed, jobs)
    points = search.points
    count = points.spec.point_count
    with opened_journal(journal_path(output), count, count, digests_of(points)) as journal:
        search.recall(journal.records())
        search.keep = journal.add
        search.improved = lambda front: write_durably(front.table(), output)
        return _run(search, progress)


def _search_of(
    spec: SweepSpec,
    minimize: Sequence[str],
    maximize: Sequence[str],
    trials: int,
    seed: int,
    jobs: int,
) -> Search:
    objectives = objectives_of(minimize, maximize)
    if trials < 1:
        raise InputError(f"trials: expected at least 1, not {trials}")
    if not 0 <= seed < 2**32:
        raise InputError(f"seed: expected 0 to {2**32 - 1}, not {seed}")
    jobs = processes_of(jobs)
    points = unchecked_points(spec.model_copy(update={"rows": "point"}))
    if spec.point_count <= trials:
        proposals = every_point(points)
    else:
        proposals = promising_points(points, len(objectives.better), seed, jobs)
    simulation = Simulation(points)
    return Search(points, objectives, trials, proposals, Front(objectives), simulation, jobs)


def _run(search: Search, progress: Progress | None) -> Found:
    """Try points until there are trials enough, or nothing more to try, and say what was found."""
    found = search.found
    if search.front:
        search.improved(search.front)
    processes = min(search.jobs, search.trials, search.points.spec.point_count)
    with closing(search.proposals) as proposals, rounds(search.simulate, processes) as simulated:
        numbers = next(proposals, None)
        while numbers is not None:
            _try(search, numbers, simulated, progress)
            if found.trials == search.trials or search.skipped >= _MOST_SKIPPED:
                break
            try:
                numbers = proposals.send([search.answer(number) for number in numbers])
            except StopIteration:
                numbers = None
    found.finished, found.front = len(search.costs), len(search.front)
    found.is_whole = numbers is None or search.points.spec.point_count <= found.trials
    _check(search)
    return found


def _try(
    search: Search,
    numbers: Sequence[int],
    simulated: Callable[[Sequence[int]], Iterable[tuple[int, Outcome]]],
    progress: Progress | None,
) -> None:
    """Simulate some points side by side, unless they are finished, and count their trials."""
    found, total = search.found, min(search.trials, search.points.spec.point_count)

    def count() -> None:
        found.trials += 1
        if progress is not None:
            progress(found.trials, total)

    taken = search.taken(numbers)
    left = [number for number in taken if number not in search.costs]
    for _ in range(len(taken) - len(left)):
        count()
    for number, outcome in simulated(left):
        search.finish(number, outcome)
        count()
    found.failures += [search.failed[number] for number in left if number in search.failed]


def _check(search: Search) -> None:
    """Raise InputError where there is no front, saying why."""
    if search.front:
        return
    found, names = search.found, ", ".join(search.objectives.better)
    if found.finished:
        raise InputError(f"no design has a value of each of {names}")
    why = found.failures[0] if found.failures else "constraints leave out every point"
    raise InputError(f"no point that was tried could be simulated: {why}")
