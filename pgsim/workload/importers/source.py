"""A file whose layers are imported: its path, its beginning, its bytes within a stated size."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from pgsim.errors import InputError
from pgsim.files import opened

LARGEST_TEXT = 2**20  # bytes of a text file: some ten thousand layers, of 90 bytes each
_HEAD = 2**16  # bytes by which a format is known
_FIRST_LINES = 4  # that are looked at together, as a bracket may stand alone
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Row(NamedTuple):
    """A layer as a file has it: where it stands there, and the manifest fields that it gives."""

    where: str
    fields: dict[str, object]


@dataclass(frozen=True)
class Source:
    """A file, the name of the network in it that is meant, and sizes that it leaves open."""

    path: Path
    network: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def head(self) -> bytes:
        """The file's beginning, without a byte order mark.

        Raises InputError as `opened` does, and for text that is marked as UTF-16, as spreadsheets
        save it.
        """
        head = self._read(_HEAD)
        if head.startswith(_MARKS_OF_UTF_16):
            raise InputError(f"{self.path}: UTF-16 text: save it as UTF-8")
        return head.removeprefix(_BYTE_ORDER_MARK)

    @cached_property
    def first_line(self) -> str:
        """Its first line that says something: none of blanks, none that is a comment."""
        return next(iter(self._said), "")

    @cached_property
    def beginning(self) -> str:
        """What its first such lines say, a blank between them."""
        return " ".join(self._said[:_FIRST_LINES])

    @property
    def begins_as_json(self) -> bool:
        """Whether its first sign opens a list or a mapping, as no line of a table does."""
        return self.beginning[:1] in ("[", "{")

    @cached_property
    def _said(self) -> list[str]:
        lines = self.head.decode("utf-8", "replace").splitlines()
        said = (line.strip() for line in lines)
        return [line for line in said if line and not line.startswith(("#", "---"))]

    def data(self, most_bytes: int) -> bytes:
        """Return the whole file; raises InputError where it is larger."""
        data = self._read(most_bytes + 1)
        if len(data) > most_bytes:
            raise InputError(
                f"{self.path}: larger than {_size(most_bytes)}: no file of this format"
            )
        return data

    def text(self) -> str:
        """Return a text file without a byte order mark; raises InputError for what is no UTF-8."""
        data = self.data(LARGEST_TEXT)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            message = f"{self.path}:{line}: not UTF-8 text (byte {error.start})"
            raise InputError(message) from None

    def _read(self, most_bytes: int) -> bytes:
        with opened(self.path) as file:
            try:
                there = os.fstat(file.fileno()).st_size + 1  # what is read takes its memory at once
                return file.read(min(most_bytes, there))
            except OSError as error:
                raise InputError(f"{self.path}: cannot be read: {error.strerror}") from None


def mark_between(line: str) -> str:
    """Return what stands between a line's cells: a comma, else a semicolon, else a tab.

    Spreadsheets write semicolons where numbers have decimal commas.

    >>> mark_between("a; b")
    ';'
    """
    return next((mark for mark in ",;\t" if mark in line), ",")


def source_of(path: str | Path, sizes: Mapping[str, int] | None = None) -> Source:
    """Return the source of `FILE`, or of `FILE:NETWORK` where no file has that whole name.

    >>> source_of("nets.py:vgg16").network
    'vgg16'
    """
    file, colon, network = str(path).rpartition(":")
    if isinstance(path, Path) or not colon or not file or _is_file(str(path)):
        return Source(Path(path), sizes=dict(sizes or {}))
    return Source(Path(file), network.strip(), dict(sizes or {}))


def _is_file(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # such as a name too long, or a null byte
        return False


def _size(count: int) -> str:
    units = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
    unit, name = next((each for each in units if count >= each[0]), (1, "bytes"))
    return f"{count // unit} {name}"
