"""Traces that were changed after they were written, and padding that is set."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from designs import filled, linear, trace_of
from safetensors.numpy import load_file
from trace_cases import header_of, rewrite, tiny_trace

from pgsim.workload.saved_trace import check_trace, load_trace, save_trace


def _drop_digests(path: Path) -> None:
    header = header_of(path)
    del header["__metadata__"]["pgsim_sha256"]
    rewrite(path, header)


def _flip(path: Path, place: int, bit: int = 0) -> None:
    """Flip one bit, `place` bytes behind the header."""
    data = bytearray(path.read_bytes())
    data[8 + int.from_bytes(data[:8], "little") + place] ^= 1 << bit
    path.write_bytes(data)


def test_digests_are_those_of_the_manifest_and_the_tensors(tmp_path: Path) -> None:
    for path in save_trace(tiny_trace(), tmp_path / "tiny", shards=2):
        metadata = header_of(path)["__metadata__"]
        expected = {
            name: hashlib.sha256(each).hexdigest() for name, each in load_file(path).items()
        }
        expected["manifest"] = hashlib.sha256(metadata["pgsim"].encode()).hexdigest()
        assert json.loads(metadata["pgsim_sha256"]) == expected
        assert list(metadata) == ["pgsim", "pgsim_sha256"]


def test_a_flipped_bit_of_any_layer_is_found(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    intact = path.read_bytes()
    # Rows begin at: conv 0 to 304, 5 x 4 of 16 bytes; region to 384, 5 of 16; hidden 30 of 8.
    rows = {"conv": (0, 304), "region": (320, 384), "hidden": (400, 632)}
    for name, (first, last) in rows.items():
        for place in (first, last):
            path.write_bytes(intact)
            _flip(path, place)
            load_trace(path)  # which does not read the masks
            (problem,) = check_trace(path)
            assert problem.startswith(
                f"{path}: layer {name!r}: the masks were changed after the file was written"
            )


def test_a_changed_manifest_is_found(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    data = path.read_bytes()
    eight, nine = b'\\"weight_bits\\": 8', b'\\"weight_bits\\": 9'  # one bit apart
    path.write_bytes(data.replace(eight, nine, 1))
    assert load_trace(path).layers[0].shape.weight_bits == 9
    (problem,) = check_trace(path)
    assert problem.startswith(f"{path}: the manifest was changed after the file was written")


def test_only_the_changed_shard_is_named(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=3)
    _flip(paths[1], 0)
    (problem,) = check_trace(tmp_path / "tiny")
    assert problem.startswith(f"{paths[1]}: layer 'conv'")


@pytest.mark.parametrize("digests", ["", "[]", "{", "3"])
def test_digests_that_cannot_be_read_are_a_change(tmp_path: Path, digests: str) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    header = header_of(path)
    header["__metadata__"]["pgsim_sha256"] = digests
    rewrite(path, header)
    load_trace(path)
    (problem,) = check_trace(path)
    assert "'pgsim_sha256' is no JSON object" in problem


def test_a_file_without_digests_is_fine(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    _drop_digests(path)
    _flip(path, 0)
    assert check_trace(path) == []


@pytest.mark.parametrize("chunk_words", [1, 2**20])
def test_set_padding_bits_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_words: int
) -> None:
    monkeypatch.setattr("pgsim.workload.layer_trace._CHUNK_WORDS", chunk_words)
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=2)
    data = bytearray(paths[1].read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    row = 16  # bytes of one image and channel of `conv`: 72 positions and 56 bits of padding
    data[begin + (2 * 4 + 3) * row + 9] |= 1  # image 2 of this shard, channel 3, bit 72
    data[begin + (1 * 4 + 0) * row + 15] |= 128  # image 1, channel 0, bit 127
    paths[1].write_bytes(data)
    load_trace(tmp_path / "tiny")
    _drop_digests(paths[1])
    assert check_trace(tmp_path / "tiny") == [
        "trace 'tiny': layer 'conv', image 3, channel 0: padding bits after position 71 are set",
        "trace 'tiny': layer 'conv', image 4, channel 3: padding bits after position 71 are set",
    ]


def test_many_set_padding_bits_are_counted(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    data = path.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    path.write_bytes(data[:begin] + b"\xff" * (len(data) - begin))
    _drop_digests(path)
    problems = check_trace(path)
    assert len(problems) == 11 + 5 + 11  # 20 rows of conv, 5 of region, 30 of hidden
    assert problems[10] == "trace 'tiny': layer 'conv': and 10 rows more"


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
    _drop_digests(path)
    assert len(check_trace(path)) == told
