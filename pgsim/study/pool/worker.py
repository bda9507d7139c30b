"""A process of a sweep's pool: it answers what it is asked, and ends when its parent does.

`pgsim.study.pool.processes` starts it and says what is sent: pickled bytes of the name of a module,
or None, to import until the work is known, then of the work to do, then of some points after the
others. Back goes a pickle when work may begin, then pickles of what came of the first of the
points: of as many as were done in a short while.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO, NamedTuple, TypeVar

_LOOKS_FOR_PARENT_S = 0.5
_ANSWERS_AFTER_S = 0.05  # so that what is done is soon known, and many short points cost little

Given = TypeVar("Given")


class Done(NamedTuple):
    """What work returned for a point."""

    result: Any


class Failed(NamedTuple):
    """Why a point has no result."""

    error: Exception


Outcome = Done | Failed


def some_of(
    work: Callable[[Given], Any], points: Sequence[Given], within_s: float | None = None
) -> list[Outcome]:
    """Return what came of the first of the points: of as many as were done in a short while."""
    return list(_soon_done(work, points, _ANSWERS_AFTER_S if within_s is None else within_s))


def _soon_done(
    work: Callable[[Given], Any], points: Sequence[Given], within_s: float
) -> Iterator[Outcome]:
    last = time.monotonic() + within_s
    for point in points:
        try:
            yield Done(work(point))
        except Exception as error:
            yield Failed(error)
        if time.monotonic() >= last:
            return


def serve() -> None:
    """Answer until the parent is gone or ends this process; what is printed goes to stderr."""
    if sys.stderr is None:  # closed by the parent: its descriptor would go to the next file
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asked: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_receive, args=(sys.stdin.buffer, asked), daemon=True).start()
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    if (module := pickle.loads(asked.get())) is not None:
        import_module(module)
    work = pickle.loads(asked.get())
    answer = pickle.dumps(True)
    while True:
        try:
            answers.write(answer)
            answers.flush()
        except BrokenPipeError:
            os._exit(1)
        outcomes = some_of(work, pickle.loads(asked.get()))
        answer = pickle.dumps([_pickled(outcome) for outcome in outcomes])


def _receive(pipe: BinaryIO, asked: SimpleQueue[bytes]) -> None:
    """Pass on what the parent sends; end the process, whatever it does, when the pipe ends."""
    try:
        while True:
            asked.put(pickle.load(pipe))
    except (EOFError, OSError, pickle.UnpicklingError):
        os._exit(1)


def _end_with(parent: int) -> None:
    """End the process when another one is its parent.

    The pipe alone does not tell: a process that the parent forked may hold its other end open.
    """
    while os.getppid() == parent:
        time.sleep(_LOOKS_FOR_PARENT_S)
    os._exit(1)


def _pickled(outcome: Outcome) -> bytes:
    """Return an outcome as it is, or the text alone of what cannot be sent."""
    if isinstance(outcome, Failed):
        told = "".join(traceback.format_exception(outcome.error))
        outcome.error.add_note(f"In a process of the sweep:\n{told}")
    try:
        answer = pickle.dumps(outcome)
        pickle.loads(answer)
    except Exception as unsendable:
        error = outcome.error if isinstance(outcome, Failed) else unsendable
        told = "".join(traceback.format_exception_only(error))
        answer = pickle.dumps(Failed(RuntimeError(told)))
    return answer
