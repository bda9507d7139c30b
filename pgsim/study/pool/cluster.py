"""The work of a pool on a Dask cluster: the same points, outcomes and failures, on many machines.

Dask gives the tasks of a worker that is lost to others. What a task needs travels once to each
worker; what its thread remembers from task to task is its own.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import CancelledError
from threading import local
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from pgsim.errors import InputError
from pgsim.study.pool.worker import Failed, Outcome, some_of

if TYPE_CHECKING:
    from distributed import Client

Given = TypeVar("Given")

_TASKS_A_THREAD = 2  # one that runs, and one that waits for it
_ANSWERS_AFTER_S = 1.0
_CONNECTS_WITHIN_S = 30
_mine = local()  # of a thread of a worker: its copies of works, by their token


def run_on_cluster(
    work: Callable[[Given], Any], batches: Iterable[Sequence[Given]], scheduler: str
) -> Generator[list[tuple[Given, Outcome]], None, None]:
    """Yield points with what came of each, some at a time, as `processes.run` does.

    Parameters
    ----------
    work, batches
        As `processes.run` takes them.
    scheduler : str
        The address of Dask's scheduler, such as ``tcp://host:8786``, or a scheduler file.

    Raises
    ------
    InputError
        Where Dask is not installed, no scheduler answers there, or it goes away.
    """
    client = _connected(scheduler)
    try:
        yield from _run(client, work, batches)
    except (OSError, CancelledError) as error:  # Dask's errors of connections are such
        raise InputError(f"--scheduler {scheduler}: went away: {error}") from None
    finally:
        client.close()


def _connected(scheduler: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "--engine dask needs Dask: python -m pip install 'pgsim[cluster]'"
        ) from None
    try:
        if scheduler.endswith(".json"):
            return Client(scheduler_file=scheduler, timeout=_CONNECTS_WITHIN_S)
        return Client(scheduler, timeout=_CONNECTS_WITHIN_S)
    except (OSError, ValueError) as error:
        raise InputError(f"--scheduler {scheduler}: no scheduler of Dask: {error}") from None


def _run(
    client: Client, work: Callable[[Given], Any], batches: Iterable[Sequence[Given]]
) -> Generator[list[tuple[Given, Outcome]], None, None]:
    from distributed import KilledWorker, as_completed

    token, payload = uuid4().hex, client.scatter(pickle.dumps(work), broadcast=True)
    rest, waiting = iter(batches), deque[list[Given]]()
    running: dict[Any, list[Given]] = {}
    done = as_completed()

    def fill() -> None:
        threads = sum(client.nthreads().values())
        while len(running) < max(1, _TASKS_A_THREAD * threads):
            if not waiting and (batch := next(rest, None)) is not None:
                waiting.append(list(batch))
            elif not waiting:
                return
            if points := waiting.popleft():
                future = client.submit(_some_of, token, payload, points, pure=False)
                running[future] = points
                done.add(future)

    fill()
    while running:
        future = next(done)
        points = running.pop(future)
        try:
            outcomes = future.result()
        except KilledWorker as error:  # several workers were lost with these points
            outcomes = [Failed(InputError(f"its worker was lost, again and again: {error}"))]
            if len(points) > 1:  # one of them is to blame
                outcomes = []
                waiting.extendleft([point] for point in reversed(points))
                points = []
        if rest_of := points[len(outcomes) :]:
            waiting.appendleft(rest_of)
        fill()
        if outcomes:
            yield list(zip(points, outcomes, strict=False))


def _some_of(token: str, payload: bytes, points: list[Any]) -> list[Outcome]:
    """Do some of the points in a thread of a worker, with its own copy of the work."""
    if not hasattr(_mine, "works"):
        _mine.works = {}
    if token not in _mine.works:
        _mine.works = {token: pickle.loads(payload)}  # of one sweep at a time
    return some_of(_mine.works[token], points, _ANSWERS_AFTER_S)
