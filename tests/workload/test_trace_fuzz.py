"""Whatever a file holds, loading it gives a trace or an InputError, and nothing else."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from pgsim.errors import InputError
from pgsim.workload.saved_trace import check_trace, load_trace, save_trace
from pgsim.workload.trace import GateTrace

TRIALS = 400


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    layer = {
        "name": "conv",
        "op": "conv2d",
        "in_channels": 3,
        "out_channels": 4,
        "in_size": [9, 8],
        "kernel": [3, 3],
        "padding": [0, 2, 1, 1],
        "activation_bits": 4,
        "msb_bits": 2,
        "weight_bits": 8,
        "gate": "output",
    }
    linear = {
        "name": "fc",
        "op": "linear",
        "in_channels": 64,
        "out_channels": 10,
        "positions": 1,
        "activation_bits": 8,
        "weight_bits": 8,
        "gate": "none",
        "inputs": ["conv", "network"],
        "zeros": {"activation": [[0, 8, 0.5]], "weight": [[0, 8, 0.125]]},
    }
    masks = {"conv": np.random.default_rng(0).random((2, 4, 9, 8)) < 0.5}
    trace = GateTrace.from_masks(
        masks, [layer, linear], accuracy={"top1": 0.9}, provenance={"seed": 1}
    )
    return save_trace(trace, tmp_path_factory.mktemp("fuzz") / "intact")[0].read_bytes()


def _header_end(data: bytes) -> int:
    return 8 + int.from_bytes(data[:8], "little")


def _survives(path: Path, data: bytes) -> bool:
    """Load and check these bytes; return whether they were accepted."""
    path.write_bytes(data)
    try:
        trace = load_trace(path)
    except InputError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)
        return False
    check_trace(path)
    assert all(len(layer.unpack()) == trace.images for layer in trace.layers if layer.shards)
    return True


def test_truncations(intact: bytes, tmp_path: Path) -> None:
    generator = random.Random(1)
    lengths = [*range(12), *(generator.randrange(len(intact)) for _ in range(TRIALS // 2))]
    assert not any(_survives(tmp_path / "cut.safetensors", intact[:length]) for length in lengths)


def test_every_bit_of_the_length(intact: bytes, tmp_path: Path) -> None:
    for bit in range(64):
        data = bytearray(intact)
        data[bit // 8] ^= 1 << bit % 8
        assert not _survives(tmp_path / "length.safetensors", bytes(data))


def test_bit_flips_in_the_header(intact: bytes, tmp_path: Path) -> None:
    generator = random.Random(2)
    for _ in range(TRIALS):
        data = bytearray(intact)
        for _ in range(generator.choice((1, 1, 1, 2, 8))):
            data[generator.randrange(8, _header_end(intact))] ^= 1 << generator.randrange(8)
        _survives(tmp_path / "flip.safetensors", bytes(data))


def test_a_flipped_bit_of_the_data_is_found(intact: bytes, tmp_path: Path) -> None:
    path = tmp_path / "data.safetensors"
    for place in range(_header_end(intact), len(intact)):
        data = bytearray(intact)
        data[place] ^= 1 << place % 8
        path.write_bytes(data)
        assert any("layer 'conv': the masks were changed" in each for each in check_trace(path))


def test_a_flipped_bit_of_the_manifest_is_found(intact: bytes, tmp_path: Path) -> None:
    path = tmp_path / "manifest.safetensors"
    begin = intact.index(b'{\\"format_version')
    for place in range(begin, intact.index(b'"pgsim_sha256"')):
        data = bytearray(intact)
        data[place] ^= 1
        path.write_bytes(data)
        assert check_trace(path)


def test_bytes_of_json_in_the_header(intact: bytes, tmp_path: Path) -> None:
    generator = random.Random(3)
    for _ in range(TRIALS):
        data = bytearray(intact)
        place = generator.randrange(8, _header_end(intact))
        data[place] = generator.choice(b'{}[]",:\\0123456789-.eEntf \x00\xff')
        _survives(tmp_path / "byte.safetensors", bytes(data))


def test_splices(intact: bytes, tmp_path: Path) -> None:
    generator = random.Random(4)
    for _ in range(TRIALS):
        begin, end = sorted(generator.randrange(8, _header_end(intact)) for _ in range(2))
        place = generator.randrange(8, _header_end(intact))
        header = intact[8:place] + intact[begin:end] + intact[place : _header_end(intact)]
        if generator.random() < 0.5:  # taken out, not put in
            header = intact[8:begin] + intact[end : _header_end(intact)]
        data = len(header).to_bytes(8, "little") + header + intact[_header_end(intact) :]
        _survives(tmp_path / "splice.safetensors", data)


def test_numbers_of_the_manifest(intact: bytes, tmp_path: Path) -> None:
    numbers = ["-1", "0", "1e400", "1.5", "NaN", "null", "true", "9" * 30, "9" * 6000, "[" * 500]
    numbers += ['\\"x\\"', "{}", "[]", "18446744073709551616", '\\"\\\\ud800\\"']
    text = intact[8 : _header_end(intact)].decode()
    places = [i for i, (a, b) in enumerate(pairwise(text)) if a == " " and b.isdigit()]
    assert len(places) > 20
    for place in places:
        for number in numbers:
            end = place + 1
            while text[end].isdigit() or text[end] == ".":
                end += 1
            header = f"{text[: place + 1]}{number}{text[end:]}".encode()
            data = len(header).to_bytes(8, "little") + header + intact[_header_end(intact) :]
            _survives(tmp_path / "number.safetensors", data)


def test_noise(tmp_path: Path) -> None:
    generator = random.Random(5)
    for length in (0, 1, 7, 8, 9, 64, 1000, 100_000):
        for _ in range(5):
            noise = generator.randbytes(length)
            assert not _survives(tmp_path / "noise.safetensors", noise)
