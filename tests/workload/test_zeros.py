"""Fractions of zero operands in a manifest: kept, asked for, refused, and dropped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from trace_cases import conv_fields, tiny_masks

from pgsim.errors import InputError
from pgsim.files import shipped_names
from pgsim.workload import GateTrace, layer_shape, load_operands, load_trace, save_trace

MEASURED = [  # the network of digits_pg_4_2 is not kept
    name for name in shipped_names("traces", ".safetensors") if name != "digits_pg_4_2"
]
ZEROS = {"activation": [[0, 4, 0.5], [2, 2, 0.75], [0, 2, 0.625]], "weight": [[0, 8, 0]]}


def zeros_of(**zeros: object) -> dict[str, Any]:
    return conv_fields(zeros=ZEROS | zeros)


def test_a_plane_s_fraction_is_asked_for_by_its_bits(tmp_path: Path) -> None:
    masks = {"conv": tiny_masks()["conv"]}
    save_trace(GateTrace.from_masks(masks, [zeros_of()]), tmp_path / "zeros")
    shape = load_trace(tmp_path / "zeros.safetensors").layers[0].shape
    assert shape.zero_fraction("activation", 0, 4) == 0.5
    assert shape.zero_fraction("activation", 2, 2) == 0.75
    assert shape.zero_fraction("activation", 0, 2) == 0.625
    assert shape.zero_fraction("weight", 0, 8) == 0
    assert shape.zero_fraction("weight", 0, 4) is None
    assert shape.manifest()["zeros"] == ZEROS
    assert layer_shape(conv_fields()).zero_fraction("activation", 0, 4) is None
    assert "zeros" not in layer_shape(conv_fields()).manifest()


@pytest.mark.parametrize(
    ("zeros", "message"),
    [
        ({"activation": [[0, 5, 0.5]]}, "of 5 bits from bit 0 on: an operand has 4 bits"),
        ({"weight": [[7, 2, 0.5]]}, "of weight: plane of 2 bits from bit 7 on: an operand has 8"),
        ({"activation": [[0, 4, 0.5], [0, 4, 0.5]]}, "from bit 0 on is there twice"),
        ({"activation": [[0, 4, 1.5]]}, "less than or equal to 1, not 1.5"),
        ({"activation": [[0, 4, -0.1]]}, "greater than or equal to 0"),
        ({"activation": [[-1, 4, 0.1]]}, "greater than or equal to 0"),
        ({"activation": [[0, 0, 0.1]]}, "greater than or equal to 1"),
        ({"activation": [[0, 4]]}, r"expected a plane \[lowest bit, bits, fraction of zeros\]"),
        ({"activation": 0.5}, "expected a list of planes"),
        ({"sums": []}, "unknown field 'zeros.sums'"),
    ],
)
def test_impossible_fractions_are_refused(zeros: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"file: layer 'conv': .*{message}"):
        layer_shape(zeros_of(**zeros), "file")


def test_other_widths_have_other_operands() -> None:
    trace = GateTrace.from_masks({"conv": tiny_masks()["conv"]}, [zeros_of()])
    before = trace.layers[0].shape.zeros
    assert trace.with_bits(msb_bits=3).layers[0].shape.zeros == before  # of the same integers
    assert trace.with_bits(activation_bits=5).layers[0].shape.zeros is None
    assert trace.with_bits(activation_bits=3).layers[0].shape.zeros is None
    assert trace.with_bits(weight_bits=4).layers[0].shape.zeros is None


def test_layers_that_differ_in_zeros_alone_are_computed_alike() -> None:
    assert layer_shape(zeros_of()).geometry == layer_shape(conv_fields(inputs=["a"])).geometry


@pytest.mark.parametrize(
    "name", [name for name in shipped_names("traces", ".operands.safetensors") if name in MEASURED]
)
def test_committed_traces_have_the_zeros_of_their_operands(name: str) -> None:
    shapes = {layer.shape.name: layer.shape for layer in load_trace(name).layers}
    for layer in load_operands(name).layers:
        shape, integers = shapes[layer.shape.name], layer.activations.astype(int)
        assert shape.zero_fraction("weight", 0, shape.weight_bits) == np.mean(layer.weights == 0)
        low = shape.lsb_bits
        first = {
            (0, shape.activation_bits): np.mean(integers == 0),
            (low, shape.msb_bits): np.mean(integers >> low == 0),
            (0, low): np.mean(integers & 2**low - 1 == 0),
        }
        for plane, fraction in first.items():  # of a few of the images: nearly those of all
            assert shape.zero_fraction("activation", *plane) == pytest.approx(fraction, abs=0.12)


@pytest.mark.parametrize("name", MEASURED)
def test_committed_traces_have_zeros_of_every_plane(name: str) -> None:
    for layer in load_trace(name).layers:
        shape = layer.shape
        assert shape.zeros is not None
        planes = {(0, shape.activation_bits)}
        if shape.lsb_bits:
            planes |= {(shape.lsb_bits, shape.msb_bits), (0, shape.lsb_bits)}
        assert {each[:2] for each in shape.zeros.activation} == planes
        assert [each[:2] for each in shape.zeros.weight] == [(0, shape.weight_bits)]
