"""The operands file: what is saved is what is loaded, and every error says what to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from operand_cases import CONV, LINEAR, random_operands
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from pgsim.errors import InputError
from pgsim.files import shipped, shipped_names
from pgsim.workload import Operands, layer_shape, load_operands, load_trace, save_operands

SHIPPED = shipped_names("traces", ".operands.safetensors")
DIGITS = "digits_pg_4_2"
LARGEST = {"char_lstm_pg_4_2": 1_000_000}  # bytes; its weights alone are 850,000


@pytest.mark.parametrize("name", SHIPPED)
def test_committed_operands_name_the_committed_trace(name: str) -> None:
    operands = load_operands(name)
    path = shipped("traces", name, ".safetensors")
    assert operands.trace == name
    assert operands.trace_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert shipped("traces", name, ".operands.safetensors").stat().st_size < LARGEST.get(
        name, 700_000
    )


def test_operands_are_no_trace() -> None:
    assert DIGITS in shipped_names("traces", ".operands.safetensors")
    assert not [name for name in shipped_names("traces", ".safetensors") if "operands" in name]
    with pytest.raises(InputError, match="no pgsim trace"):
        load_trace(shipped("traces", DIGITS, ".operands.safetensors"))


@pytest.fixture
def both() -> Operands:
    conv, linear = (random_operands(layer_shape(fields)) for fields in (CONV, LINEAR))
    layers = (conv, replace(linear, opens_near_zero=True))
    return Operands("noise", "0123456789abcdef" * 4, 7, layers)


def test_what_is_saved_is_what_is_loaded(both: Operands, tmp_path: Path) -> None:
    path = save_operands(both, tmp_path / "noise")
    assert path == tmp_path / "noise.operands.safetensors"
    loaded = load_operands(path)
    assert (loaded.trace, loaded.trace_sha256, loaded.first_image, loaded.images) == (
        "noise",
        "0123456789abcdef" * 4,
        7,
        2,
    )
    for layer, expected in zip(loaded.layers, both.layers, strict=True):
        assert (layer.shape, layer.opens_near_zero) == (expected.shape, expected.opens_near_zero)
        for part in ("activations", "weights", "thresholds"):
            assert getattr(layer, part).dtype == getattr(expected, part).dtype
            np.testing.assert_array_equal(getattr(layer, part), getattr(expected, part))
    again = save_operands(loaded, tmp_path / "again.operands.safetensors")
    assert again.read_bytes() == path.read_bytes()


Tensors, Manifest = dict[str, Any], dict[str, Any]


def _set(name: str, change: Callable[[Any], Any]) -> Callable[[Tensors, Manifest], None]:
    return lambda tensors, manifest: tensors.update({name: change(tensors[name])})


def _tell(**fields: object) -> Callable[[Tensors, Manifest], None]:
    return lambda tensors, manifest: manifest.update(fields)


def _first(value: int, others: int) -> Callable[[npt.NDArray[Any]], npt.NDArray[Any]]:
    """Return what makes of a tensor one of the same shape, of which one number is another."""

    def make(tensor: npt.NDArray[Any]) -> npt.NDArray[Any]:
        made = np.full_like(tensor, others)
        made.flat[0] = value
        return made

    return make


WRONG = {
    "dtype": (
        _set("conv.activations", lambda a: a.astype("int8")),
        r"layer 'conv': tensor 'conv\.activations' should be uint8 \[2, 4, 7, 6\] "
        r"\(images, in channels, height, width\), is int8 \[2, 4, 7, 6\]",
    ),
    "size": (
        _set("linear.weights", lambda a: a[..., 0, 0]),
        r"layer 'linear': tensor 'linear\.weights' should be int16 \[3, 5, 1, 1\] .*is int16 "
        r"\[3, 5\]",
    ),
    "images": (_tell(images=3), r"conv\.activations' should be uint8 \[3, 4, 7, 6\]"),
    "range": (
        _set("conv.activations", lambda a: np.full_like(a, 16)),
        r"tensor 'conv\.activations' should hold integers from 0 to 15, holds 16 to 16",
    ),
    "one too large": (
        _set("conv.activations", _first(16, others=0)),
        r"'conv\.activations' should hold integers from 0 to 15, holds 0 to 16",
    ),
    "one too small": (
        _set("linear.weights", _first(-2049, others=5)),
        r"'linear\.weights' should hold integers from -2048 to 2047, holds -2049 to 5",
    ),
    "weight range": (
        _set("linear.weights", lambda a: np.full_like(a, -2049)),
        r"'linear\.weights' should hold integers from -2048 to 2047, holds -2049",
    ),
    "thresholds": (
        _set("conv.thresholds", lambda a: a.astype("int64")),
        r"'conv\.thresholds' should be int32 \[6\]",
    ),
    "missing": (
        lambda tensors, manifest: tensors.update({"conv.weight": tensors.pop("conv.weights")}),
        r"tensor 'conv\.weights' is missing\. Did you mean 'conv\.weight'\?",
    ),
    "extra": (
        lambda tensors, manifest: tensors.update({"fc.weights": tensors["conv.weights"]}),
        r"tensor 'fc\.weights' is of no layer in the manifest\.",
    ),
    "ungated": (
        _tell(layers=[{**CONV, "gate": "none"}, LINEAR]),
        r"'conv\.thresholds' should be int32 \[0\] \(out channels\), or none where no outputs are",
    ),
    "layer": (_tell(layers=[{**CONV, "kernel": 3}]), r"layer 'conv': field 'kernel'"),
    "no layers": (_tell(layers=[]), r"field 'layers'"),
    "version": (_tell(format_version=2), r"manifest: field 'format_version': .* not 2"),
    "true version": (
        _tell(format_version=True),
        r"field 'format_version': should be a whole number, not True",
    ),
    "fractional version": (_tell(format_version=1.0), r"should be a whole number, not 1\.0"),
    "digest": (_tell(trace_sha256="abc"), r"field 'trace_sha256'"),
    "first image": (_tell(first_image=-1), r"field 'first_image': .* not -1"),
    "opens_near_zero": (
        _tell(opens_near_zero=["liner"]),
        r"field 'opens_near_zero': 'liner' is no layer whose outputs are gated\. "
        r"Did you mean 'linear'\?",
    ),
    "unknown field": (_tell(traces="x"), r"unknown field 'traces'\. Did you mean 'trace'\?"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_errors_say_where_and_what_was_expected(
    change: Callable[[Tensors, Manifest], None], message: str, both: Operands, tmp_path: Path
) -> None:
    path = save_operands(both, tmp_path / "noise")
    tensors = load_file(path)
    manifest = {
        "format_version": 1,
        "trace": "noise",
        "trace_sha256": both.trace_sha256,
        "first_image": 7,
        "images": 2,
        "layers": [CONV, LINEAR],
    }
    change(tensors, manifest)
    save_file(tensors, path, {"pgsim_operands": json.dumps(manifest)})
    with pytest.raises(InputError, match=message) as error:
        load_operands(path)
    assert str(error.value).startswith(f"{path}: ")


def test_what_could_not_be_loaded_is_not_saved(both: Operands, tmp_path: Path) -> None:
    wide = replace(both.layers[0], weights=both.layers[0].weights.astype("int16"))
    with pytest.raises(InputError, match=r"'conv\.weights' should be int8"):
        save_operands(replace(both, layers=(wide,)), tmp_path / "noise")
    with pytest.raises(InputError, match=r"does not exist"):
        save_operands(both, tmp_path / "no" / "noise")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "no operands file: its safetensors metadata has no key 'pgsim_operands'"),
        ({"pgsim_operands": "{"}, "the manifest is not JSON"),
        ({"pgsim_operands": "[]"}, "manifest: "),
    ],
)
def test_other_files_are_refused(
    metadata: dict[str, str] | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"x": np.zeros(3)}, path, metadata)
    with pytest.raises(InputError, match=message):
        load_operands(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"images": 2', '"images": 3, "images": 2', "the manifest holds the key 'images' twice"),
        ('"first_image": 7', '"first_image": Infinity', "the manifest holds Infinity"),
        ('"trace": "noise"', '"trace": "\\ud800"', "the manifest is not JSON"),
        ('"name": "conv"', '"name": "\\u202econv"', "a non-empty name of printable characters"),
        ('"images": 2', '"images": 1000000000000', "'images': should be less than or equal to"),
        ('"trace": "noise"', f'"trace": "{"n" * 10**6}"', "'trace': String should have at most"),
    ],
)
def test_manifests_are_read_strictly(
    old: str, new: str, message: str, both: Operands, tmp_path: Path
) -> None:
    path = save_operands(both, tmp_path / "noise")
    with safe_open(path, framework="numpy") as file:
        text = file.metadata()["pgsim_operands"]
    assert text.count(old) == 1
    save_file(load_file(path), path, {"pgsim_operands": text.replace(old, new)})
    with pytest.raises(InputError, match=message) as caught:
        load_operands(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert len(str(caught.value)) < len(str(path)) + 300


def test_a_name_that_no_file_holds_is_not_written(both: Operands, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="field 'trace': should be a valid string"):
        save_operands(replace(both, trace="r\udcfcn"), tmp_path / "noise")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kept", [0, 7, 200, -1])
def test_a_file_cut_short_is_refused(kept: int, both: Operands, tmp_path: Path) -> None:
    path = save_operands(both, tmp_path / "noise")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match="not a readable operands file"):
        load_operands(path)


def test_a_dtype_that_numpy_lacks_is_refused(tmp_path: Path) -> None:
    # Not BF16, which numpy has where ml_dtypes is imported, as by onnx.
    header = json.dumps({"x": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}).encode()
    path = tmp_path / "float8.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(1))
    with pytest.raises(InputError, match="not a readable operands file"):
        load_operands(path)


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(InputError, match=rf"Did you mean '{DIGITS}'\?"):
        load_operands("digits_pg_4_3")
