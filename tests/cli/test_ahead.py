"""A second process compiles what gated layers ask for, where that saves time, and ends in time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from pgsim.cli import ahead
from pgsim.kernels import compiled

GIVEN = ("digits_pg_4_2", "pg_os", ("batch=2",))
SOON_S = 60  # Python's start, on a machine that does much else


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs of processes that were begun; two cores, and no kernel is kept."""
    found: list[str] = []

    class Process:
        def __init__(self, command: list[str], **_: Any) -> None:
            self.stdin = BytesIO()
            found.append(command[-1])

        def __enter__(self) -> Process:
            return self

        def __exit__(self, *_: object) -> None:
            assert self.stdin.closed

    monkeypatch.setattr(ahead, "usable_cores", lambda: 2)
    monkeypatch.setattr(compiled, "are_kept", lambda: False)
    monkeypatch.setattr(subprocess, "Popen", Process)
    return found


def test_a_second_process_is_given_what_is_compared(begun: list[str]) -> None:
    """And the folders in which this one finds modules, the current one not among them."""
    with ahead.compiled_ahead(*GIVEN):
        pass
    (program,) = begun
    assert f"sys.path[:] = {sys.path!r}" in program
    assert program.endswith("serve(*('digits_pg_4_2', 'pg_os', 'batch=2'))")


def test_it_is_told_to_end_where_a_comparison_is_refused(begun: list[str]) -> None:
    with pytest.raises(KeyError), ahead.compiled_ahead(*GIVEN):
        raise KeyError
    assert len(begun) == 1


@pytest.mark.parametrize("kept", [True, None], ids=["kept", "nowhere to keep them"])
def test_there_is_none_where_nobody_would_compile_for_another(
    kept: bool | None, begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "are_kept", lambda: kept)
    with ahead.compiled_ahead(*GIVEN):
        assert begun == []


def test_there_is_none_on_one_core(begun: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "usable_cores", lambda: 1)
    with ahead.compiled_ahead(*GIVEN):
        assert begun == []


def test_a_process_that_cannot_begin_is_done_without(
    begun: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(subprocess, "Popen", refused)
    done = False
    with ahead.compiled_ahead(*GIVEN):
        done = True
    assert done
    assert begun == []


@pytest.fixture
def simulated(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, set[str], int, int]]:
    """The mapping, the gates, the batch and the images of what is simulated."""
    found: list[tuple[str, set[str], int, int]] = []

    def simulate(trace: Any, arch: Any, *, calibration_images: int) -> None:
        gates = {each.shape.gate for each in trace.layers}
        images = trace.images - calibration_images
        found.append((arch.mapping.kind, gates, arch.batch, images))

    monkeypatch.setattr(ahead, "simulate", simulate)
    return found


@pytest.mark.parametrize(("batch", "images"), [(2, 8), (16, 16), (2**16, 500)])
def test_gated_layers_alone_are_rehearsed_on_as_many_images_as_a_search_asks_for(
    batch: int, images: int, simulated: list[tuple[str, set[str], int, int]]
) -> None:
    """Eight, or a batch, or all 500 of the shipped digits; the fixed order, and then a search."""
    ahead.rehearse("digits_pg_4_2", "pg_os", f"batch={batch}")
    assert simulated == [(kind, {"output"}, batch, images) for kind in ("fixed", "search")]


def test_a_trace_without_gates_needs_nothing(
    simulated: list[tuple[str, set[str], int, int]],
) -> None:
    ahead.rehearse("resnet20_uniform_4_4", "pg_os")
    assert simulated == []


def a_second(doing: str, tmp_path: Path) -> subprocess.Popen[bytes]:
    """A process that serves, but for what it rehearses."""
    program = f"from pgsim.cli import ahead; ahead.rehearse = lambda: {doing}; ahead.serve()"
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    return subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, env=environment)


@pytest.fixture
def pipe() -> Iterator[Any]:
    """Keeps a process, and with it its pipe."""
    kept: list[subprocess.Popen[bytes]] = []
    yield kept.append
    for process in kept:
        process.communicate()


@pytest.mark.parametrize(("doing", "status"), [("None", 0), ("1 / 0", 1)])
def test_it_ends_when_it_is_done(doing: str, status: int, tmp_path: Path, pipe: Any) -> None:
    """While the first process holds the pipe open."""
    process = a_second(doing, tmp_path)
    pipe(process)
    assert process.wait(SOON_S) == status


def test_it_ends_when_the_first_process_closes_the_pipe(tmp_path: Path) -> None:
    """Or is gone, which closes it too."""
    process = a_second("__import__('time').sleep(600)", tmp_path)
    assert process.stdin
    process.stdin.close()
    assert process.wait(SOON_S) == 1
