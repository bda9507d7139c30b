"""The standard streams, as every verb may rely on them."""

from __future__ import annotations

import os
import sys
import warnings
from io import TextIOWrapper

from pgsim.text import spelled_out


def prepare() -> None:
    """Make the standard streams fit for any text, and open those that the caller has closed.

    What a stream's encoding cannot hold is written as its escape. A closed stream (``>&-``)
    becomes the null device: its descriptor would else go to the next file that is opened. Warnings
    become lines of stderr.
    """
    warnings.showwarning = _warn
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(null, mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str, *, err: bool = False) -> None:
    """Print text in standard output or standard error, spelled out where it cannot be shown."""
    stream = sys.stderr if err else sys.stdout
    print(spelled_out(text, stream.encoding or "utf-8", keep="\n"), file=stream, flush=True)


def _warn(message: Warning | str, *where: object, **more: object) -> None:
    """Say a warning in a line of standard error, as errors are, without a place in the source."""
    say(f"pgsim: warning: {message}", err=True)


def drop_unwritten() -> None:
    """Drop what standard output cannot take: Python would else try once more, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
