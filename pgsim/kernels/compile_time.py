"""How long kernels were compiled, which later runs do not wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from numba.core.event import TimingListener, install_listener


@contextmanager
def compile_timer() -> Iterator[Callable[[], float]]:
    """Give what returns the seconds for which kernels were compiled since this began.

    It may be asked while no kernel is being compiled.
    """
    timer = TimingListener()  # type: ignore[no-untyped-call, unused-ignore]
    with install_listener("numba:compile", timer):
        yield lambda: float(timer.duration) if timer.done else 0.0
