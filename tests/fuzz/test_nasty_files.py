"""Files that no mutation makes, and paths that are no files: all are refused by a sentence."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest

from fuzz.attempt import tried
from fuzz.campaign import at_work
from fuzz.limits import bounded
from fuzz.reader import Reader
from fuzz.readers import READERS


class _Trap:
    """What runs something where it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.mkdir, ("trapped",)


def _zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data", data)
    return file.getvalue()


def _headed(length: int, header: bytes) -> bytes:
    return length.to_bytes(8, "little") + header


_LAUGHS = "\n".join(
    ["a: &a [x, x]", *(f"{b}: &{b} [*{a}, *{a}, *{a}]" for a, b in pairwise("abcdefghi"))]
)
CONTENTS = {
    "nothing": b"",
    "a null byte": b"\x00",
    "white space": b" \n\t\n ",
    "a byte order mark": b"\xef\xbb\xbf",
    "UTF-16": "name: x\n".encode("utf-16"),
    "Latin-1": b"name: r\xfcn\n",
    "zeros": bytes(2**21),
    "ones": b"\xff" * 2**16,
    "gzip": gzip.compress(b"name: x", mtime=0),
    "zip": _zipped(b"name: x"),
    "pickle": pickle.dumps(_Trap()),
    "HTML": b"<!doctype html><title>404</title>",
    "a pointer of git-lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    "digits": b"9" * 10**6,
    "one long line": b"a" * 10**6,
    "brackets": b"[" * 10**5,
    "braces": b"{" * 10**5,
    "dashes": b"- " * 10**4,
    "colons": b"a: " * 10**4,
    "quotes": b'"' * 10**4 + b"x",
    "backslashes": b'"' + b"\\" * 10**5,
    "JSON null": b"null",
    "a JSON list": b"[]",
    "a JSON object": b"{}",
    "a list of lists": b"[[], [[]]]",
    "laughs": _LAUGHS.encode(),
    "a merge of itself": b"a: &a\n  <<: *a\n",
    "many documents": b"---\n" * 10**4,
    "many keys": b"".join(b"k%d: 1\n" % number for number in range(10**4)),
    "a header of nothing": _headed(0, b""),
    "a header longer than the file": _headed(2**40, b"{}"),
    "the longest header": _headed(2**64 - 1, b"{}"),
    "an empty header": _headed(2, b"{}"),
    "a header of brackets": _headed(10**5, b"[" * 10**5),
    "a tensor beyond the end": _headed(
        60, b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}'.ljust(60)
    ),
    "a tensor of 2^63 items": _headed(
        90, b'{"a":{"dtype":"U8","shape":[3037000500,3037000500],"data_offsets":[0,0]}}'.ljust(90)
    ),
    "Parquet's magic": b"PAR1PAR1",
    "Parquet of a long footer": b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1",
    "a heading": b"arch,trace,mask_source,scheme,layer,images,cycles\n",
    "a heading thrice": b"cycles,cycles,cycles\n1,2,3\n",
    "many columns": b",".join(b"c%d" % number for number in range(10**4)) + b"\n",
    "many rows": b"arch\n" + b"x\n" * 10**5,
}


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _link_to(target: str) -> Callable[[Path], Path]:
    def link(path: Path) -> Path:
        path.symlink_to(target if target else path.name)
        return path

    return link


PATHS: dict[str, Callable[[Path], Path]] = {
    "no file": lambda path: path,
    "a folder": _folder,
    "a FIFO": _fifo,
    "a link to itself": _link_to(""),
    "a link to nothing": _link_to("nowhere"),
    "a link to zeros": _link_to("/dev/zero"),
    "a link to the null device": _link_to("/dev/null"),
    "a file as a folder": lambda path: path.parent / "file" / path.name,
    "a null byte": lambda path: path.with_name(f"a\x00b{path.suffix}"),
    "a long name": lambda path: path.with_name("x" * 300 + path.suffix),
    "a name of control characters": lambda path: path.with_name(f"a\n\x1b[2J\x07{path.suffix}"),
    "a name that is no UTF-8": lambda path: path.with_name(os.fsdecode(b"r\xfcn") + path.suffix),
}


def _reader(name: str) -> Reader:
    reader = READERS[name]
    if missing := [module for module in reader.needs if find_spec(module) is None]:
        pytest.skip(f"needs {missing[0]}")
    return reader


@pytest.mark.parametrize("name", READERS)
def test_foreign_files_are_refused(name: str) -> None:
    reader, wrong = _reader(name), {}
    with at_work(reader) as folder, bounded():
        for number, (about, data) in enumerate(CONTENTS.items()):
            path = folder / f"{number}{reader.suffix}"
            path.write_bytes(data)
            taken, failure = tried(reader, path)
            if taken or failure:
                wrong[about] = failure
        assert not (folder / "trapped").exists()
    assert not wrong


@pytest.mark.parametrize("name", [name for name in READERS if name != "progress"])
def test_paths_that_are_no_files_are_refused(name: str) -> None:
    """A progress file is found by capture, and given by nobody."""
    reader, wrong = _reader(name), {}
    with at_work(reader) as folder, bounded():
        (folder / "file").write_bytes(b"")
        for number, (about, make) in enumerate(PATHS.items()):
            taken, failure = tried(
                reader, make(folder / f"{number}{reader.suffix}"), wall_seconds=5
            )
            if taken or failure:
                wrong[about] = failure
    assert not wrong
