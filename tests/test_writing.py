"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import signal
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from pool_work import default_signals

from pgsim import writing
from pgsim.errors import InputError
from pgsim.writing import replacing


@pytest.fixture(params=["nameless", "named"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of writing: a system without files that have no name is as one that has them."""
    kind: str = request.param
    if kind == "named":
        monkeypatch.setattr(writing, "_nameless_file", lambda folder: None)
    elif not hasattr(os, "O_TMPFILE"):
        pytest.skip("only Linux has files without a name")
    return kind


@pytest.mark.parametrize("old", ["old", None])
def test_a_file_is_replaced_when_the_block_ends(kind: str, old: str | None, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    if old:
        target.write_text(old)
    with replacing(target) as scratch:
        scratch.write_text("new")
        assert (target.read_text() if target.exists() else None) == old
        beside = {each.name for each in tmp_path.iterdir()} - {target.name}
        assert len(beside) == (kind == "named")
        assert all(re.fullmatch(r"\.pgsim-\w+\.partial", name) for name in beside)
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_new_file_may_be_read_by_whom_the_umask_lets(kind: str, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with replacing(tmp_path / "out.csv") as scratch:
            scratch.write_text("new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.csv").stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_what_stood_there(
    kind: str, tmp_path: Path, error: type[BaseException]
) -> None:
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(error), replacing(target) as scratch:
        scratch.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_symbolic_link_is_written_through(kind: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "results.csv", tmp_path / "out.csv"
    target.write_text("old")
    link.symlink_to(target)
    with replacing(link) as scratch:
        scratch.write_text("new")
    assert link.is_symlink() and target.read_text() == "new"
    assert list(target.parent.iterdir()) == [target]


def test_a_full_disk_is_an_input_error_that_names_the_file(kind: str, tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        pytest.raises(InputError, match=r"out\.csv: cannot be written: No space left"),
        replacing(tmp_path / "out.csv"),
    ):
        raise full
    assert not list(tmp_path.iterdir())


def test_an_error_of_another_file_stays_what_it_is(kind: str, tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError, match="elsewhere"),
        replacing(tmp_path / "out.csv"),
    ):
        (tmp_path / "elsewhere").read_text()


def test_a_missing_folder_is_an_input_error(kind: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"), replacing(tmp_path / "no" / "x.csv"):
        pass


def test_hundreds_of_files_are_written_at_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        paths = [stack.enter_context(replacing(tmp_path / f"{n}.txt")) for n in range(700)]
        for path in paths:
            path.write_text("new")
    assert {each.name for each in tmp_path.iterdir()} == {f"{n}.txt" for n in range(700)}


ENDED = """
import os, signal, sys
from pgsim import writing
if sys.argv[3] == "named":
    writing._nameless_file = lambda folder: None
with writing.replacing(sys.argv[1]) as one, writing.replacing(sys.argv[1] + "2") as two:
    one.write_text("half")
    two.write_text("half")
    os.kill(os.getpid(), int(sys.argv[2]))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_signal_leaves_what_stood_there_and_nothing_beside(
    kind: str, name: str, tmp_path: Path
) -> None:
    target, number = tmp_path / "out.csv", getattr(signal, name)
    target.write_text("old")
    ended = subprocess.run(
        [sys.executable, "-c", ENDED, target, str(int(number)), kind], preexec_fn=default_signals
    )
    assert ended.returncode == -number
    assert target.read_text() == "old"
    left = sorted(each.name for each in tmp_path.iterdir() if each != target)
    if (kind, name) == ("named", "SIGKILL"):  # which nobody can handle: two names that tell of it
        assert len(left) == 2
        assert all(re.fullmatch(r"\.pgsim-\w+\.partial", each) for each in left)
    else:
        assert left == []
