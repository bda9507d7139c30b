"""Work of a sweep that ends its process at one point, of a module that a process can import."""

from __future__ import annotations

import os
import signal

from pgsim.study.sweeps.run import Simulation


class Deadly(Simulation):
    """Simulates points, and is killed at the point of number 3."""

    def __call__(self, number: int) -> bytes:
        if number == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(number)
