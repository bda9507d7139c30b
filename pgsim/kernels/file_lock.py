"""A lock that processes share by the name of a file."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no such locks
    fcntl = None  # type: ignore[assignment]

_LONGEST_WAIT_S = 120
_WAIT_S = 0.01


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let other processes wait until this one is done, or gone; the file is removed then.

    Where several wait, two may go on at once: one that had the file open, and one that made it
    anew. This one goes on without the lock where there can be none, and where another process keeps
    it for minutes: it may have been stopped. So the lock may save work, and guards nothing.
    """
    descriptor = _opened(file)
    if descriptor is None:
        yield
        return
    try:
        with suppress(OSError):
            _wait_for(descriptor)
        yield
    finally:
        with suppress(OSError):  # another process may have removed it
            file.unlink()  # who waits for it has it open, and gets it all the same
        with suppress(OSError):  # a process that was forked may have it open too
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _opened(file: Path) -> int | None:
    """Return the descriptor of a file that is made if it is missing; None if it cannot be."""
    if fcntl is not None:
        with suppress(OSError):
            return os.open(file, os.O_RDWR | os.O_CREAT, mode=0o600)
    return None


def _wait_for(descriptor: int) -> None:
    """Wait for the lock, but not for ever."""
    ends = time.monotonic() + _LONGEST_WAIT_S
    while time.monotonic() < ends:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(_WAIT_S)
