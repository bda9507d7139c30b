"""A file is verified once in a process, and again whenever it may be another one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from trace_cases import assert_same, flip, tiny_trace

from pgsim.errors import InputError
from pgsim.workload import verification
from pgsim.workload.saved_trace import check_trace, load_trace, save_trace

LAYERS = 3  # that are gated
OLD = 3600  # seconds: far beyond any tick of a clock


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The layers whose masks were hashed, in a process that has verified nothing yet."""
    names: list[str] = []
    digest = verification.mask_digest

    def noted(layer):  # type: ignore[no-untyped-def]
        names.append(layer.shape.name)
        return digest(layer)

    monkeypatch.setattr(verification, "mask_digest", noted)
    monkeypatch.setattr(verification, "_SOUND", set())
    return names


def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be an hour later than it is: files have been as they are for long."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + OLD * 10**9)


def test_a_file_is_verified_once_while_it_stays_the_same(
    tmp_path: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_trace(tiny_trace(), tmp_path / "tiny", shards=2)
    _later(monkeypatch)
    for _ in range(3):
        assert_same(load_trace(tmp_path / "tiny"), tiny_trace())
    assert len(hashed) == 2 * LAYERS
    assert check_trace(tmp_path / "tiny") == []  # which always reads all
    assert len(hashed) == 4 * LAYERS


def test_what_was_written_just_now_is_not_remembered(tmp_path: Path, hashed: list[str]) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    load_trace(path)
    load_trace(path)
    assert len(hashed) == 2 * LAYERS
    os.utime(path, (time.time() - OLD, time.time() - OLD))  # its status changed just now
    load_trace(path)
    load_trace(path)
    assert len(hashed) == 4 * LAYERS


def _in_place(path: Path) -> None:
    flip(path, 0)


def _another_file(path: Path) -> None:
    copy = path.with_suffix(".copy")
    copy.write_bytes(path.read_bytes())
    flip(copy, 0)
    copy.replace(path)


def _with_its_old_time(path: Path) -> None:
    before = path.stat()
    flip(path, 0)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("change", [_in_place, _another_file, _with_its_old_time])
def test_a_change_after_it_was_verified_is_found(
    tmp_path: Path,
    hashed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    _later(monkeypatch)
    load_trace(path)
    time.sleep(0.02)  # beyond the tick of this system's clock
    change(path)
    with pytest.raises(InputError, match="layer 'conv': the masks were changed"):
        load_trace(path)
    flip(path, 0)
    assert_same(load_trace(path), tiny_trace())


def test_what_is_refused_stays_refused(
    tmp_path: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    flip(path, 0)
    _later(monkeypatch)
    for _ in range(2):
        with pytest.raises(InputError, match="layer 'conv': the masks were changed"):
            load_trace(path)


def test_a_file_that_changes_while_it_is_verified_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    problems = verification.trace_problems

    def slow(*arguments, **options):  # type: ignore[no-untyped-def]
        yield from problems(*arguments, **options)
        os.utime(path)

    monkeypatch.setattr(verification, "trace_problems", slow)
    with pytest.raises(InputError, match="was changed while it was read: try again"):
        load_trace(path)


def test_without_verifying_no_mask_is_read(tmp_path: Path, hashed: list[str]) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    flip(path, 0)
    assert load_trace(path, verify=False).images == 5
    assert hashed == []
    with pytest.raises(InputError):
        load_trace(path)
