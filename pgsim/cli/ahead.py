"""A second process that compiles what a comparison needs later, while the first one begins.

Half of the kernels are asked for by layers that a mask steers, and half by all others. A first run
compiles the one half after the other; on two cores it takes little more than one of them. What both
processes ask for one of them compiles, and the other waits for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Thread

from pgsim.cli.options import chosen_arch
from pgsim.cores import usable_cores
from pgsim.study.simulation import simulate
from pgsim.workload import load_trace

# As processes of a pool: it looks for modules where this process does, and nowhere else.
_PROGRAM = "import sys; sys.path[:] = {path!r}; from pgsim.cli.ahead import serve; serve(*{given})"


@contextmanager
def compiled_ahead(trace: str, arch: str, settings: tuple[str, ...]) -> Iterator[None]:
    """Let a second process compile the kernels of gated layers, and end it with what is done here.

    There is none where any kernel is kept already, where none can be, and on one core.
    """
    from pgsim.kernels.compiled import are_kept  # Numba: only if anything is simulated

    with ExitStack() as ends:
        if usable_cores() > 1 and are_kept() is False:
            with suppress(OSError):  # it only saves time
                ends.enter_context(_begun(trace, arch, *settings))
        yield


@contextmanager
def _begun(*given: str) -> Iterator[None]:
    """Have a process that rehearses what is given; it ends when its pipe is closed."""
    program = _PROGRAM.format(path=sys.path, given=given)
    with subprocess.Popen(
        [sys.executable or "", "-X", f"utf8={sys.flags.utf8_mode}", "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,  # the terminal's Ctrl-C is for this process, which ends the other
    ) as second:
        try:
            yield
        finally:
            if second.stdin:
                second.stdin.close()


def serve(*given: str) -> None:
    """Rehearse what is given, and end the process: at the latest when the first one is gone."""
    Thread(target=_end_with_the_first, daemon=True).start()
    status = 1
    try:
        rehearse(*given)
        status = 0
    finally:
        os._exit(status)  # the thread still reads, which Python's own end would abort


def rehearse(trace: str, arch: str, *settings: str) -> None:
    """Simulate the gated layers of a trace for the kernels that they ask for, on few images.

    The fixed order comes first: no search, so that it soon compiles what any result asks for last.
    """
    found, design = load_trace(trace), chosen_arch(arch, settings)
    gated = [layer.shape.name for layer in found.layers if layer.shape.gated]
    few = max(design.batch, design.mapping.images)
    if gated:
        for each in (design.override({"mapping": "fixed"}), design):
            simulate(found.of_layers(gated), each, calibration_images=max(0, found.images - few))


def _end_with_the_first() -> None:
    """End this process when the one that started it closes the pipe, or is gone."""
    os.read(0, 1)
    os._exit(1)
