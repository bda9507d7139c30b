"""Files that are no trace: every error names the file and says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from trace_cases import (
    LAYERS,
    assert_same,
    conv_fields,
    header_of,
    manifest_of,
    rewrite,
    tiny_trace,
)

from pgsim.errors import InputError
from pgsim.workload.layer import layer_shape
from pgsim.workload.saved_trace import check_trace, load_trace, save_trace


def _edited(change: dict[str, Any]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        header = header_of(path)
        header["__metadata__"]["pgsim"] = json.dumps(manifest_of(path) | change)
        rewrite(path, header)

    return edit


def _layer_edited(change: dict[str, Any]) -> Callable[[Path], None]:
    layers: list[dict[str, Any]] = [layer_shape(each).manifest() for each in LAYERS]
    return _edited({"layers": [layers[0], layers[1] | change, *layers[2:]]})


def _metadata(value: Any) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        rewrite(path, {**header_of(path), "__metadata__": value})

    return edit


def _tensor_edited(name: str, **change: Any) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        header = header_of(path)
        header[name] |= change
        rewrite(path, header)

    return edit


def _renamed(name: str, to: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        header = header_of(path)
        header[to] = header.pop(name)
        rewrite(path, header)

    return edit


def _cut(length: int) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(path.read_bytes()[:length]), None)[1]


def _content(data: bytes) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(data), None)[1]


NOT_SAFETENSORS = "not a readable safetensors file"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_content(b""), NOT_SAFETENSORS),
        (_content(b"images,channels\n1,2\n" * 50), NOT_SAFETENSORS),
        (_content((2**62).to_bytes(8, "little") + b"{}"), NOT_SAFETENSORS),
        (_content((2).to_bytes(8, "little") + b"[]"), NOT_SAFETENSORS),
        (_content((2).to_bytes(8, "little") + b"{}"), "metadata has no key 'pgsim'"),
        (_content((10**5).to_bytes(8, "little") + b'{"a":' * 20_000), NOT_SAFETENSORS),
        (_cut(5), NOT_SAFETENSORS),
        (_cut(100), NOT_SAFETENSORS),
        (_cut(-1), NOT_SAFETENSORS),
        (lambda path: (path.write_bytes(path.read_bytes() + b"x"), None)[1], NOT_SAFETENSORS),
        (_metadata({}), "metadata has no key 'pgsim'"),
        (_metadata({"pgsim": 3}), NOT_SAFETENSORS),
        (_metadata({"pgsim": "{"}), "the pgsim manifest is not JSON"),
        (_metadata({"pgsim": "[" * 100_000}), "the pgsim manifest is not JSON"),
        (_metadata({"pgsim": "[1]"}), "manifest should be a JSON object"),
        (
            _metadata({"pgsim": "{}"}),
            "'model' is missing; .*'format_version' is missing",
        ),
        (
            _edited({"format_version": 3, "anything": {}}),
            "format version 3; this pgsim reads versions 1 to 2; upgrade pgsim",
        ),
        (_edited({"format_version": 0}), "'format_version': should be 1 or 2, not 0"),
        (_edited({"format_version": "1"}), "'format_version': should be 1 or 2, not '1'"),
        (_edited({"format_version": True}), "'format_version': should be a whole number, not True"),
        (_edited({"format_version": 1.0}), "'format_version': should be a whole number, not 1.0"),
        (_edited({"format_version": 2.0}), "'format_version': should be a whole number, not 2.0"),
        (_edited({"accuracy": {"top1": -5}}), "'accuracy.top1': should be a fraction .*, not -5"),
        (_edited({"accuracy": {"top5_pg": 1.01}}), "'accuracy.top5_pg': .* 0 to 1, .* not 1.01"),
        (_edited({"accuracy": {"top1_pg": 101}}), "'accuracy.top1_pg': should be a fraction"),
        (_edited({"accuracy": {"loss": 1e300}}), "'accuracy.loss': .*1000000000, not 1e\\+300"),
        (_edited({"accuracy": {"loss": -1.1e9}}), "'accuracy.loss': .*1000000000, not -1100000000"),
        (_edited({"accuracy": {"loss": True}}), "'accuracy.loss': .*number, not True"),
        (_edited({"imagse": 3}), "unknown field 'imagse'. Did you mean 'images'"),
        (_edited({"images": "5"}), "'images': .*integer, not '5'"),
        (_edited({"images": 5.0}), "'images': .*integer, not 5.0"),
        (_edited({"images": 4}), r"layer 'conv': .*should be U8 \[4, 4, 16\].*is U8 \[5, 4, 16\]"),
        (_edited({"mask_source": "guessed"}), "'captured' or 'synthetic', not 'guessed'"),
        (_edited({"layers": []}), "'layers': List should have at least 1 item"),
        (_edited({"layers": [3]}), "'layers.0': .*dictionary"),
        (_edited({"layers": [{}]}), "layer 'without a name': field 'name' is missing"),
        (
            _edited({"layers": [conv_fields("conv"), conv_fields("conv")]}),
            "layer 'conv' appears again",
        ),
        (_layer_edited({"kernel": [1, 1, 1]}), r"layer 'conv': field 'kernel': expected a pair"),
        (_layer_edited({"group": 1}), "layer 'conv': unknown field 'group'. Did you mean 'groups'"),
        (_layer_edited({"gate": "none"}), "tensor 'conv.gate_mask' is of no gated layer"),
        (_layer_edited({"gate": "input"}), r"layer 'conv': .*should be U8 \[5, 1, 16\]"),
        (_layer_edited({"out_channels": 5}), r"layer 'conv': .*should be U8 \[5, 5, 16\]"),
        (
            _layer_edited({"name": "conv9"}),
            "layer 'conv9': tensor .* is missing. Did you mean 'conv.gate_mask'",
        ),
        (
            _renamed("conv.gate_mask", "conv.gatemask"),
            "layer 'conv': tensor 'conv.gate_mask' is missing. Did you mean 'conv.gatemask'",
        ),
        (_tensor_edited("conv.gate_mask", dtype="I8"), r"layer 'conv': .*, is I8 \[5, 4, 16\]"),
        (_tensor_edited("conv.gate_mask", shape=[5, 64]), r"layer 'conv': .*, is U8 \[5, 64\]"),
        (_tensor_edited("conv.gate_mask", data_offsets=[0, 8]), NOT_SAFETENSORS),
        (_tensor_edited("conv.gate_mask", dtype="BOOLEAN"), NOT_SAFETENSORS),
    ],
)
def test_malformed_files(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")
    spoil(path)
    with pytest.raises(InputError, match=message) as caught:
        load_trace(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert check_trace(path) == [str(caught.value)]


def test_a_folder_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder, not a file"):
        load_trace(tmp_path)


@pytest.mark.parametrize("name", ["", ".", "/", "no such trace", "a\0b", "x" * 5000])
def test_names_of_nothing(name: str) -> None:
    with pytest.raises(InputError):
        load_trace(name)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = save_trace(tiny_trace(), tmp_path / "tiny")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pgsim.workload.tensor_file.safe_open", refuse)  # root may read anything
    with pytest.raises(InputError, match=r"tiny\.safetensors: .*Permission denied"):
        load_trace(path)


def test_a_shipped_name_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_trace(tiny_trace(), tmp_path / "tiny")
    monkeypatch.setattr("pgsim.files.shipped_folder", lambda kind: tmp_path)
    assert_same(load_trace("tiny"), tiny_trace())
    with pytest.raises(InputError, match="Did you mean 'tiny'"):
        load_trace("tinny")
