"""Trace files: what is written is what is read, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from trace_cases import (
    LAYERS,
    as_version_1,
    assert_same,
    conv_fields,
    header_of,
    manifest_of,
    rewrite,
    tiny_masks,
    tiny_trace,
)

from pgsim.errors import InputError
from pgsim.workload.saved_trace import check_trace, load_trace, save_trace
from pgsim.workload.trace import GateTrace


def test_the_round_trip_is_exact(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    assert path == tmp_path / "tiny.safetensors"
    loaded = load_trace(path)
    assert loaded.name == "tiny"
    assert_same(loaded, tiny_trace())
    (again,) = save_trace(loaded, tmp_path / "again.safetensors")
    assert again.read_bytes() == path.read_bytes()
    assert check_trace(path) == []
    assert sorted(tmp_path.iterdir()) == [again, path]


def test_the_file_is_what_the_safetensors_library_writes(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    tensors = load_file(path)
    assert {name: (str(each.dtype), each.shape) for name, each in tensors.items()} == {
        "conv.gate_mask": ("uint8", (5, 4, 16)),
        "region.gate_mask": ("uint8", (5, 1, 16)),
        "hidden.gate_mask": ("uint8", (5, 6, 8)),
    }
    bits = np.unpackbits(tensors["conv.gate_mask"], axis=-1, bitorder="little")
    assert np.array_equal(bits[..., :72], tiny_masks()["conv"].reshape(5, 4, 72))
    assert not bits[..., 72:].any()
    theirs = tmp_path / "theirs.safetensors"
    save_file(tensors, theirs, header_of(path)["__metadata__"])
    assert_same(load_trace(theirs), tiny_trace())
    as_version_1(path)
    save_file(tensors, theirs, {"pgsim": json.dumps(manifest_of(path))})
    assert_same(load_trace(theirs), tiny_trace())


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_shape_round_trips(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    images = data.draw(st.integers(1, 7), "images")
    shards = data.draw(st.integers(1, images), "shards")
    layers, masks = [], {}
    for number in range(data.draw(st.integers(1, 3), "layers")):
        size = [data.draw(st.integers(1, 15)), data.draw(st.integers(1, 15))]
        channels = data.draw(st.integers(1, 5))
        layers.append(conv_fields(f"layer {number}", in_size=size, out_channels=channels))
        generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
        masks[f"layer {number}"] = generator.random((images, channels, *size)) < generator.random()
    trace = GateTrace.from_masks(masks, layers)
    path = tmp_path_factory.mktemp("any") / "any"
    save_trace(trace, path, shards)
    loaded = load_trace(path)
    assert_same(loaded, trace)
    for layer in loaded.layers:
        mask = masks[layer.shape.name]
        assert np.array_equal(layer.unpack(), mask.reshape(*mask.shape[:2], -1))
    assert check_trace(path) == []


def test_masks_are_mapped_not_read(tmp_path: Path) -> None:
    save_trace(tiny_trace(), tmp_path / "tiny")
    layers = load_trace(tmp_path / "tiny").layers[1:]
    for layer in layers:
        words = layer.mask_words(1, 3)
        assert isinstance(_root(words), np.memmap)
        assert np.shares_memory(words, layer.shards[0])
        assert words.dtype == np.uint64
        assert words.flags.aligned and not words.flags.writeable
    assert _root(layers[0].shards[0]) is _root(layers[1].shards[0])  # one mapping per file


def _root(array: Any) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def test_an_unaligned_file_is_copied(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    rewrite(path, header_of(path), pad=3)
    loaded = load_trace(path)
    assert_same(loaded, tiny_trace())
    assert loaded.layers[1].shards[0].flags.aligned
    assert not loaded.layers[1].shards[0].flags.writeable


def test_saving_over_a_loaded_trace_leaves_it_readable(tmp_path: Path) -> None:
    save_trace(tiny_trace(), tmp_path / "tiny")
    loaded = load_trace(tmp_path / "tiny")
    save_trace(loaded, tmp_path / "tiny")
    assert_same(load_trace(tmp_path / "tiny"), tiny_trace())


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(object(), id="no value of JSON"),
        pytest.param(float("nan"), id="no number"),
        pytest.param([1, {"rate": float("inf")}], id="no finite number"),
        pytest.param("\ud800", id="half a character"),
    ],
)
def test_a_failed_save_leaves_what_stood_there(tmp_path: Path, value: object) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    before = path.read_bytes()
    bad = GateTrace.from_masks(tiny_masks(), LAYERS, provenance={"when": value})
    with pytest.raises(InputError, match="the provenance cannot be written as JSON"):
        save_trace(bad, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_does_not_exist_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        save_trace(tiny_trace(), tmp_path / "nowhere" / "tiny")


@pytest.mark.parametrize("name", ["q.npz", "q.NPY", "q.pt", "q.csv", "q.json", "q.safetensor"])
def test_a_name_of_another_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"{name}: a trace is a \.safetensors file"):
        save_trace(tiny_trace(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_any_other_ending_is_part_of_the_name(tmp_path: Path) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "shufflenetv2_0.5x")
    assert path.name == "shufflenetv2_0.5x.safetensors"
    assert load_trace(tmp_path / "shufflenetv2_0.5x").name == "shufflenetv2_0.5x"


def test_a_folder_is_no_name(tmp_path: Path) -> None:
    (tmp_path / "tiny.safetensors").mkdir()
    for path in ("", tmp_path / "tiny"):
        with pytest.raises(InputError, match="a folder"):
            save_trace(tiny_trace(), path)
