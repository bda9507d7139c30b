"""Committed region-gated traces: their masks follow from their images, in plain Python.

The first layer's activations are the image, in whole pixel values, because its clip is 1.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import region_reference as reference

from pgsim.files import shipped
from pgsim.workload import check_trace, load_operands, load_trace

NAMES = ["resnet20_regions_8_5"]


@pytest.mark.parametrize("name", NAMES)
def test_committed_images_give_the_committed_masks_bit_for_bit(name: str) -> None:
    operands, trace = load_operands(name), load_trace(name)
    path = shipped("traces", name, ".safetensors")
    assert check_trace(path) == []
    assert operands.trace_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()

    gated = [layer for layer in trace.layers if layer.shards]
    assert [(each.shape.name, each.shape.geometry) for each in operands.layers] == [
        (layer.shape.name, layer.shape.geometry) for layer in gated
    ]
    assert [layer.shape.gate for layer in trace.layers] == ["input"] * 19 + ["none"]
    setting = trace.provenance["setting"]
    region, rank = setting["region"], getattr(reference, setting["ranking"])
    unimportant = round(setting["fraction"] * (32 // region) ** 2)
    for image, pixels in enumerate(operands.layers[0].activations):
        important = reference.important(reference.scores(rank, pixels, region), unimportant)
        number = operands.first_image + image
        for layer in gated:
            expected = reference.pixel_mask(important, *layer.shape.mask_size)
            mask = layer.unpack(number, number + 1).reshape(expected.shape)
            np.testing.assert_array_equal(mask, expected)
            assert layer.shape.msb_bits == setting["msb_bits"]
