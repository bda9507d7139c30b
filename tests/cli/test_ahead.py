"""A second process compiles what gated layers ask for, where that saves time, and ends in time."""

from __future__ import annotations

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from pgsim import cores
from pgsim.cli import ahead
from pgsim.kernels import compiled

ARGUMENTS = ("digits_pg_4_2", "pg_os", ("batch=2",))
SOON_S = 20  # Python's start, on a machine that does much else


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The command lines of processes that were begun; two cores, and no kernel is kept."""
    found: list[list[str]] = []

    class Process:
        def __init__(self, command: list[str], **_: Any) -> None:
            self.stdin = BytesIO()
            found.append(command)

        def __enter__(self) -> Process:
            return self

        def __exit__(self, *_: object) -> None:
            assert self.stdin.closed

    monkeypatch.setattr(ahead, "usable_cores", lambda: 2)
    monkeypatch.setattr(compiled, "is_kept", lambda _: False)
    monkeypatch.setattr(subprocess, "Popen", Process)
    return found


def test_a_second_process_is_given_what_is_compared(begun: list[list[str]]) -> None:
    with ahead.compiled_ahead(*ARGUMENTS):
        pass
    assert begun == [[sys.executable, "-m", "pgsim.cli.ahead", "digits_pg_4_2", "pg_os", "batch=2"]]


def test_it_is_told_to_end_where_a_comparison_is_refused(begun: list[list[str]]) -> None:
    with pytest.raises(KeyError), ahead.compiled_ahead(*ARGUMENTS):
        raise KeyError
    assert len(begun) == 1


@pytest.mark.parametrize("kept", [True, None], ids=["kept", "nowhere to keep them"])
def test_there_is_none_where_nobody_would_compile_for_another(
    kept: bool | None, begun: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "is_kept", lambda _: kept)
    with ahead.compiled_ahead(*ARGUMENTS):
        assert begun == []


def test_there_is_none_on_one_core(begun: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "usable_cores", lambda: 1)
    with ahead.compiled_ahead(*ARGUMENTS):
        assert begun == []
    assert cores.usable_cores() >= 1


def test_gated_layers_alone_are_rehearsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped digits have three gated layers, and two that see every bit."""
    seen: list[tuple[list[str], int]] = []
    monkeypatch.setattr(
        ahead,
        "simulate",
        lambda trace, arch: seen.append(([each.shape.gate for each in trace.layers], arch.batch)),
    )
    ahead.rehearse("digits_pg_4_2", "pg_os", "batch=2")
    ((gates, batch),) = seen
    assert set(gates) == {"output"}
    assert batch == 2


def test_a_trace_without_gates_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "simulate", lambda *_: pytest.fail("simulates"))
    ahead.rehearse("resnet20_uniform_4_4", "pg_os")


def test_it_ends_when_the_first_process_closes_the_pipe(tmp_path: Path) -> None:
    """It compiles all anew meanwhile, which takes far longer."""
    command = [sys.executable, "-m", "pgsim.cli.ahead", "resnet20_pg_4_2", "pg_os"]
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environment) as process:
        assert process.stdin
        process.stdin.close()
        assert process.wait(SOON_S) == 0
