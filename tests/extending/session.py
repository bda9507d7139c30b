"""A script that repeats commands in one interpreter: lines in, what each prints out, in JSON."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import shlex
import sys

from click.testing import CliRunner

from pgsim.cli import pgsim


def printed_by(line: str) -> str:
    """Return what `pgsim ...` or `python FILE` prints; what it raises is raised."""
    program, *arguments = shlex.split(line)
    if program == "pgsim":
        return CliRunner().invoke(pgsim, arguments, catch_exceptions=False).output
    (script,) = arguments
    assert program == "python"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        runpy.run_path(script)
    return printed.getvalue()


if __name__ == "__main__":
    print(json.dumps([printed_by(line) for line in json.load(sys.stdin)]))
