"""Traces that were changed after they were written, and padding that is set."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from designs import filled, linear, trace_of
from safetensors.numpy import load_file
from trace_cases import (
    as_version_1,
    assert_same,
    data_of,
    flip,
    header_of,
    rewrite,
    seal,
    tell,
    tiny_trace,
)

from pgsim.errors import InputError
from pgsim.workload.saved_trace import check_trace, load_trace, save_trace

# Rows begin at: conv 0 to 304, 5 x 4 of 16 bytes; region 320 to 384, 5 of 16; hidden 30 of 8.
ROWS = {"conv": (0, 304), "region": (320, 384), "hidden": (400, 632)}


def _refused(path: Path) -> str:
    """Why a trace is not loaded; without looking at masks it is."""
    load_trace(path, verify=False)
    with pytest.raises(InputError) as caught:
        load_trace(path)
    return str(caught.value)


def test_digests_are_those_of_the_manifest_and_the_tensors(tmp_path: Path) -> None:
    for path in save_trace(tiny_trace(), tmp_path / "tiny", shards=2):
        metadata = header_of(path)["__metadata__"]
        expected = {
            name: hashlib.sha256(each).hexdigest() for name, each in load_file(path).items()
        }
        expected["manifest"] = hashlib.sha256(metadata["pgsim"].encode()).hexdigest()
        assert json.loads(metadata["pgsim_sha256"]) == expected
        assert list(metadata) == ["pgsim", "pgsim_sha256"]


@pytest.mark.parametrize("layer", ROWS)
@pytest.mark.parametrize("last", [False, True])
def test_a_flipped_bit_of_any_layer_is_found(tmp_path: Path, layer: str, last: bool) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    flip(path, ROWS[layer][last])
    problem = f"{path}: layer {layer!r}: the masks were changed after the file was written"
    assert _refused(path).startswith(problem)
    (only,) = check_trace(path)
    assert only.startswith(problem)


def test_a_changed_manifest_is_found(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    data = path.read_bytes()
    eight, nine = b'\\"weight_bits\\": 8', b'\\"weight_bits\\": 9'  # one bit apart
    path.write_bytes(data.replace(eight, nine, 1))
    assert load_trace(path, verify=False).layers[0].shape.weight_bits == 9
    problem = f"{path}: the manifest was changed after the file was written"
    assert _refused(path).startswith(problem)
    (only,) = check_trace(path)
    assert only.startswith(problem)


def test_only_the_changed_shard_is_named(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=3)
    flip(paths[1], 0)
    assert _refused(tmp_path / "tiny").startswith(f"{paths[1]}: layer 'conv'")
    (problem,) = check_trace(tmp_path / "tiny")
    assert problem.startswith(f"{paths[1]}: layer 'conv'")


@pytest.mark.parametrize("digests", ["", "[]", "{", "3", "null"])
@pytest.mark.parametrize("version", [1, 2])
def test_digests_that_cannot_be_read_are_refused(
    tmp_path: Path, digests: str, version: int
) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    if version == 1:
        as_version_1(path)
    header = header_of(path)
    header["__metadata__"]["pgsim_sha256"] = digests
    rewrite(path, header)
    with pytest.raises(InputError, match="metadata 'pgsim_sha256' ") as caught:
        load_trace(path, verify=False)
    assert check_trace(path) == [str(caught.value)]


def test_only_version_1_does_without_digests(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    header = header_of(path)
    del header["__metadata__"]["pgsim_sha256"]
    rewrite(path, header)
    with pytest.raises(InputError, match="only format version 1 may do without"):
        load_trace(path)
    as_version_1(*save_trace(tiny_trace(), path))
    flip(path, 0)
    assert check_trace(path) == []
    load_trace(path)


def test_version_1_is_read_and_verified(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    as_version_1(path, digests=True)
    assert_same(load_trace(path), tiny_trace())
    flip(path, 0)
    assert "layer 'conv': the masks were changed" in _refused(path)


def _set_padding(path: Path) -> None:
    row = 16  # bytes of one image and channel of `conv`: 72 positions and 56 bits of padding
    flip(path, (2 * 4 + 3) * row + 9)  # image 2 of this shard, channel 3, bit 72
    flip(path, (1 * 4 + 0) * row + 15, bit=7)  # image 1, channel 0, bit 127


@pytest.mark.parametrize("chunk_words", [1, 2**20])
@pytest.mark.parametrize("version", [1, 2])
def test_set_padding_bits_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_words: int, version: int
) -> None:
    monkeypatch.setattr("pgsim.workload.layer_trace._CHUNK_WORDS", chunk_words)
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=2)
    _set_padding(paths[1])
    if version == 1:
        for path in paths:
            as_version_1(path)
    else:
        seal(*paths)
    problems = [
        f"{paths[1]}: layer 'conv', image 3, channel 0: padding bits after position 71 are set",
        f"{paths[1]}: layer 'conv', image 4, channel 3: padding bits after position 71 are set",
    ]
    assert check_trace(tmp_path / "tiny") == problems
    assert _refused(tmp_path / "tiny") == problems[0]


def test_many_set_padding_bits_are_counted(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    data = path.read_bytes()
    begin = len(data) - len(data_of(path))
    path.write_bytes(data[:begin] + b"\xff" * (len(data) - begin))
    seal(path)
    problems = check_trace(path)
    assert len(problems) == 11 + 5 + 11  # 20 rows of conv, 5 of region, 30 of hidden
    assert problems[10] == f"{path}: layer 'conv': and 10 rows more"


def test_a_trace_whose_mark_is_not_of_its_content_is_refused(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=2)
    other = "0123456789abcdef" * 4
    for index, path in enumerate(paths, start=1):
        tell(path, shard={"index": index, "total": 2, "capture_sha256": other})
        header = header_of(path)
        digests = json.loads(header["__metadata__"]["pgsim_sha256"])
        text = header["__metadata__"]["pgsim"].encode()
        digests["manifest"] = hashlib.sha256(text).hexdigest()
        header["__metadata__"]["pgsim_sha256"] = json.dumps(digests)
        rewrite(path, header)
    assert "'capture_sha256' in the manifest is not that of" in _refused(tmp_path / "tiny")
    assert len(check_trace(tmp_path / "tiny")) == 1
    seal(*paths)
    assert check_trace(tmp_path / "tiny") == []


@pytest.mark.parametrize(
    ("positions", "channels", "told"),
    [
        (63, 1, 1),
        (64, 1, 0),  # a whole word has no padding
        (65, 1, 1),
        (128, 3, 0),
        (1, 9, 9),
        (1, 10, 10),
        (1, 11, 10 + 1),  # ten rows, and how many more
        (1, 12, 10 + 1),
    ],
)
def test_words_are_padded_behind_the_last_position(
    tmp_path: Path, positions: int, channels: int, told: int
) -> None:
    layer = linear(positions, 2, channels)
    (path,) = save_trace(trace_of(layer, filled(layer, True)), tmp_path / "padded")
    assert check_trace(path) == []
    data = path.read_bytes()
    size = 8 * channels * -(-positions // 64)
    path.write_bytes(data[:-size] + b"\xff" * size)
    seal(path)
    assert len(check_trace(path)) == told
