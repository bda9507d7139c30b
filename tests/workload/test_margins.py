"""Gate margins: what moved thresholds would decide, bit for bit, and files of them.

Expected masks are those of `gate_mask` with thresholds really moved (which test_operands.py holds
to the definition), the committed trace's, and margins worked out in Python's own fractions.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from pgsim.errors import InputError
from pgsim.files import shipped, shipped_names
from pgsim.workload import (
    GateTrace,
    LayerOperands,
    LayerShape,
    Margins,
    gate_mask,
    layer_margins,
    layer_shape,
    load_margins,
    load_operands,
    load_trace,
    margins_beside,
    moved_thresholds,
    save_margins,
    save_trace,
)

DIGITS = "digits_pg_4_2"
INT32 = np.iinfo(np.int32)
CONV: dict[str, Any] = {
    "name": "conv",
    "op": "conv2d",
    "in_channels": 4,
    "out_channels": 6,
    "in_size": [5, 6],
    "kernel": [3, 2],
    "stride": [2, 1],
    "padding": [1, 0],
    "dilation": [1, 1],
    "groups": 2,
    "activation_bits": 4,
    "msb_bits": 2,
    "weight_bits": 8,
    "gate": "output",
}
LINEAR: dict[str, Any] = {
    "name": "linear",
    "op": "linear",
    "in_channels": 5,
    "out_channels": 3,
    "positions": 4,
    "activation_bits": 6,
    "msb_bits": 4,
    "weight_bits": 4,
    "gate": "output",
}
RECURRENT = {**LINEAR, "name": "recurrent", "op": "recurrent", "signed": True, "time_steps": 4}
del RECURRENT["positions"]
DENSE = {**LINEAR, "name": "dense", "gate": "none"}
IMAGES, FIRST = 2, 3  # of the margins; the trace below has more


def random_operands(shape: LayerShape, images: int = IMAGES) -> LayerOperands:
    rng = np.random.default_rng(7)
    top, half = 2**shape.activation_bits, 2 ** (shape.weight_bits - 1)
    low = -top // 2 if shape.signed else 0
    size = (images, shape.in_channels, *(shape.in_size or shape.out_size))
    kernels = (shape.out_channels, shape.in_channels_per_group, *shape.kernel)
    return LayerOperands(
        shape,
        rng.integers(low, low + top, size).astype("int8" if shape.signed else "uint8"),
        rng.integers(-half, half, kernels).astype("int8"),
        rng.integers(-half, half, shape.out_channels).astype("int32"),
    )


def masks_at(operands: LayerOperands, rise: int = 0) -> np.ndarray:
    """Return the mask of thresholds `rise` units of O_hb higher."""
    thresholds = operands.thresholds.astype(np.int64) + rise
    return gate_mask(operands.shape, operands.activations, operands.weights, thresholds)


def one_output_each(differences: list[int], threshold: int = 0) -> LayerOperands:
    """Return operands of one channel whose sums exceed its threshold by `differences`.

    A position has two inputs, of I_hb at most 2^14, whose weights are 1 and -1.
    """
    shape = layer_shape(
        LINEAR
        | {"in_channels": 2, "out_channels": 1, "positions": len(differences)}
        | {"activation_bits": 16, "msb_bits": 15, "weight_bits": 2}
    )
    sums = np.array(differences) + threshold
    activations = np.stack([np.maximum(sums, 0), np.maximum(-sums, 0)])[None, :, :, None] * 2
    weights = np.array([1, -1], dtype="int8").reshape(1, 2, 1, 1)
    thresholds = np.array([threshold], dtype="int32")
    return LayerOperands(shape, activations.astype("uint16"), weights, thresholds)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-(2**14), 2**14), min_size=1, max_size=20), st.integers(-99, 99))
def test_margins_are_rounded_up_fractions_that_fit_and_decide_exactly(
    differences: list[int], threshold: int
) -> None:
    found = layer_margins(one_output_each(differences, threshold), msb_step=1.0)
    unit = int(found.margin_step)
    assert unit == found.margin_step
    assert found.margins.dtype == np.int8
    margins = found.margins.flatten().tolist()
    assert margins == [math.ceil(Fraction(d, unit)) for d in differences]
    assert min(margins) >= -127 and max(margins) <= 126
    for steps in range(-128, 127):
        decided = [margin > steps for margin in margins]
        assert decided == [d > steps * unit for d in differences]
    if unit > 1:  # the next smaller unit does not hold them
        finer = [math.ceil(Fraction(d, unit - 1)) for d in differences]
        assert min(finer) < -127 or max(finer) > 126


@pytest.mark.parametrize(
    ("difference", "unit"),
    [(126, 1), (127, 2), (-127, 1), (-128, 2), (252, 2), (253, 3), (-255, 2), (-256, 3), (0, 1)],
)
def test_units_worked_by_hand(difference: int, unit: int) -> None:
    """126 units up and, because margins are rounded up, a little less than 128 down."""
    assert layer_margins(one_output_each([difference]), msb_step=1.0).margin_step == unit


@pytest.mark.parametrize("fields", [CONV, LINEAR, RECURRENT], ids=["conv", "linear", "recurrent"])
@pytest.mark.parametrize("spread", [1, 40], ids=["fine", "coarse"])
def test_every_whole_step_is_what_moved_thresholds_decide(
    fields: dict[str, Any], spread: int
) -> None:
    operands = random_operands(layer_shape(fields))
    operands = replace(operands, thresholds=operands.thresholds * spread)
    found = layer_margins(operands, msb_step=1.0)
    assert found.margins.shape == masks_at(operands).shape
    for steps in (-128, -20, -1, 0, 1, 20, 126):
        expected = masks_at(operands, steps * int(found.margin_step))
        np.testing.assert_array_equal(found.margins > steps, expected)


def a_trace(*operands: LayerOperands) -> tuple[GateTrace, Margins]:
    """Return a captured trace of five images, and margins of its images 3 and 4, msb_step ½."""
    masks, layers = {}, []
    for each in operands:
        own = masks_at(each)
        other = np.zeros((FIRST, *own.shape[1:]), dtype=bool)
        masks[each.shape.name] = np.concatenate([other, own])
        layers.append(layer_margins(each, msb_step=0.5))
    trace = GateTrace.from_masks(
        masks,
        [layer_shape(DENSE), *(each.shape for each in operands)],
        mask_source="captured",
        accuracy={"top1": 0.9},
        provenance={"recipe": "noise"},
        name="noise",
    )
    return trace, Margins("noise", "0123456789abcdef" * 4, FIRST, tuple(layers))


@pytest.fixture
def both() -> tuple[GateTrace, Margins]:
    return a_trace(*(random_operands(layer_shape(fields)) for fields in (CONV, RECURRENT)))


def test_a_shift_moves_every_threshold_by_the_nearest_whole_margin_step() -> None:
    operands = [random_operands(layer_shape(fields)) for fields in (CONV, LINEAR)]
    trace, margins = a_trace(*operands)
    conv, linear = [layer.margin_step for layer in margins.layers]
    assert conv != linear  # so that one shift is another number of steps
    for shift in (-6.0, -1, 0.3, 2, 7.7):
        moved = moved_thresholds(trace, margins, shift)
        for layer, each, step in zip(moved.layers[1:], operands, (conv, linear), strict=True):
            by = moved.provenance["margins"]["moved_by"][layer.shape.name]
            assert abs(by - shift) <= step / 2
            assert by % step == 0
            expected = masks_at(each, int(by * 2))  # a unit of O_hb is worth ½
            np.testing.assert_array_equal(layer.unpack(), expected.reshape(layer.unpack().shape))


def test_a_what_if_says_so(both: tuple[GateTrace, Margins]) -> None:
    moved = moved_thresholds(*both, -1.5)
    assert moved.name == "noise[threshold_shift=-1.5]"
    assert (moved.mask_source, moved.accuracy, moved.images) == ("synthetic", {}, IMAGES)
    assert moved.provenance["recipe"] == "noise"
    about = moved.provenance["margins"]
    assert (
        about.items()
        >= {
            "trace": "noise",
            "trace_sha256": "0123456789abcdef" * 4,
            "first_image": FIRST,
            "threshold_shift": -1.5,
        }.items()
    )
    assert [layer.shape for layer in moved.layers] == [layer.shape for layer in both[0].layers]


def test_a_shift_of_nothing_is_the_captured_masks(both: tuple[GateTrace, Margins]) -> None:
    trace = both[0]
    moved = moved_thresholds(*both, -0.0)
    assert moved.name == "noise[threshold_shift=0]"
    assert (moved.mask_source, moved.accuracy, moved.images) == ("captured", {"top1": 0.9}, IMAGES)
    for layer, captured in zip(moved.layers[1:], trace.layers[1:], strict=True):
        assert 0 < layer.density() < 1
        np.testing.assert_array_equal(layer.unpack(), captured.unpack(FIRST, FIRST + IMAGES))


def test_infinite_thresholds_keep_their_gates_at_every_shift() -> None:
    operands = random_operands(layer_shape(CONV))
    operands.thresholds[:2] = INT32.min, INT32.max
    trace, margins = a_trace(operands)
    (found,) = margins.layers
    rest = random_operands(layer_shape(CONV))
    rest.thresholds[:2] = rest.thresholds[2]
    assert found.margin_step <= layer_margins(rest, 0.5).margin_step  # they take no room
    for shift, others in ((-1e300, True), (0, None), (1e300, False)):
        (mask,) = (each.unpack() for each in moved_thresholds(trace, margins, shift).layers[1:])
        assert mask[:, 0].all()
        assert not mask[:, 1].any()
        assert others is None or (mask[:, 2:] == others).all()


def test_a_layer_gated_by_inputs_keeps_its_masks() -> None:
    operands = random_operands(layer_shape(CONV))
    inputs = layer_shape(LINEAR | {"name": "inputs", "gate": "input"})
    mask = np.random.default_rng(2).random((FIRST + IMAGES, 1, 4)) < 0.5
    trace = GateTrace.from_masks(
        {"inputs": mask, "conv": np.concatenate([masks_at(operands)] * 3)[: FIRST + IMAGES]},
        [inputs, operands.shape],
    )
    margins = Margins("noise", "0" * 64, 2, (layer_margins(operands, 1.0),))
    moved = moved_thresholds(trace, margins, 5)
    np.testing.assert_array_equal(moved.layers[0].unpack(), mask[2:4])


# ---------------------------------------------------------------- the committed margins


def test_committed_margins_give_the_committed_masks_bit_for_bit() -> None:
    margins, trace = load_margins(DIGITS), load_trace(DIGITS)
    assert margins.images == 4
    moved = moved_thresholds(trace, margins, 0)
    for layer, committed in zip(moved.layers, trace.layers, strict=True):
        assert layer.shape == committed.shape
        if layer.shape.gated:
            assert 0 < layer.density() < 1
            np.testing.assert_array_equal(layer.unpack(), committed.unpack(0, 4))


def test_committed_margins_are_those_of_the_committed_operands() -> None:
    margins, operands = load_margins(DIGITS), load_operands(DIGITS)
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


@settings(max_examples=40, deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3))
def test_a_higher_threshold_opens_a_part_of_the_gates(one: float, other: float) -> None:
    trace, margins = load_trace(DIGITS), load_margins(DIGITS)
    low, high = (moved_thresholds(trace, margins, shift) for shift in sorted((one, other)))
    for lax, strict in zip(low.layers, high.layers, strict=True):
        if lax.shape.gated:
            assert not (strict.mask_words() & ~lax.mask_words()).any()


def test_densities_of_the_committed_margins_go_from_one_to_nothing() -> None:
    trace, margins = load_trace(DIGITS), load_margins(DIGITS)
    for shift, density in ((-100, 1.0), (100, 0.0)):
        layers = moved_thresholds(trace, margins, shift).layers
        assert {layer.density() for layer in layers if layer.shape.gated} == {density}


# ---------------------------------------------------------------- what a person can get wrong


@pytest.mark.parametrize("shift", [math.nan, math.inf, "1", None, True, [1], 10**400])
def test_a_shift_is_a_finite_number(shift: Any, both: tuple[GateTrace, Margins]) -> None:
    with pytest.raises(InputError, match=r"threshold_shift: value .*: expected a finite number"):
        moved_thresholds(*both, shift)


def test_margins_of_another_trace_are_refused(both: tuple[GateTrace, Margins]) -> None:
    trace, margins = both
    with pytest.raises(InputError, match=r"trace noise: .* images 4 to 5, it has 5"):
        moved_thresholds(trace, replace(margins, first_image=4), 0)
    with pytest.raises(InputError, match=r"do not give the masks of layer 'conv': .* again"):
        moved_thresholds(trace, replace(margins, first_image=0), 0)
    with pytest.raises(InputError, match=r"layer 'recurrent' is not in both, or not the same"):
        moved_thresholds(trace, replace(margins, layers=margins.layers[:1]), 0)
    with pytest.raises(InputError, match=r"\[msb_bits=1\]: .* at their widths: layer 'conv'"):
        moved_thresholds(trace.with_bits(msb_bits=1), margins, 0)
    alone = replace(trace, layers=trace.layers[:2])
    with pytest.raises(InputError, match="layer 'recurrent' is not in both"):
        moved_thresholds(alone, margins, 0)


def test_layers_may_be_in_another_order(both: tuple[GateTrace, Margins]) -> None:
    trace, margins = both
    turned = replace(margins, layers=margins.layers[::-1])
    ways = [moved_thresholds(trace, each, 3) for each in (margins, turned)]
    for one, other in zip(*(way.layers[1:] for way in ways), strict=True):
        np.testing.assert_array_equal(one.unpack(), other.unpack())


# ---------------------------------------------------------------- files


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
    "infinite step": (_tell(margin_steps={"conv": 0.5, "recurrent": math.inf}), r"margin_steps"),
    "steps": (_tell(margin_steps=[0.5, 0.5]), r"field 'margin_steps'"),
    "version": (_tell(format_version=2), r"manifest: field 'format_version': .* not 2"),
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
