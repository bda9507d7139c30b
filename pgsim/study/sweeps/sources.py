"""The files that a point reads, so that none of them can be replaced while a sweep runs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from pgsim.arch.technology import technology_stamp
from pgsim.errors import InputError
from pgsim.files import FileState
from pgsim.masks import margins_path
from pgsim.workload.trace_paths import find_trace

_HEAD_BYTES = 2**18  # a table, or what a trace says of itself with the digests of its masks


class FilesChanged(InputError):
    """A file is not the one that was checked, so that no further point could be of the same."""


class Source(NamedTuple):
    """A file as it was found: which one, its size, when it was written, SHA-256 of its head."""

    path: Path
    inode: int
    size_bytes: int
    written_ns: int
    head_sha256: str


def trace_sources(name_or_path: str, *, with_margins: bool) -> tuple[Source, ...]:
    """Return the files of a trace, with that of its margins, where there is one, or without.

    Raises InputError where there is no such trace, or a file cannot be read.
    """
    beside = [margins_path(name_or_path)] if with_margins else []
    files = [each for each in beside if each.is_file()]
    return _sources([*find_trace(name_or_path)[1], *files])


def technology_sources(name_or_path: str) -> tuple[Source, ...]:
    """Return the files of a technology; raises InputError as `load_technology` does."""
    technology, _, synthesis, _ = technology_stamp(name_or_path)
    return _sources([technology, synthesis])


def check_unchanged(before: Iterable[Source], now: Iterable[Source]) -> None:
    """Raise FilesChanged that names a file which is not the one that it was."""
    changed = set(now).symmetric_difference(before)
    if changed:
        path = min(source.path for source in changed)
        raise FilesChanged(
            f"{path}: was replaced or changed while the sweep ran, so that its points would be of "
            "different files under one name: run the sweep again, and leave the file as it is"
        )


def _sources(paths: Iterable[Path]) -> tuple[Source, ...]:
    return tuple(_source(path) for path in paths)


def _source(path: Path) -> Source:
    try:
        return _source_in(path, FileState.of(path))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


@lru_cache(maxsize=256)  # for as long as the file stays as it is
def _source_in(path: Path, state: FileState) -> Source:
    found = path.stat()
    head = b""
    if S_ISREG(found.st_mode):  # of a pipe one would wait for ever
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    return Source(path, found.st_ino, found.st_size, found.st_mtime_ns, sha256(head).hexdigest())
