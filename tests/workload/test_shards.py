"""Traces in several files along their images."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from trace_cases import (
    as_version_1,
    assert_same,
    header_of,
    manifest_of,
    rewrite,
    seal,
    tiny_trace,
)

from pgsim.errors import InputError
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.saved_trace import check_trace, join_traces, load_trace, save_trace
from pgsim.workload.trace import GateTrace


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


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("name", ["tiny", "other"])
def test_a_shard_under_another_name_is_no_whole_trace(
    tmp_path: Path, name: str, number: int, verify: bool
) -> None:
    shard = save_trace(tiny_trace(), tmp_path / "tiny", shards=3)[number - 1]
    whole = tmp_path / f"{name}.safetensors"
    whole.write_bytes(shard.read_bytes())
    message = (
        rf"{name}\.safetensors: holds shard {number} of 3, and is no whole trace: put it beside "
        rf"the other shards, .* as '{name}-0000{number}-of-00003\.safetensors'"
    )
    for given_name in (whole, tmp_path / name):
        with pytest.raises(InputError, match=message) as caught:
            load_trace(given_name, verify=verify)
        assert check_trace(given_name) == [str(caught.value)]


def test_a_whole_trace_has_any_name(tmp_path: Path) -> None:
    (whole,) = save_trace(tiny_trace(), tmp_path / "tiny")
    for name in ("other", "other-00001-of-00001"):
        assert_same(load_trace(whole.rename(tmp_path / f"{name}.safetensors")), tiny_trace())
        (whole,) = tmp_path.glob("other*")


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


def test_each_file_says_which_of_how_many_it_is(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=3)
    places = [manifest_of(path)["shard"] for path in paths]
    assert [(each["index"], each["total"]) for each in places] == [(1, 3), (2, 3), (3, 3)]
    marks = [each["capture_sha256"] for each in places]
    seal(*paths)  # which computes the mark from the format's description
    assert [manifest_of(path)["shard"]["capture_sha256"] for path in paths] == marks
    assert len(set(marks)) == 1
    assert_same(load_trace(tmp_path / "tiny"), tiny_trace())


def _other_trace() -> GateTrace:
    """A trace that differs from the tiny one in one bit of its last image."""
    layer, words = tiny_trace().layers[1], tiny_trace().layers[1].mask_words().copy()
    words[4, 0, 0] ^= 1
    layers = [
        LayerTrace(layer.shape, (words,)) if each.shape == layer.shape else each
        for each in tiny_trace().layers
    ]
    return replace(tiny_trace(), layers=tuple(layers))


def _copied(paths: tuple[Path, ...], folder: Path) -> None:
    paths[1].write_bytes(paths[0].read_bytes())


def _swapped(paths: tuple[Path, ...], folder: Path) -> None:
    first, second = paths[0].read_bytes(), paths[1].read_bytes()
    paths[0].write_bytes(second)
    paths[1].write_bytes(first)


def _of_another_trace(paths: tuple[Path, ...], folder: Path) -> None:
    others = save_trace(_other_trace(), folder / "other", shards=3)
    others[0].replace(paths[0])  # the same masks: only the last image differs
    for path in others[1:]:
        path.unlink()


def _of_another_cut(paths: tuple[Path, ...], folder: Path) -> None:
    others = save_trace(tiny_trace(), folder / "other", shards=4)
    others[1].replace(paths[1])
    for path in (others[0], *others[2:]):
        path.unlink()


def _of_version_1(paths: tuple[Path, ...], folder: Path) -> None:
    as_version_1(paths[1])


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize(
    ("mix_up", "message"),
    [
        (_copied, "00002-of-00003.*holds shard 1 of 3, expected shard 2 of 3"),
        (_swapped, "00001-of-00003.*holds shard 2 of 3, expected shard 1 of 3"),
        (_of_another_trace, "00002-of-00003.*'capture_sha256' .* should be as in .*00001-of-00003"),
        (_of_another_cut, "00002-of-00003.*holds shard 2 of 4, expected shard 2 of 3"),
        (_of_version_1, "00002-of-00003.*format_version in the manifest should be as in"),
    ],
)
def test_shards_that_do_not_belong_together_are_refused(
    tmp_path: Path,
    mix_up: Callable[[tuple[Path, ...], Path], None],
    message: str,
    verify: bool,
) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=3)
    mix_up(paths, tmp_path)
    for name in (tmp_path / "tiny", paths[2]):
        with pytest.raises(InputError, match=message) as caught:
            load_trace(name, verify=verify)
        assert check_trace(name) == [str(caught.value)]


def test_shards_of_version_1_are_read(tmp_path: Path) -> None:
    for path in save_trace(tiny_trace(), tmp_path / "tiny", shards=3):
        as_version_1(path, digests=True)
    assert_same(load_trace(tmp_path / "tiny"), tiny_trace())


def _images(trace: GateTrace, start: int, stop: int) -> GateTrace:
    """Some images of a trace, as a trace of their own."""
    layers = tuple(
        replace(layer, shards=(layer.mask_words(start, stop).copy(),)) if layer.shards else layer
        for layer in trace.layers
    )
    return replace(trace, images=stop - start, layers=layers)


def test_traces_are_joined_a_file_each(tmp_path: Path) -> None:
    paths = save_trace(tiny_trace(), tmp_path / "tiny", shards=3)
    contents = [path.read_bytes() for path in paths]
    parts = [_images(tiny_trace(), *bounds) for bounds in ((0, 1), (1, 3), (3, 5))]
    assert join_traces(parts, tmp_path / "tiny") == paths
    assert [path.read_bytes() for path in paths] == contents


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
