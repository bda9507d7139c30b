"""A process of a sweep's pool: it answers what it is asked, and ends when its parent does.

`pgsim.study.pool.processes` starts it and says what is sent: pickled bytes of the work to do, then
of one point after the other. Back go pickles of whether that succeeded, and of the result or the
error.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

_LOOKS_FOR_PARENT_S = 0.5


def serve() -> None:
    """Answer until the parent is gone or ends this process; what is printed goes to stderr."""
    if sys.stderr is None:  # closed by the parent: its descriptor would go to the next file
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asked: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_receive, args=(sys.stdin.buffer, asked), daemon=True).start()
    Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    work = pickle.loads(asked.get())
    while True:
        answer = _answer(work, asked.get())
        try:
            answers.write(answer)
            answers.flush()
        except BrokenPipeError:
            os._exit(1)


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


def _answer(work: Callable[[Any], object], point: bytes) -> bytes:
    try:
        return pickle.dumps((True, work(pickle.loads(point))))
    except Exception as error:
        error.add_note(f"In a process of the sweep:\n{traceback.format_exc()}")
        return _pickled(error)


def _pickled(error: Exception) -> bytes:
    """Return an error as it is, or its text alone where that cannot be sent."""
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)
    except Exception:
        told = "".join(traceback.format_exception_only(error))
        answer = pickle.dumps((False, RuntimeError(told)))
    return answer
