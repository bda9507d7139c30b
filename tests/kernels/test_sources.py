"""Digests of sources."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from pgsim.kernels.sources import cache_digest, digest_of_sources


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Two files, one of them in a folder, and one that is no source."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "b.py").write_text("1")
    (tmp_path / "inner" / "a.py").write_text("2")
    (tmp_path / "data.txt").write_text("3")
    return tmp_path


def test_it_is_that_of_names_and_texts(sources: Path) -> None:
    expected = sha256(b"about\0b.py\x001\0inner/a.py\x002").hexdigest()
    assert digest_of_sources(sources, "about") == expected


CHANGES: dict[str, Callable[[Path], object]] = {
    "a text": lambda folder: (folder / "b.py").write_text("2"),
    "a text in a folder": lambda folder: (folder / "inner" / "a.py").write_text("1"),
    "a name": lambda folder: (folder / "b.py").rename(folder / "c.py"),
    "another file": lambda folder: (folder / "c.py").touch(),
    "one file less": lambda folder: (folder / "b.py").unlink(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_sources_changes_it(change: str, sources: Path) -> None:
    before = digest_of_sources(sources, "")
    CHANGES[change](sources)
    assert digest_of_sources(sources, "") != before


def test_what_is_no_source_changes_nothing(sources: Path) -> None:
    before = digest_of_sources(sources, "")
    (sources / "data.txt").write_text("4")
    assert digest_of_sources(sources, "") == before
    assert digest_of_sources(sources, "about") != before


def test_without_sources_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="has no sources"):
        digest_of_sources(tmp_path, "")
    assert cache_digest(tmp_path, "numba") is None


def test_each_maker_has_a_digest_of_its_own(sources: Path) -> None:
    digests = [cache_digest(sources, f"numba {version}") for version in (1, 2, 1)]
    assert digests[0] == digests[2] != digests[1]
    assert all(each is not None and len(each) == 16 for each in digests)
