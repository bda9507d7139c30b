"""A reader with every fault that the machine is there to find, each in inputs of its own."""

from __future__ import annotations

import os
import signal
import time
from functools import cached_property
from pathlib import Path
from random import Random

from fuzz.reader import Broken, Reader
from pgsim import InputError


class _Verbatim(InputError):
    """An error that is printed as it was raised, which InputError sees to that none is."""

    def __init__(self, message: str) -> None:
        super().__init__()
        self.message = message

    def __str__(self) -> str:
        return self.message


def _as_it_is(rng: Random, data: bytes) -> bytes:
    return data


def _runs_for_ever() -> None:
    while True:
        pass


def _takes_two_gibibytes() -> None:
    bytearray(2**31)


def _ends_the_process() -> None:
    os._exit(7)


def _is_deaf() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGPROF})
    time.sleep(3600)


def _raises(error: Exception) -> None:
    raise error


FAULTS = {
    "traceback": lambda: _raises(KeyError("x")),
    "time": _runs_for_ever,
    "memory": _takes_two_gibibytes,
    "long message": lambda: _raises(_Verbatim("x" * 10_000)),
    "message of control characters": lambda: _raises(_Verbatim("\x1b[2J")),
    "message of nothing": lambda: _raises(_Verbatim("")),
    "accepted": lambda: _raises(Broken("a fault: here")),
    "refused": lambda: _raises(InputError("a sentence")),
    "right": lambda: None,
    "crash": _ends_the_process,
    "deaf": _is_deaf,
}


class Planted(Reader):
    """Reads the name of a fault, and has it; `faults` are those of the inputs, by index."""

    name = "planted"
    suffix = ".txt"
    mutators = (_as_it_is,)

    def __init__(self, *faults: str) -> None:
        self.faults = faults

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """A file without a fault."""
        return (b"right",)

    def use(self, path: Path) -> None:
        """Have the fault of the input's index; the valid files have none."""
        if path.stem.isdigit():
            FAULTS[self.faults[int(path.stem)]]()
