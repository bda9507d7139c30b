"""Which points of a sweep a search tries next: each of them once, the most promising ones first."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from pgsim.errors import InputError
from pgsim.study.sweeps import Points
from pgsim.study.sweeps.order import batches

if TYPE_CHECKING:
    from optuna import Study, Trial

# A generator of some numbers, which are answered by the costs of each, or None where it has none.
Answers = Sequence[Sequence[float] | None]
Proposals = Generator[Sequence[int], Answers, None]

_MOST_REPEATS = 20  # proposals in a row that were made before; then one is drawn by lot


def every_point(points: Points) -> Proposals:
    """Yield every point once; those that share most come one after another."""
    for batch in batches(points, points.is_kept, 1):  # noqa: UP028 - it takes no answers
        yield batch


def promising_points(points: Points, objectives: int, seed: int, together: int = 1) -> Proposals:
    """Yield points, each once, that by the costs of those before are likely to be better.

    Optuna's tree-structured Parzen estimator proposes them: a choice of each list, all together. It
    is asked again where it proposes what was tried, and for so many points before it is told what
    they cost. The same seed and costs give the same points. Raises InputError where Optuna is not
    installed.
    """
    yield from _asked(_study(objectives, seed), points, seed, together)


def _study(objectives: int, seed: int) -> Study:
    """Return a study in memory, all of whose objectives are minimized."""
    try:
        import optuna
    except ImportError:
        raise InputError(
            "a search of more points than trials needs Optuna: "
            "python -m pip install 'pgsim[optimize]'"
        ) from None
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True)
        return optuna.create_study(directions=["minimize"] * objectives, sampler=sampler)
    finally:
        optuna.logging.set_verbosity(before)


def _asked(study: Study, points: Points, seed: int, together: int) -> Proposals:
    from optuna.trial import TrialState

    asked = _new_trials(study, points, seed)
    while some := list(islice(asked, together)):
        answers = yield [number for _, number in some]
        for (trial, _), costs in zip(some, answers, strict=True):
            if costs is None:
                study.tell(trial, state=TrialState.FAIL)
            else:
                study.tell(trial, [float(each) for each in costs])


def _new_trials(study: Study, points: Points, seed: int) -> Iterator[tuple[Trial, int]]:
    """Find trials of points that were not tried, with the number of each, until all are."""
    from optuna.distributions import CategoricalDistribution
    from optuna.trial import TrialState

    lists = {name: CategoricalDistribution(range(count)) for name, count in points.places}
    drawn = Random(seed)
    tried: set[int] = set()
    repeats = 0
    while len(tried) < points.spec.point_count:
        if repeats > _MOST_REPEATS:
            study.enqueue_trial(points.digits(_untried(drawn, tried, points.spec.point_count)))
        trial = study.ask(lists)
        number = points.number(trial.params)
        if number in tried:
            repeats += 1
            study.tell(trial, state=TrialState.FAIL)
            continue
        repeats = 0
        tried.add(number)
        yield trial, number


def _untried(drawn: Random, tried: set[int], count: int) -> int:
    """Return a number that is not among the tried ones, by lot."""
    while (number := drawn.randrange(count)) in tried:
        pass
    return number
