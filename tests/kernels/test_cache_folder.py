"""Where is kept what one run made: the first folder that only this user can write."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import pytest

from pgsim.kernels.cache_folder import cache_folder

NAME = f"pgsim-{os.geteuid()}-"
DIGEST = "0123456789abcdef"
DAY_SECONDS = 24 * 3600


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Every place for a cache, by name, all of which can be written to, and a file `file`."""
    for name in ("chosen", "sources", "home", "temporary", "here"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.chdir(tmp_path / "here")
    return {path.name: path for path in tmp_path.iterdir()}


@pytest.fixture
def no_sources_folder(places: dict[str, Path]) -> None:
    (places["sources"] / "__pycache__").touch()  # a file: no folder can be made of it


@pytest.fixture
def only_temporary(
    places: dict[str, Path], no_sources_folder: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(places["file"]))


def found(chosen: str | Path = "") -> Path:
    folder = cache_folder(str(chosen), Path.cwd().parent / "sources", DIGEST)
    assert folder is not None
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.name.startswith(NAME)
    return folder


def test_the_chosen_folder_comes_first(places: dict[str, Path]) -> None:
    assert found(places["chosen"]).parent == places["chosen"]
    assert found(places["chosen"] / "made" / "for it").parent.parent.parent == places["chosen"]
    assert found("chosen").parent == places["here"] / "chosen"  # as Numba takes a relative one


def test_the_sources_folder_is_next(places: dict[str, Path]) -> None:
    beside_the_sources = places["sources"] / "__pycache__"
    assert found().parent == beside_the_sources
    assert found(places["file"] / "chosen").parent == beside_the_sources


@pytest.mark.usefixtures("no_sources_folder")
def test_the_users_cache_folder_is_third(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found().parent == places["home"] / ".cache" / "pgsim"
    monkeypatch.setenv("XDG_CACHE_HOME", str(places["chosen"]))
    assert found().parent == places["chosen"] / "pgsim"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert found().parent == places["home"] / ".cache" / "pgsim"
    monkeypatch.setenv("XDG_CACHE_HOME", str(places["file"] / "caches"))
    assert found().parent == places["temporary"]


@pytest.mark.usefixtures("no_sources_folder")
@pytest.mark.parametrize("home", ["file", "missing"])
def test_the_folder_for_temporary_files_is_last(
    home: str, places: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / home))
    assert found().parent == places["temporary"]
    assert not (tmp_path / "missing").exists()


@pytest.mark.usefixtures("only_temporary")
def test_there_may_be_no_place_at_all(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(places["file"]))
    assert cache_folder("", places["sources"], DIGEST) is None


@pytest.mark.usefixtures("no_sources_folder")
def test_no_folder_is_named_after_a_home_that_nobody_knows(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "~")  # then "~" means itself
    assert found("~/caches").parent == places["temporary"]
    assert not list(places["here"].iterdir())


@pytest.mark.usefixtures("only_temporary")
@pytest.mark.parametrize("prepared", ["open to all", "a link", "another user's"])
def test_a_folder_that_another_could_have_filled_is_not_used(
    prepared: str, places: dict[str, Path]
) -> None:
    folder = found()
    match prepared:
        case "open to all":
            folder.chmod(0o777)
        case "a link":
            folder.rmdir()
            folder.symlink_to(places["chosen"])
        case _:
            if os.geteuid():
                pytest.skip("only root can give a folder away")
            os.chown(folder, 12345, -1)
    assert cache_folder("", places["sources"], DIGEST) is None


def test_each_digest_has_a_folder_of_its_own(places: dict[str, Path]) -> None:
    other = cache_folder("", places["sources"], "f" * 16)
    assert found() == found() != other
    assert other is not None and other.parent == found().parent


def test_a_new_folder_replaces_those_that_were_not_used_for_a_month(
    places: dict[str, Path],
) -> None:
    ages = {NAME + "0" * 16: 31, NAME + "1" * 16: 29, NAME + "old": 31, "pgsim": 31}
    for name, days in ages.items():
        folder = places["chosen"] / name
        folder.mkdir(mode=0o700)
        (folder / "kernel").touch()
        os.utime(folder, (0, time.time() - days * DAY_SECONDS))
    new = found(places["chosen"])
    assert {path.name for path in places["chosen"].iterdir()} == {*ages, new.name} - {
        NAME + "0" * 16
    }


def test_a_folder_in_use_is_not_an_old_one(places: dict[str, Path]) -> None:
    folder = found(places["chosen"])
    os.utime(folder, (0, 0))
    assert found(places["chosen"]).stat().st_mtime > time.time() - DAY_SECONDS
