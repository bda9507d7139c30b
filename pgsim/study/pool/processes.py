"""A pool of processes that do one kind of work, point by point.

They are fresh interpreters. Unlike forks these cannot inherit a lock that another thread holds.
Unlike those of `multiprocessing` they never run the caller's `__main__`, so that a pool works in a
script without a guard, from standard input, in a notebook and in a daemonic process. They leave
when their parent is gone, however it ended (`pgsim.study.pool.worker`).
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from typing import IO, Generic, TypeVar

from pgsim.errors import InputError

Given = TypeVar("Given")
Result = TypeVar("Result")

_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import serve; serve()"
_WHY_KILLED = {
    "SIGKILL": ", as happens when memory runs out: try fewer jobs",
    "SIGBUS": ", as happens when a file is cut short while it is read",
}


def run(
    work: Callable[[Given], Result], points: Iterable[Given], jobs: int
) -> Generator[tuple[int, Result], None, None]:
    """Yield the number of each point, from 0, and what `work` returns for it, as they are done.

    Points are taken as processes become free. Closing the generator ends the processes at once.

    Parameters
    ----------
    work : callable
        Takes a point. It pickles and is of an importable module; each process has a copy of its
        own, which may remember what helps with the next point.
    points : iterable
        Of what pickles; its text tells a point in messages.
    jobs : int
        How many processes; with 1 there is no other one, and this one does the work.

    Yields
    ------
    tuple of int and result
        In the order in which they are done.

    Raises
    ------
    InputError
        Where a process cannot be started, or ends before it should: with the point it was at.
    Exception
        What `work` raised.
    """
    numbered = enumerate(points)
    if jobs == 1:
        yield from ((number, work(point)) for number, point in numbered)
        return
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(jobs))  # each waits for one process
        workers = [stack.enter_context(_worker(work)) for _ in range(jobs)]
        asked: dict[Future[Result], tuple[int, _Worker[Given, Result]]] = {}

        def ask(worker: _Worker[Given, Result]) -> None:
            for number, point in islice(numbered, 1):
                asked[threads.submit(worker.ask, point)] = number, worker

        for worker in workers:
            ask(worker)
        while asked:
            done, _ = wait(asked, return_when=FIRST_COMPLETED)
            for future in done:
                (number, worker), result = asked.pop(future), future.result()
                ask(worker)
                yield number, result


@contextmanager
def _worker(work: Callable[[Given], Result]) -> Iterator[_Worker[Given, Result]]:
    """Give a process that does `work`, and end it, whatever it is at."""
    program = _PROGRAM.format(path=sys.path, module=f"{__package__}.worker")
    try:
        process = subprocess.Popen(
            [sys.executable or "", "-X", f"utf8={sys.flags.utf8_mode}", "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # the terminal's Ctrl-C is for this process, which ends the others
        )
    except OSError as error:
        raise InputError(
            f"a process of the sweep cannot be started: {error.strerror}: try fewer jobs, or "
            "jobs=1, which needs none"
        ) from None
    try:
        yield _Worker(process, work)
    finally:
        process.kill()
        process.wait()
        with suppress(BrokenPipeError):  # of what was not sent
            _pipe(process.stdin).close()
        _pipe(process.stdout).close()


class _Worker(Generic[Given, Result]):
    """A process that does `work`, and the pipes to and from it."""

    def __init__(self, process: subprocess.Popen[bytes], work: Callable[[Given], Result]) -> None:
        self._process = process
        self._to, self._back = _pipe(process.stdin), _pipe(process.stdout)
        with suppress(OSError):  # a process that could not start is told of with its first point
            self._send(work)

    def ask(self, point: Given) -> Result:
        """Return what the process answers; raises what it raised, or InputError if it died."""
        try:
            self._send(point)
            succeeded, answer = pickle.load(self._back)
        except (OSError, EOFError, pickle.UnpicklingError):
            raise InputError(f"{point}: {_end(self._process.wait())}") from None
        if succeeded:
            result: Result = answer
            return result
        if isinstance(answer, MemoryError):
            raise InputError(f"{point}: memory ran out: try fewer jobs")
        raise answer

    def _send(self, message: object) -> None:
        pickle.dump(pickle.dumps(message), self._to)  # as bytes, which always can be received
        self._to.flush()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # as Popen was asked for it
    return pipe


def _end(code: int) -> str:
    """Return how a process ended, in words, from its exit code."""
    if code < 0:
        name = {each.value: each.name for each in signal.Signals}.get(-code, f"signal {-code}")
        return f"the process at work on it was ended by {name}{_WHY_KILLED.get(name, '')}"
    return (
        f"the process at work on it ended with exit code {code}: what it printed says why; "
        "jobs=1 works without other processes"
    )
