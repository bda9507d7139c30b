"""Which layers read which outputs: by hand of a residual block, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from trace_cases import LAYERS, conv_fields, tiny_masks

from pgsim.errors import InputError
from pgsim.workload import GateTrace, load_trace, network, save_trace


def conv(name: str, **others: Any) -> dict[str, Any]:
    """An ungated convolution that keeps 4 channels of 9 x 8 pixels."""
    return conv_fields(name, "none", in_channels=4, **others)


# A block that doubles the channels: `narrow` makes the shortcut's, and `last` reads the sum.
BLOCK = [
    conv("stem"),
    conv("first", inputs=["stem"]),
    conv("second", inputs=["first"]),
    conv("shortcut", inputs=["stem", "second"]),
    conv("last", inputs=["shortcut"]),
]


def trace_of(*layers: dict[str, Any]) -> GateTrace:
    return GateTrace.from_masks({}, layers, images=1)


def test_a_residual_block_reads_its_shortcut() -> None:
    assert trace_of(*BLOCK).producers == {
        "stem": ("network",),
        "first": ("stem",),
        "second": ("first",),
        "shortcut": ("stem", "second"),
        "last": ("shortcut",),
    }


def test_a_layer_that_does_not_say_reads_the_one_before() -> None:
    layers = [conv("a"), conv("b"), conv("c", inputs=["a", "network"]), conv("d")]
    assert trace_of(*layers).producers == {
        "a": ("network",),
        "b": ("a",),
        "c": ("a", "network"),
        "d": ("c",),
    }
    assert [layer.shape.inputs for layer in trace_of(*layers).layers] == [
        None,
        None,
        ("a", "network"),
        None,
    ]


def test_a_file_holds_the_inputs(tmp_path: Path) -> None:
    layers = [*LAYERS[:-1], LAYERS[-1] | {"inputs": ["region", "first"]}]
    save_trace(GateTrace.from_masks(tiny_masks(), layers), tmp_path / "tiny")
    loaded = load_trace(tmp_path / "tiny.safetensors")
    assert [layer.shape.inputs for layer in loaded.layers] == [None] * 3 + [("region", "first")]
    assert "inputs" not in loaded.layers[0].shape.manifest()


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["sten"], r"layer 'first': inputs: 'sten' is no layer.*Did you mean 'stem'\?"),
        (["second"], "layer 'first': inputs: 'second' should come before the layer that reads it"),
        (["first"], "layer 'first': inputs: 'first' should come before"),
        ([], "layer 'first': field 'inputs': expected a list of names of layers"),
        ("stem", "layer 'first': field 'inputs': expected a list of names of layers, not 'stem'"),
        (["stem", "stem"], "layer 'first': field 'inputs': expected each name once"),
        ([1], "layer 'first': field 'inputs.0': .*string"),
    ],
)
def test_what_no_layer_can_read_is_refused(inputs: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        trace_of(BLOCK[0], conv("first", inputs=inputs), *BLOCK[2:])


def test_maps_have_channels_enough_for_what_reads_them() -> None:
    narrow = conv_fields("narrow", "none", out_channels=3)
    with pytest.raises(
        InputError, match="inputs: narrow have 3 output channels, fewer than its in_channels 4"
    ):
        trace_of(narrow, conv("wide", inputs=["narrow"]))
    # Joined with another map they suffice, and so do pixels that are made channels.
    trace_of(narrow, conv("other", inputs=["network"]), conv("wide", inputs=["narrow", "other"]))
    trace_of(narrow, conv("wide", in_size=[4, 4], inputs=["narrow"]))
    linear = {
        "name": "linear",
        "op": "linear",
        "in_channels": 8,
        "out_channels": 2 * 72,
        "positions": 1,
        "activation_bits": 8,
        "weight_bits": 8,
        "gate": "none",
    }
    trace_of(linear, conv("wide", inputs=["linear"]))


def lifetimes(name: str) -> dict[str, str]:
    """Return of each layer of a published network the last one that reads its output."""
    producers = GateTrace.from_masks({}, ungated(name), images=1).producers
    return {read: reader for reader, reads in producers.items() for read in reads}


def ungated(name: str) -> list[dict[str, Any]]:
    return [
        layer.manifest() | {"gate": "none", "msb_bits": layer.activation_bits}
        for layer in network(name)
    ]


def test_resnets_keep_a_block_s_output_until_the_next_one_s_sum() -> None:
    # He et al., CVPR 2016, figure 2: the sum of a block needs the input of that block.
    last = lifetimes("resnet20")
    assert last["conv1"] == "layer1.0.conv2"
    assert last["layer1.0.conv1"] == "layer1.0.conv2"
    assert last["layer1.2.conv2"] == "layer2.0.conv2"  # a shortcut that skips pixels
    assert last["layer3.2.conv2"] == "linear"
    last = lifetimes("resnet18")
    assert last["layer1.1.conv2"] == "layer2.0.downsample.0"
    assert last["layer2.0.conv2"] == "layer2.0.downsample.0"
    assert last["layer2.0.downsample.0"] == "layer2.1.conv2"
    assert last["layer4.1.conv2"] == "fc"


def test_shufflenet_keeps_channels_until_the_stage_ends() -> None:
    # Ma et al., ECCV 2018, figure 3: half of the channels pass a unit by, and are shuffled.
    last = lifetimes("shufflenetv2_0.5x")
    assert last["conv1.0"] == "stage2.0.branch2.0"
    assert last["stage2.0.branch1.0"] == "stage2.0.branch1.2"
    assert last["stage2.0.branch1.2"] == last["stage2.3.branch2.5"] == "stage3.0.branch2.0"
    assert last["stage4.0.branch1.2"] == last["stage4.2.branch2.5"] == "conv5.0"
