"""Margins files: the committed one is the committed trace's, and every error says what to do."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from margin_cases import CONV, FIRST, IMAGES, RECURRENT
from operand_cases import COMMITTED
from safetensors.numpy import load_file, save_file

from pgsim.errors import InputError
from pgsim.files import shipped, shipped_names
from pgsim.masks import (
    Margins,
    layer_margins,
    load_margins,
    margins_beside,
    moved_thresholds,
    save_margins,
)
from pgsim.workload import GateTrace, load_operands, load_trace, save_trace

DIGITS = "digits_pg_4_2"


def test_every_trace_of_gated_outputs_has_margins() -> None:
    traces = {name: load_trace(name) for name in shipped_names("traces", ".safetensors")}
    gated = {n for n, t in traces.items() if any(each.shape.gated for each in t.layers)}
    assert set(shipped_names("traces", ".margins.safetensors")) == gated == set(COMMITTED)


@pytest.mark.parametrize(("name", "images"), COMMITTED.items(), ids=COMMITTED)
def test_committed_margins_give_the_committed_masks_bit_for_bit(name: str, images: int) -> None:
    margins, trace = load_margins(name), load_trace(name)
    assert margins.images == images
    moved = moved_thresholds(trace, margins, 0)
    for layer, committed in zip(moved.layers, trace.layers, strict=True):
        assert layer.shape == committed.shape
        if layer.shape.gated:
            assert 0 < layer.density() < 1
            np.testing.assert_array_equal(layer.unpack(), committed.unpack(0, images))


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_margins_are_those_of_the_committed_operands(name: str) -> None:
    margins, operands = load_margins(name), load_operands(name)
    for layer, own in zip(margins.layers, operands.layers, strict=True):
        assert layer.shape == own.shape
        np.testing.assert_array_equal(layer.margins, layer_margins(own, 1.0).margins)


def test_committed_margins_name_the_committed_trace() -> None:
    margins = load_margins(DIGITS)
    path = shipped("traces", DIGITS, ".safetensors")
    assert (margins.trace, margins.first_image) == (DIGITS, 0)
    assert margins.trace_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert shipped("traces", DIGITS, ".margins.safetensors").stat().st_size < 30_000
    assert not [name for name in shipped_names("traces", ".safetensors") if "margins" in name]


def test_what_is_saved_is_what_is_loaded(both: tuple[GateTrace, Margins], tmp_path: Path) -> None:
    trace, margins = both
    margins = replace(
        margins, layers=tuple(replace(each, margin_step=0.1 / 3) for each in margins.layers)
    )
    path = save_margins(margins, tmp_path / "noise")
    assert path == tmp_path / "noise.margins.safetensors"
    save_trace(trace, tmp_path / "noise", shards=2)
    for loaded in (load_margins(path), margins_beside(tmp_path / "noise")):
        assert (loaded.trace, loaded.trace_sha256) == ("noise", margins.trace_sha256)
        assert (loaded.first_image, loaded.images) == (FIRST, IMAGES)
        for layer, expected in zip(loaded.layers, margins.layers, strict=True):
            assert (layer.shape, layer.margin_step) == (expected.shape, expected.margin_step)
            assert layer.margins.dtype == np.int8
            np.testing.assert_array_equal(layer.margins, expected.margins)
    again = save_margins(load_margins(path), tmp_path / "again.margins.safetensors")
    assert again.read_bytes() == path.read_bytes()


def test_the_margins_beside_a_shipped_trace_are_found() -> None:
    assert margins_beside(DIGITS).trace == DIGITS


def test_a_trace_without_margins_is_told_how_to_get_them(
    both: tuple[GateTrace, Margins], tmp_path: Path
) -> None:
    (path,) = save_trace(both[0], tmp_path / "noise")
    with pytest.raises(InputError) as error:
        margins_beside(path)
    text = str(error.value)
    assert text.startswith(f"{tmp_path / 'noise.margins.safetensors'}: no such file, so thresholds")
    assert "pgsim.gating.gate_margins" in text and "save_margins" in text


Tensors, Manifest = dict[str, Any], dict[str, Any]


def _tell(**fields: object) -> Callable[[Tensors, Manifest], None]:
    return lambda tensors, manifest: manifest.update(fields)


WRONG = {
    "dtype": (
        lambda tensors, manifest: tensors.update(
            {"conv.gate_margin": tensors["conv.gate_margin"].view("uint8")}
        ),
        r"layer 'conv': tensor 'conv\.gate_margin' should be int8 \[2, 6, 3, 5\] "
        r"\(images, channels, height, width\), is uint8 \[2, 6, 3, 5\]",
    ),
    "images": (_tell(images=3), r"'conv\.gate_margin' should be int8 \[3, 6, 3, 5\]"),
    "missing": (
        lambda tensors, manifest: tensors.pop("recurrent.gate_margin"),
        r"tensor 'recurrent\.gate_margin' is missing\.",
    ),
    "ungated": (
        _tell(layers=[{**CONV, "gate": "none"}, RECURRENT]),
        r"layer 'conv': gate is 'none', expected 'output': .* have margins",
    ),
    "no step": (
        _tell(margin_steps={"conv": 0.5, "curent": 0.5}),
        r"field 'margin_steps': expected one for each layer \(conv, recurrent\), not conv, curent",
    ),
    "step of nothing": (_tell(margin_steps={"conv": 0.5, "recurrent": 0.0}), r"margin_steps"),
    "infinite step": (_tell(margin_steps={"conv": 0.5, "recurrent": math.inf}), r"Infinity"),
    "steps": (_tell(margin_steps=[0.5, 0.5]), r"field 'margin_steps'"),
    "version": (_tell(format_version=2), r"manifest: field 'format_version': .* not 2"),
    "true version": (
        _tell(format_version=True),
        r"field 'format_version': should be a whole number, not True",
    ),
    "fractional version": (_tell(format_version=1.0), r"should be a whole number, not 1\.0"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_errors_say_where_and_what_was_expected(
    change: Callable[[Tensors, Manifest], None],
    message: str,
    both: tuple[GateTrace, Margins],
    tmp_path: Path,
) -> None:
    path = save_margins(both[1], tmp_path / "noise")
    tensors = load_file(path)
    manifest = {
        "format_version": 1,
        "trace": "noise",
        "trace_sha256": both[1].trace_sha256,
        "first_image": FIRST,
        "images": IMAGES,
        "layers": [CONV, RECURRENT],
        "margin_steps": {"conv": 0.5, "recurrent": 0.5},
    }
    change(tensors, manifest)
    save_file(tensors, path, {"pgsim_margins": json.dumps(manifest)})
    with pytest.raises(InputError, match=message) as error:
        load_margins(path)
    assert str(error.value).startswith(f"{path}: ")


def test_operands_are_no_margins() -> None:
    with pytest.raises(InputError, match=r"no margins file: .* no key 'pgsim_margins'"):
        load_margins(shipped("traces", DIGITS, ".operands.safetensors"))
