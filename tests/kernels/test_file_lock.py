"""A lock that processes share: one at a time has it, and where there can be none all go on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pgsim.kernels import file_lock
from pgsim.kernels.file_lock import locked

HOLD = """
import sys
from pathlib import Path
from pgsim.kernels.file_lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
print("done", flush=True)
"""


def refused(*_: object, **__: object) -> None:
    raise OSError


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a process that holds the lock until its pipe is closed."""
    with ExitStack() as ends:

        def begin() -> subprocess.Popen[str]:
            command = [sys.executable, "-c", HOLD, str(tmp_path / "it")]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
            begun = ends.enter_context(subprocess.Popen(command, **pipes))
            ends.callback(begun.kill)
            return begun

        yield begin


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def release(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.close()


@pytest.mark.parametrize("end", [release, subprocess.Popen.kill], ids=["released", "killed"])
def test_a_process_waits_until_another_is_done_or_gone(
    end: Callable[[subprocess.Popen[str]], None],
    hold: Callable[[], subprocess.Popen[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other one ends when this one has been refused the lock three times."""
    other, waits = hold(), []
    assert said(other) == "held"

    def wait(_: float) -> None:
        waits.append(other.poll())
        if len(waits) == 3:
            end(other)
            other.wait()

    monkeypatch.setattr(file_lock.time, "sleep", wait)
    with locked(tmp_path / "it"):
        assert waits == [None, None, None]
    assert list(tmp_path.iterdir()) == []


def test_nobody_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who holds a lock may have been stopped."""
    monkeypatch.setattr(file_lock, "_LONGEST_WAIT_S", 0.05)
    entered = []
    with locked(tmp_path / "it"), locked(tmp_path / "it"):
        entered.append("both")
    assert entered == ["both"]


@pytest.mark.parametrize("missing", ["file", "lock", "module"])
def test_where_there_can_be_no_lock_one_goes_on(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing == "file":
        monkeypatch.setattr(os, "open", refused)
    elif missing == "lock":
        monkeypatch.setattr(file_lock.fcntl, "flock", refused)
    else:
        monkeypatch.setattr(file_lock, "fcntl", None)
    entered = []
    with locked(tmp_path / "it"), locked(tmp_path / "it"):
        entered.append("both")
    assert entered == ["both"]
    assert list(tmp_path.iterdir()) == []


def test_what_fails_gives_the_lock_back(
    hold: Callable[[], subprocess.Popen[str]], tmp_path: Path
) -> None:
    with pytest.raises(KeyError), locked(tmp_path / "it"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    assert said(hold()) == "held"
