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
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, Any, TypeVar

from pgsim.errors import InputError
from pgsim.study.pool.shares import Shares
from pgsim.study.pool.worker import Failed, Outcome, some_of

Given = TypeVar("Given")

_PROGRAM = "import sys; sys.path[:] = {path!r}; from {module} import serve; serve()"
_WHY_KILLED = {
    "SIGKILL": ", as happens when memory runs out: try fewer jobs",
    "SIGBUS": ", as happens when a file is cut short while it is read",
}
_MOST_LOST_AT_ONCE = 3  # processes of a seat that signals ended one after another, unbegun
_Yields = Generator[list[tuple[Given, Outcome]], None, None]


@contextmanager
def started(jobs: int, module: str) -> Iterator[Sequence[Seat]]:
    """Give so many processes for `run`, which begin before their work is known; for one none.

    They import a module, that of the work, and end with this. Raises InputError where one cannot
    be started.
    """
    with ExitStack() as stack:
        yield [stack.enter_context(_seat(module)) for _ in range(jobs if jobs > 1 else 0)]


def run(
    work: Callable[[Given], Any],
    batches: Iterable[Sequence[Given]],
    jobs: int,
    seats: Sequence[Seat] = (),
) -> _Yields[Given]:
    """Yield points with what came of each, some at a time, as they are done.

    A batch goes to one process, so that its points may share what that process remembers. When none
    are left, a process that has nothing to do takes over half of what waits for another. Closing
    the generator ends the processes at once. A process that ends before it should is replaced.

    Parameters
    ----------
    work : callable
        Takes a point. It pickles and is of an importable module; each process has a copy of its
        own, which may remember what helps with the next point.
    batches : iterable
        Of sequences of points, which pickle; taken as processes become free.
    jobs : int
        How many processes; with 1 there is no other one, and this one does the work.
    seats : sequence
        Processes of `started`, of which the first ones do it; those that lack are started.

    Yields
    ------
    list of tuple of point and Done or Failed
        `Failed` holds what `work` raised, or an InputError that says how the process ended.

    Raises
    ------
    InputError
        Where a process cannot be started, or ends again and again before its first point.
    """
    yield from _here(work, batches) if jobs == 1 else _elsewhere(work, batches, jobs, seats[:jobs])


def _here(work: Callable[[Given], Any], batches: Iterable[Sequence[Given]]) -> _Yields[Given]:
    """Do all points in this process."""
    for batch in batches:
        points = list(batch)
        while points:
            outcomes = some_of(work, points)
            done, points = points[: len(outcomes)], points[len(outcomes) :]
            yield list(zip(done, outcomes, strict=True))


def _elsewhere(
    work: Callable[[Given], Any],
    batches: Iterable[Sequence[Given]],
    jobs: int,
    waiting: Sequence[Seat],
) -> _Yields[Given]:
    """Do all points in processes, which end when this is closed."""
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(jobs))  # each waits for one process
        new = [stack.enter_context(_seat(None)) for _ in range(jobs - len(waiting))]
        seats = [*waiting, *new]
        for seat in seats:
            stack.callback(seat.end)
            seat.begin(work)
        shares: Shares[Given] = Shares(iter(batches), jobs)
        asked: dict[Future[list[Outcome] | None], tuple[int, list[Given]]] = {}
        idle = set(range(jobs))
        while True:
            for number in sorted(idle, key=shares.waiting):  # who has none takes of who has most
                if points := shares.take(number):
                    asked[threads.submit(seats[number].ask, points)] = number, points
                    idle.remove(number)
            if not asked:
                return
            for future in wait(asked, return_when=FIRST_COMPLETED).done:
                number, points = asked.pop(future)
                outcomes = future.result()
                if outcomes is None:
                    outcomes = seats[number].replaced(points)
                    shares.alone(number, len(points) - len(outcomes))
                shares.give_back(number, points[len(outcomes) :])
                idle.add(number)
                if outcomes:
                    yield list(zip(points, outcomes, strict=False))


@contextmanager
def _seat(module: str | None) -> Iterator[Seat]:
    """Give a process, and end it, whatever it is at."""
    seat = Seat(module)
    try:
        yield seat
    finally:
        seat.end()


class Seat:
    """A process that does some work, another one after it ended, and the pipes to and from it.

    module: what it imports before its work is known.
    """

    def __init__(self, module: str | None) -> None:
        self._module = module
        self._lost = 0  # processes, one after another, that ended before they had begun
        self._start()

    def begin(self, work: Callable[[Any], Any]) -> None:
        """Tell the process what its work is."""
        self._work = work
        self._tell(work)

    def _start(self) -> None:
        program = _PROGRAM.format(path=sys.path, module=f"{__package__}.worker")
        try:
            self._process = subprocess.Popen(
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
        self._to, self._back = _pipe(self._process.stdin), _pipe(self._process.stdout)
        self._has_begun = False
        self._tell(self._module)

    def _tell(self, message: object) -> None:
        with suppress(OSError):  # a process that could not start is told of with its first point
            self._send(message)

    def ask(self, points: list[Any]) -> list[Outcome] | None:
        """Return what came of the first of the points, at least one; None if the process ended."""
        try:
            if not self._has_begun:
                self._has_begun = pickle.load(self._back)
                self._lost = 0
            self._send(points)
            return [pickle.loads(each) for each in pickle.load(self._back)]
        except (OSError, EOFError, pickle.UnpicklingError):
            return None

    def replaced(self, points: list[Any]) -> list[Outcome]:
        """Start another process instead of one that ended.

        Returns the failure of a single point; of several it is not known which one was its end, and
        none was where the process had not begun. Raises InputError where such a process ended by
        itself, or signals ended some, one after another.
        """
        code, had_begun = self._process.wait(), self._has_begun
        if not had_begun:
            self._lost += 1
            if code >= 0 or self._lost >= _MOST_LOST_AT_ONCE:
                raise InputError(f"a process of the sweep {_end(code)}")
        self.end()
        self._start()
        self.begin(self._work)
        if had_begun and len(points) == 1:
            return [Failed(InputError(f"the process at work on it {_end(code)}"))]
        return []

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):  # of what was not sent
            self._to.close()
        self._back.close()

    def _send(self, message: object) -> None:
        pickle.dump(pickle.dumps(message), self._to)  # as bytes, which always can be received
        self._to.flush()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # as Popen was asked for it
    return pipe


def _end(code: int) -> str:
    """Return what a process did in the end, in words, from its exit code."""
    if code < 0:
        name = {each.value: each.name for each in signal.Signals}.get(-code, f"signal {-code}")
        return f"was ended by {name}{_WHY_KILLED.get(name, '')}"
    return (
        f"ended with exit code {code}: what it printed says why; jobs=1 works without other "
        "processes"
    )
