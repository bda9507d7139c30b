"""The journal of a sweep: what was finished, durable at once, so that it can go on after any end.

It stands beside the table that is to be. Its first line says what the sweep is, by digests; each
further line is a finished point. A line that was not written to its end is taken away.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError
from pgsim.study.sweeps.records import checked_line, number_of, text_of

if sys.platform != "win32":  # which has no such locks, and no folders that can be synced
    import fcntl

_FORMAT = "pgsim sweep, 1"


class Shard(NamedTuple):
    """One of so many parts of a sweep, from 1."""

    part: int
    parts: int

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"


def journal_path(output: Path, shard: Shard | None = None) -> Path:
    """Return where the journal of a table stands, or that of a part of a sweep."""
    part = "" if shard is None else f".{shard.part}-of-{shard.parts}"
    return output.with_name(f"{output.name}{part}.journal")


class Journal:
    """An open journal: `offsets` has where each finished point stands, -1 for any other point.

    offsets: int64 (points,), by number.
    """

    def __init__(self, file: FileIO, path: Path, offsets: npt.NDArray[np.int64], end: int) -> None:
        self._file = file
        self._path = path
        self._end = end
        self.offsets = offsets

    @property
    def finished(self) -> int:
        """How many points are in it."""
        return int(np.count_nonzero(self.offsets >= 0))

    def has(self, number: int) -> bool:
        """Say whether a point is finished."""
        return bool(self.offsets[number] >= 0)

    def add(self, records: Sequence[tuple[int, bytes]]) -> None:
        """Add finished points, which are on the disk when this returns.

        Raises InputError where the disk takes no more; what was finished before stays in it.
        """
        _write(self._file, self._path, b"".join(line for _, line in records), self._end)
        for number, line in records:
            self.offsets[number] = self._end
            self._end += len(line)

    def records(self) -> Iterator[bytes]:
        """Yield the lines of all finished points, by number."""
        with _reader(self._file) as reader:
            for offset in self.offsets[self.offsets >= 0].tolist():
                reader.seek(offset)
                yield reader.readline()


@contextmanager
def opened_journal(
    path: Path, points: int, wanted: int, digests: Mapping[str, str]
) -> Iterator[Journal]:
    """Open the journal of a sweep, or begin one; without a finished point it goes when this ends.

    points: how many numbers there are. wanted: how many points are to be in it. Raises InputError
    where it is of another sweep, or another process has it open, or it cannot be written.
    """
    try:
        file = _locked(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
    with file:
        offsets = np.full(points, -1, np.int64)
        told = {"format": _FORMAT, "points": points, "wanted": wanted, "digests": dict(digests)}
        head = checked_line(told)
        end = _read(file, path, head, offsets)
        journal = Journal(file, path, offsets, end)
        try:
            yield journal
        finally:
            if wanted and not journal.finished:
                path.unlink(missing_ok=True)


def _locked(path: Path) -> FileIO:
    """Return a journal, open for this process alone, until it ends, however it does.

    It holds back nothing that is to be written, so that what a full disk refuses is told at once.
    """
    while True:
        file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+")
        try:
            _lock(file)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except BlockingIOError:
            file.close()
            raise InputError(f"{path}: another sweep is writing it: give -o another name") from None
        file.close()  # one that another process has just removed


def _lock(file: FileIO) -> None:
    """Lock a file for this process; raises BlockingIOError where another one has."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _reader(file: FileIO) -> BinaryIO:
    """Return what reads a file by lines, and can be closed without it."""
    return os.fdopen(os.dup(file.fileno()), "rb")


def _read(file: FileIO, path: Path, head: bytes, offsets: npt.NDArray[np.int64]) -> int:
    """Note what is finished and cut off what was not written to its end; return where it ends."""
    with _reader(file) as reader:
        first = reader.readline()
        text = text_of(first)
        lines = [] if text is None else _whole_lines(reader)
    if text is None and first.endswith(b"\n"):
        raise InputError(f"{path}: no journal of a sweep: give -o another name, or remove it")
    if text is None or (
        not lines and first != head
    ):  # nothing of another sweep that could be mixed
        file.truncate(0)
        _write(file, path, head, 0)
        sync_folder(path.parent)
        return len(head)
    _check_same(path, json.loads(text), json.loads(text_of(head) or b""))
    end = len(first)
    for number, size in lines:
        offsets[number] = end
        end += size
    file.truncate(end)
    return end


def _whole_lines(reader: BinaryIO) -> list[tuple[int, int]]:
    """Return the point and the size of each line that follows, up to one that has no end."""
    found = []
    for line in reader:
        text = text_of(line)
        if text is None:
            break
        found.append((number_of(text), len(line)))
    return found


def _write(file: FileIO, path: Path, data: bytes, at: int) -> None:
    """Write data that are on the disk when this returns; raises InputError where it is full."""
    left = memoryview(data)
    try:
        file.seek(at)
        while left:
            left = left[file.write(left) :]
        os.fsync(file.fileno())
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written: {error.strerror}: what is finished stays, and the same "
            "command goes on from it"
        ) from None


def sync_folder(folder: Path) -> None:
    """Make the names of a folder's files durable."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_same(path: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise InputError where a journal is of another sweep, naming what is another one."""
    old, new = before.get("digests", {}), now["digests"]
    other = [name for name in new if old.get(name) != new[name]]
    if other or before != now:
        raise InputError(
            f"{path}: holds points of a sweep of another {' and '.join(other) or 'kind'}, which "
            "must not be mixed with this one's: undo the change, give -o another name, or remove "
            "the journal to begin anew"
        )


def read_records(path: Path) -> tuple[Mapping[str, Any], dict[int, bytes]]:
    """Return what a journal says of itself, and the lines of its points, while it may grow.

    Raises InputError where it is no journal.
    """
    try:
        with path.open("rb") as file:
            head = text_of(file.readline())
            lines = file.readlines() if head else []
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if head is None:
        raise InputError(f"{path}: no journal of a sweep")
    told: Mapping[str, Any] = json.loads(head)
    texts = ((line, text_of(line)) for line in lines)
    return told, {number_of(text): line for line, text in texts if text is not None}
