"""A trace made by hand is held to what a loaded one is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from trace_cases import conv_fields, tiny_trace

from pgsim.errors import InputError
from pgsim.workload.trace import GateTrace


def test_all_masks_are_of_as_many_images() -> None:
    trace = tiny_trace(images=5)
    with pytest.raises(
        InputError, match="trace 'tiny': layer 'conv': masks of 5 images, expected 4"
    ):
        replace(trace, images=4)
    other = tiny_trace(images=3).layers[3]
    with pytest.raises(InputError, match="layer 'hidden': masks of 3 images, expected 5"):
        replace(trace, layers=(*trace.layers[:3], other))


def test_layers_have_names_of_their_own() -> None:
    trace = tiny_trace()
    with pytest.raises(InputError, match="layer 'conv' is there twice"):
        replace(trace, layers=(*trace.layers, trace.layers[1]))


def test_images_times_layers_are_bounded() -> None:
    layers = [conv_fields(f"layer {number}", "none") for number in range(4096)]
    assert len(GateTrace.from_masks({}, layers, images=2048).layers) == 4096  # 2^23 of both
    with pytest.raises(InputError, match="'images' 2,049 of 4,096 'layers' are more than"):
        GateTrace.from_masks({}, layers, images=2049)


@pytest.mark.parametrize(("images", "accepted"), [(2**21, True), (2**21 + 1, False)])
def test_images_are_bounded(images: int, accepted: bool) -> None:
    layers = [conv_fields("first", "none")]
    if accepted:
        assert GateTrace.from_masks({}, layers, images=images).images == images
    else:
        with pytest.raises(InputError, match="'images': should be less than or equal to 2097152"):
            GateTrace.from_masks({}, layers, images=images)


def test_other_widths_keep_masks_as_they_are() -> None:
    trace = tiny_trace()
    wider = trace.with_bits(weight_bits=6)
    for own, other in zip(trace.layers, wider.layers, strict=True):
        assert own.shards == other.shards
