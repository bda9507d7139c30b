"""Rounds of points: all of one are known before it is decided what the next one is of."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Generic, TypeVar

from pgsim.study.pool.processes import run
from pgsim.study.pool.worker import Outcome

Given = TypeVar("Given")

_Round = Callable[[Sequence[Given]], Iterator[tuple[Given, Outcome]]]


@contextmanager
def rounds(work: Callable[[Given], Any], jobs: int) -> Iterator[_Round[Given]]:
    """Give what does a round of points, each in a process that is free.

    It takes points and yields them with what came of each, as they are done; all of a round has to
    be taken before the next one. Processes start with the first round, stay from round to round,
    and end with this. work, jobs: as `run` takes them, which may raise InputError.
    """
    waiting = _Waiting[Given]()
    with closing(run(work, waiting, jobs)) as outcomes:

        def done(points: Sequence[Given]) -> Iterator[tuple[Given, Outcome]]:
            waiting.points.extend(points)
            left = len(points)
            while left:
                some = next(outcomes)
                left -= len(some)
                yield from some

        yield done


class _Waiting(Generic[Given]):
    """Points that wait for a process, one in a batch; there may be more after there were none."""

    def __init__(self) -> None:
        self.points: deque[Given] = deque()

    def __iter__(self) -> Iterator[Sequence[Given]]:
        return self

    def __next__(self) -> Sequence[Given]:
        if not self.points:
            raise StopIteration
        return [self.points.popleft()]
