"""Where a trace can be written, and what is said where it cannot."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from margin_cases import a_trace
from operand_cases import CONV, random_operands
from trace_cases import assert_same, tiny_trace

from pgsim.errors import InputError
from pgsim.masks import save_margins
from pgsim.workload import Operands, layer_shape, save_operands
from pgsim.workload.saved_trace import load_trace, save_trace
from pgsim.workload.trace_paths import check_trace_path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "a folder, not the name of a trace"),
        (".", "a folder, not the name of a trace"),
        ("..", "a folder, not the name of a trace"),
        ("...", "a folder, not the name of a trace"),
        (".safetensors", "a folder, not the name of a trace"),
        ("new/", "a folder, not the name of a trace"),
        ("a\0b", r"printable characters, not '\\x00'"),
        ("a\nb", r"printable characters, not '\\n'"),
        ("a\x1b[31mb", r"printable characters, not '\\x1b'"),
        ("a\u202eb", r"printable characters, not '\\u202e'"),
        ("a\ud800", r"printable characters, not '\\ud800'"),
        ("a" * 300, "cannot be written: File name too long"),
        ("no/tiny", "its folder .*no does not exist"),
        ("tiny-00001-of-00002", "so are the shards of a trace named"),
        ("tiny-00001-of-00001.safetensors", "so are the shards of a trace named"),
        ("tiny.operands", "so ends what lies beside a trace"),
        ("tiny.margins.safetensors", "so ends what lies beside a trace"),
    ],
)
def test_names_that_no_trace_can_have(tmp_path: Path, name: str, message: str) -> None:
    given = name if name in ("", ".", "..", "...") else f"{tmp_path}/{name}"
    with pytest.raises(InputError, match=message) as caught:
        save_trace(tiny_trace(), given)
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["漢", "a b", "tiny-1-of-2", "r\udcfcn", "x" * 200, "a.b.c"])
def test_names_that_a_trace_can_have(tmp_path: Path, name: str) -> None:
    (path,) = save_trace(tiny_trace(), f"{tmp_path}/{name}")
    assert load_trace(path).name == name
    assert_same(load_trace(f"{tmp_path}/{name}"), tiny_trace())


def test_a_path_is_checked_twice_to_no_harm(tmp_path: Path) -> None:
    path = check_trace_path(tmp_path / "resnet.v2")
    assert check_trace_path(path) == path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    pipe, device, loop = (tmp_path / f"{name}.safetensors" for name in ("pipe", "device", "loop"))
    os.mkfifo(pipe)
    device.symlink_to("/dev/null")
    loop.symlink_to(loop.name)
    for path, what in ((pipe, "is a pipe"), (device, "is a device"), (loop, "Too many levels")):
        with pytest.raises(InputError, match=f"{path.name}: cannot be written: .*{what}"):
            save_trace(tiny_trace(), path)
    assert pipe.is_fifo() and device.is_char_device() and loop.is_symlink()


def _trace(path: Path) -> object:
    return save_trace(tiny_trace(), path)


def _operands(path: Path) -> object:
    return save_operands(Operands("noise", "0" * 64, 0, (random_operands(_SHAPE),)), path)


def _margins(path: Path) -> object:
    return save_margins(replace(a_trace(random_operands(_SHAPE))[1], trace="noise"), path)


_SHAPE = layer_shape(CONV | {"in_size": [5, 6], "padding": [1, 0], "dilation": [1, 1]})


@contextmanager
def _full_disk() -> Iterator[None]:
    """Let no file of this process grow beyond 100 bytes: not even the one that pytest prints to."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("save", [_trace, _operands, _margins])
def test_a_full_disk_is_said_and_leaves_what_was_there(
    tmp_path: Path, save: Callable[[Path], Any]
) -> None:
    save(tmp_path / "tiny")
    (path,) = tmp_path.iterdir()
    before = path.read_bytes()
    refused = pytest.raises(InputError, match=f"{path.name}: cannot be written: .*File too large")
    with refused, _full_disk():
        save(tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="/sys refuses everyone")
@pytest.mark.parametrize("save", [_trace, _operands, _margins])
def test_a_folder_that_lets_nobody_write_is_said(save: Callable[[Path], Any]) -> None:
    with pytest.raises(InputError, match=r"/sys/tiny.*: cannot be written: Permission denied"):
        save(Path("/sys/tiny"))


@pytest.mark.parametrize("save", [_operands, _margins])
@pytest.mark.parametrize("name", ["a\nb", "..", "a" * 300])
def test_what_lies_beside_a_trace_has_a_name_too(
    tmp_path: Path, save: Callable[[Path], Any], name: str
) -> None:
    with pytest.raises(InputError):
        save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
