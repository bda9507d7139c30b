"""Traces made of masks, and of another trace at other widths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from trace_cases import LAYERS, assert_same, conv_fields, tiny_masks, tiny_trace

from pgsim.errors import InputError
from pgsim.workload.layer import layer_shape
from pgsim.workload.trace import GateTrace


def test_masks_of_zeros_and_ones_and_flat_masks_are_taken() -> None:
    masks: dict[str, Any] = dict(tiny_masks())
    masks["conv"] = masks["conv"].astype(np.uint8)
    masks["region"] = masks["region"].reshape(5, 1, 72).astype(np.float64)
    assert_same(
        GateTrace.from_masks(masks, LAYERS),
        GateTrace.from_masks(tiny_masks(), map(layer_shape, LAYERS)),
    )


def test_a_trace_without_gates_needs_images() -> None:
    ungated = [conv_fields(gate="none")]
    assert GateTrace.from_masks({}, ungated, images=3).images == 3
    with pytest.raises(InputError, match="no layer is gated, so give `images`"):
        GateTrace.from_masks({}, ungated)


def test_the_default_label_is_synthetic() -> None:
    assert GateTrace.from_masks(tiny_masks(), LAYERS).mask_source == "synthetic"


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda masks: {key: mask for key, mask in masks.items() if key != name}


@pytest.mark.parametrize(
    ("change", "others", "message"),
    [
        (_without("conv"), {}, "layer 'conv': gated, but no mask is given"),
        (
            lambda masks: _without("conv")(masks) | {"conv1": masks["conv"]},
            {},
            "layer 'conv': .*Did you mean 'conv1'",
        ),
        (
            lambda masks: masks | {"convv": masks["conv"]},
            {},
            "'convv', which is no gated layer. Did you mean 'conv'",
        ),
        (lambda masks: masks | {"first": masks["conv"]}, {}, "'first', which is no gated layer"),
        (
            lambda masks: masks | {"conv": masks["conv"] * np.float32(0.5)},
            {},
            "layer 'conv': a mask is bool, or numbers that are all 0 or 1, not float32 with 0.5",
        ),
        (
            lambda masks: masks | {"conv": masks["conv"] * np.uint8(2)},
            {},
            "layer 'conv': a mask is bool, or numbers that are all 0 or 1, not uint8 with 2",
        ),
        (
            lambda masks: masks | {"conv": np.full(masks["conv"].shape, np.nan)},
            {},
            "layer 'conv': a mask is bool, .* not float64 with nan",
        ),
        (lambda masks: masks | {"conv": [[1], [1, 0]]}, {}, "layer 'conv': a mask is an array"),
        (lambda masks: masks | {"conv": None}, {}, "layer 'conv': a mask is .* with None"),
        (lambda masks: masks | {"conv": {"a": 1}}, {}, "layer 'conv': a mask is .*'a': 1"),
        (
            lambda masks: masks | {"conv": masks["conv"].swapaxes(2, 3)},
            {},
            r"layer 'conv': .*\(images, 4, 9, 8\) or \(images, 4, 72\), not \(5, 4, 8, 9\)",
        ),
        (lambda masks: masks | {"conv": np.array(True)}, {}, "layer 'conv': a mask has shape"),
        (
            lambda masks: masks | {"region": masks["region"][:3]},
            {},
            "layer 'region': masks of 3 images, expected 5",
        ),
        (lambda masks: masks, {"images": 4}, "layer 'conv': masks of 5 images, expected 4"),
        (
            lambda masks: {name: mask[:0] for name, mask in masks.items()},
            {},
            "'images': should be greater than or equal to 1",
        ),
        (lambda masks: masks, {"mask_source": "real"}, "should be 'captured' or 'synthetic'"),
        (lambda masks: masks, {"accuracy": {"top1": "high"}}, "'accuracy.top1': .*number"),
        (lambda masks: masks, {"accuracy": {"top1": float("nan")}}, "'accuracy.top1': .*finite"),
    ],
)
def test_from_masks_errors(
    change: Callable[[Any], Any], others: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        GateTrace.from_masks(change(tiny_masks()), LAYERS, **others)


@pytest.mark.parametrize(
    ("name", "figure"),
    [("top1", 0), ("top5_pg", 1), ("bits_per_character_pg", 2.3), ("loss", -5.0), ("stop1", 101)],
)
def test_accuracies_are_fractions_or_figures_of_their_own_unit(name: str, figure: float) -> None:
    trace = GateTrace.from_masks(tiny_masks(), LAYERS, accuracy={name: figure})
    assert trace.accuracy == {name: figure}


@pytest.mark.parametrize(
    "layers",
    [LAYERS[1], {"conv": LAYERS[1]}, layer_shape(LAYERS[1]), "conv", ["conv"], [[LAYERS[1]]], 3],
)
def test_from_masks_needs_a_list_of_layers(layers: Any) -> None:
    with pytest.raises(InputError, match="trace 'unnamed': expected a list of layers, each a"):
        GateTrace.from_masks(tiny_masks(), layers)


def test_from_masks_refuses_two_layers_of_one_name() -> None:
    with pytest.raises(InputError, match="layer 'conv' appears again as layer 5"):
        GateTrace.from_masks(tiny_masks(), [*LAYERS, conv_fields("conv")])


def test_with_bits_keeps_the_masks_and_says_so() -> None:
    trace = tiny_trace()
    other = trace.with_bits(activation_bits=8).with_bits(msb_bits=4, weight_bits=2)
    assert other.name == "tiny[activation_bits=8][msb_bits=4,weight_bits=2]"
    assert other.layers[0] is trace.layers[0]  # not gated
    for layer, before in zip(other.layers[1:], trace.layers[1:], strict=True):
        shape = layer.shape
        assert (shape.activation_bits, shape.msb_bits, shape.weight_bits) == (8, 4, 2)
        assert layer.shards is before.shards
    what_if = {"activation_bits": 8, "msb_bits": 4, "weight_bits": 2}
    assert other.provenance == {**trace.provenance, "what_if": what_if}
    assert other.accuracy == {}  # nobody measured it at these widths
    assert trace.accuracy == {"top1": 0.5}
    assert trace.with_bits() is trace


def test_with_bits_names_the_layer_that_cannot() -> None:
    with pytest.raises(InputError, match=r"tiny\[msb_bits=4\]: layer 'conv': .*from 1 to 3, not 4"):
        tiny_trace().with_bits(msb_bits=4)
