"""Integer operands: exact integers give the gate masks, the committed ones among them.

Expected masks are the committed traces', and sums written out one product at a time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from operand_cases import COMMITTED, CONV, LINEAR, random_operands

from pgsim.workload import LayerOperands, gate_mask, layer_shape, load_operands, load_trace
from pgsim.workload.operands import msb_sums


def by_definition(operands: LayerOperands) -> np.ndarray:
    """Return the mask with every sum written out in Python's own integers (M1, M2)."""
    shape = operands.shape
    size, (out_h, out_w) = shape.in_size or (shape.outputs_per_channel, 1), shape.out_size
    icg, kpg = shape.in_channels // shape.groups, shape.out_channels // shape.groups
    mask = np.zeros((len(operands.activations), shape.out_channels, out_h, out_w), dtype=bool)
    for image, channel, row, column in np.ndindex(mask.shape):
        total = 0
        for depth, down, right in np.ndindex(icg, *shape.kernel):
            y = row * shape.stride[0] + down * shape.dilation[0] - shape.margins[0][0]
            x = column * shape.stride[1] + right * shape.dilation[1] - shape.margins[1][0]
            if 0 <= y < size[0] and 0 <= x < size[1]:
                value = operands.activations[image, channel // kpg * icg + depth, y, x]
                weight = operands.weights[channel, depth, down, right]
                total += (int(value) // 2**shape.lsb_bits) * int(weight)
        compared = -abs(total) if operands.opens_near_zero else total
        mask[image, channel, row, column] = compared > int(operands.thresholds[channel])
    return mask


@pytest.mark.parametrize(("name", "images"), COMMITTED.items(), ids=COMMITTED)
def test_committed_operands_give_the_committed_masks_bit_for_bit(name: str, images: int) -> None:
    operands, trace = load_operands(name), load_trace(name)
    gated = [layer for layer in trace.layers if layer.shape.gated]
    assert [(layer.shape.name, layer.shape.geometry) for layer in operands.layers] == [
        (layer.shape.name, layer.shape.geometry) for layer in gated
    ]
    first = operands.first_image
    assert operands.images == images
    for layer, committed in zip(operands.layers, gated, strict=True):
        mask = gate_mask(layer)
        expected = committed.unpack(first, first + operands.images)
        assert 0 < expected.mean() < 1
        np.testing.assert_array_equal(mask.reshape(expected.shape), expected)


@pytest.mark.parametrize(
    "fields",
    [
        CONV,
        {**CONV, "signed": True, "activation_bits": 8, "msb_bits": 3},
        {**CONV, "groups": 1, "dilation": [2, 1], "stride": [1, 3]},
        {**CONV, "padding": [0, 2, 1, 0]},
        LINEAR,
        {**LINEAR, "op": "recurrent", "signed": True} | {"time_steps": 4, "positions": None},
    ],
    ids=["conv", "signed", "dilated", "uneven", "linear", "recurrent"],
)
def test_masks_are_those_of_the_definition(fields: dict[str, Any]) -> None:
    operands = random_operands(layer_shape(fields))
    middle = -np.median(np.abs(msb_sums(operands)))  # of gates that open near zero
    below = np.full_like(operands.thresholds, middle)
    for each in (operands, replace(operands, thresholds=below, opens_near_zero=True)):
        expected = by_definition(each)
        assert 0.05 < expected.mean() < 0.95
        np.testing.assert_array_equal(gate_mask(each), expected)


def test_limits_of_int32_open_and_close_a_gate() -> None:
    operands = random_operands(layer_shape(CONV))
    limits = np.iinfo(np.int32)
    for threshold, expected in ((limits.min, True), (limits.max, False)):
        thresholds = np.full_like(operands.thresholds, threshold)
        mask = gate_mask(replace(operands, thresholds=thresholds))
        assert (mask == expected).all()
