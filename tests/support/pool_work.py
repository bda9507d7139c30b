"""Work for a pool of processes, of a module that they can import, and a look at processes."""

from __future__ import annotations

import os
import signal
import subprocess
import time


def double(number: int) -> int:
    return 2 * number


def process_after(seconds: float) -> int:
    """Return which process slept so long."""
    time.sleep(seconds)
    return os.getpid()


def end_by(number: int) -> int:
    """End the process by a signal, or with an exit code where the number is negative."""
    if number < 0:
        os._exit(-number)
    if number:
        os.kill(os.getpid(), number)
    return number


class Numbered:
    """Work that remembers how often it was done; told by its process."""

    def __init__(self) -> None:
        self.done = 0

    def __call__(self, point: object) -> tuple[int, int]:
        self.done += 1
        return os.getpid(), self.done


class Unsendable(Exception):
    """An error that pickles, and then does not come back: it is made of two things."""

    def __init__(self, first: object, second: object) -> None:
        super().__init__(f"{first} and {second}")


def fail(point: str) -> None:
    if point == "unsendable":
        raise Unsendable("salt", "pepper")
    raise {"key": KeyError, "memory": MemoryError}[point](point)


def default_signals() -> None:
    """Let signals end this process that its ancestors ignore, as under nohup or in a background."""
    for name in ("SIGHUP", "SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def running(*marks: str) -> list[str]:
    """Return the processes, zombies left out, whose command line has all of these marks."""
    listed = subprocess.run(
        ["ps", "-axww", "-o", "pid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    living = [line for line in listed if not line.split()[1].startswith("Z")]
    return [line for line in living if all(mark in line for mark in marks)]


def gone(*marks: str, within_s: float) -> bool:
    """Say whether no process with these marks runs, now or in so many seconds."""
    last = time.monotonic() + within_s
    while running(*marks):
        if time.monotonic() > last:
            return False
        time.sleep(0.05)
    return True


ENDING = {name: getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")}
