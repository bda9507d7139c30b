"""Traces in several files along their images."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from trace_cases import assert_same, header_of, manifest_of, rewrite, tiny_trace

from pgsim.errors import InputError
from pgsim.workload.saved_trace import load_trace, save_trace


def test_shards_load_by_common_name_or_any_of_them(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny.safetensors", shards=3)
    assert [path.name for path in paths] == [
        f"tiny-0000{number}-of-00003.safetensors" for number in (1, 2, 3)
    ]
    assert [manifest_of(path)["images"] for path in paths] == [1, 2, 2]
    names: list[str | Path] = [tmp_path / "tiny", str(tmp_path / "tiny.safetensors"), *paths]
    for given_name in names:
        loaded = load_trace(given_name)
        assert loaded.name == "tiny"
        assert_same(loaded, tiny_trace())
    assert len(loaded.layers[1].shards) == 3


def test_a_shard_is_a_trace_of_its_own(tmp_path: Path) -> None:
    second = save_trace(tiny_trace(), tmp_path / "tiny", shards=2)[1]
    alone = second.rename(tmp_path / "alone.safetensors")
    assert load_trace(alone).images == 3
    assert np.array_equal(load_trace(alone).layers[1].unpack(), tiny_trace().layers[1].unpack(2))


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=3)
    paths[0].unlink()
    for given_name in (tmp_path / "tiny", paths[2]):
        with pytest.raises(InputError, match="1 of 3 shards missing: tiny-00001-of-00003"):
            load_trace(given_name)


def test_shards_of_two_cuts_are_refused(tmp_path: Path) -> None:
    two = save_trace(tiny_trace(), tmp_path / "tiny", shards=2)
    with pytest.raises(InputError, match="holds a trace of this name in other shards"):
        save_trace(tiny_trace(), tmp_path / "tiny", shards=3)
    with pytest.raises(InputError, match="holds a trace of this name in other shards"):
        save_trace(tiny_trace(), tmp_path / "tiny")
    (tmp_path / "tiny-00001-of-00003.safetensors").write_bytes(two[0].read_bytes())
    with pytest.raises(InputError, match=r"tiny-00001-of-00003.* is no shard of 2"):
        load_trace(two[0])


def test_shards_that_disagree_are_refused(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=2)
    header = header_of(paths[1])
    manifest = json.loads(header["__metadata__"]["pgsim"]) | {"model": "huge"}
    header["__metadata__"]["pgsim"] = json.dumps(manifest)
    rewrite(paths[1], header)
    with pytest.raises(
        InputError, match=r"00002-of-00002.*: model in the manifest should be as in"
    ):
        load_trace(tmp_path / "tiny")


@pytest.mark.parametrize(
    "name", ["tiny-00000-of-00002", "tiny-00003-of-00002", "tiny-00001-of-00000"]
)
def test_impossible_shard_numbers(tmp_path: Path, name: str) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "plain")
    path.rename(tmp_path / f"{name}.safetensors")
    with pytest.raises(InputError, match="shard"):
        load_trace(tmp_path / f"{name}.safetensors")


@pytest.mark.parametrize("shards", [1, 2, 4, 5])
def test_as_many_shards_as_images_at_most(tmp_path: Path, shards: int) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards)
    assert len(paths) == shards
    layer = load_trace(tmp_path / "tiny").layers[1]
    assert [len(shard) for shard in layer.shards] == {
        1: [5],
        2: [2, 3],
        4: [1, 1, 1, 2],
        5: [1] * 5,
    }[shards]
    assert np.array_equal(layer.mask_words(), tiny_trace().layers[1].mask_words())


@pytest.mark.parametrize("shards", [0, 6, -1])
def test_impossible_cuts(tmp_path: Path, shards: int) -> None:
    with pytest.raises(InputError, match=f"5 images cannot be cut into {shards} shards"):
        save_trace(tiny_trace(), tmp_path / "tiny", shards)
