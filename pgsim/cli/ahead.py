"""A second process that compiles what a comparison needs later, while the first one begins.

Half of the kernels are asked for by layers that a mask steers, and half by all others. A first run
compiles the one half after the other; on two cores it takes little more than one of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from pgsim.cli.options import chosen_arch
from pgsim.cores import usable_cores
from pgsim.study.simulation import simulate
from pgsim.workload import load_trace

_LATE = "pgsim.kernels.nest_orders.costs_of_orders"  # the last kernel that gated layers ask for


@contextmanager
def compiled_ahead(trace: str, arch: str, settings: tuple[str, ...]) -> Iterator[None]:
    """Let a second process compile the kernels of gated layers, if nobody has, and end with it."""
    from pgsim.kernels.compiled import is_kept  # Numba: only if anything is simulated

    if usable_cores() < 2 or not sys.executable or is_kept(_LATE) is not False:
        yield
        return
    command = [sys.executable, "-m", "pgsim.cli.ahead", trace, arch, *settings]
    none = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=none, stderr=none) as second:
        try:
            yield
        finally:
            if second.stdin:
                second.stdin.close()


def rehearse(trace: str, arch: str, *settings: str) -> None:
    """Simulate the gated layers of a trace for the kernels that they ask for."""
    found = load_trace(trace)
    gated = [layer.shape.name for layer in found.layers if layer.shape.gate != "none"]
    if gated:
        simulate(found.of_layers(gated), chosen_arch(arch, settings))


def _end_with_the_first() -> None:
    """End this process when the one that started it closes the pipe, or is gone."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    Thread(target=_end_with_the_first, daemon=True).start()
    rehearse(*sys.argv[1:])
