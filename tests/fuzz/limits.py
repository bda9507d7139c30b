"""Bounds on what one input may take: processor time, memory, and time on the wall.

Processor time, because a machine may be busy; the wall, because what waits for another process
takes none. Memory is bounded where the system can (RLIMIT_AS): an allocation beyond it fails.
"""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

MOST_SECONDS = 2.0  # of processor time
MOST_BYTES = 2**30  # beyond what the process had at the beginning
WALL_SECONDS = 60.0


class Overrun(BaseException):
    """Raised where an input takes too long, in whatever runs then; no Exception, so that only the
    caller of `timed` catches it."""


@contextmanager
def timed(seconds: float = MOST_SECONDS, wall_seconds: float = WALL_SECONDS) -> Iterator[None]:
    """Raise Overrun where the block takes more processor time, or more time in all.

    Compiled code is not interrupted, and is found too slow when it returns.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise Overrun("processor time" if number == signal.SIGPROF else "waiting")

    before = {number: signal.signal(number, stop) for number in (signal.SIGPROF, signal.SIGALRM)}
    begun = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, wall_seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
    if time.process_time() - begun > seconds:
        raise Overrun("processor time")


@contextmanager
def bounded(most_bytes: int = MOST_BYTES) -> Iterator[None]:
    """Let allocations fail that take the process `most_bytes` above what it has now (Linux)."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    status = Path("/proc/self/statm")
    if status.exists():
        has = int(status.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (has + most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
