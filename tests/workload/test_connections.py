"""Which layers read which outputs: by hand of a residual block, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trace_cases import LAYERS, conv_fields, tiny_masks

from pgsim.errors import InputError
from pgsim.files import shipped_names
from pgsim.masks import synthetic_trace
from pgsim.workload import GateTrace, load_trace, network, save_trace
from pgsim.workload.layer import layer_shape


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


def file_of(folder: Path, *layers: dict[str, Any]) -> Path:
    """Write a file whose manifest has these layers, and say nothing of its digests."""
    path = folder / "wrong.safetensors"
    manifest = {
        "format_version": 1,
        "model": "m",
        "dataset": "d",
        "mask_source": "synthetic",
        "images": 1,
        "accuracy": {},
        "provenance": {},
        "layers": layers,
    }
    text = json.dumps({"__metadata__": {"pgsim": json.dumps(manifest)}})
    path.write_bytes(len(text).to_bytes(8, "little") + text.encode())
    return path


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["sten"], r"layer 'first': inputs: 'sten' is no layer.*Did you mean 'stem'\?"),
        (["netwrok"], r"layer 'first': inputs: 'netwrok' is no layer.*Did you mean 'network'\?"),
        (["zz"], r"layer 'first': inputs: 'zz' is no layer, and not 'network', which .* made\.$"),
        (["second"], "layer 'first': inputs: 'second' should come before the layer that reads it"),
        (["first"], "layer 'first': inputs: 'first' should come before"),
        ([], "layer 'first': field 'inputs': expected a list of names of layers"),
        ("stem", "layer 'first': field 'inputs': expected a list of names of layers, not 'stem'"),
        (["stem", "stem"], "layer 'first': field 'inputs': expected each name once"),
        ([1], "layer 'first': field 'inputs.0': .*string"),
    ],
)
def test_files_of_what_no_layer_can_read_are_refused(
    tmp_path: Path, inputs: object, message: str
) -> None:
    path = file_of(tmp_path, BLOCK[0], conv("first", inputs=inputs), *BLOCK[2:])
    with pytest.raises(InputError, match=message) as caught:
        load_trace(path)
    assert str(caught.value).startswith(str(path))


def test_maps_have_channels_enough_for_what_reads_them(tmp_path: Path) -> None:
    narrow = conv_fields("narrow", "none", out_channels=3)
    with pytest.raises(
        InputError, match="inputs: narrow have 3 output channels, fewer than its in_channels 4"
    ):
        load_trace(file_of(tmp_path, narrow, conv("wide", inputs=["narrow"])))
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
    other, both = conv("other", inputs=["network"]), ["narrow", "other"]
    for possible in (
        [narrow, other, conv("wide", inputs=both)],  # joined
        [narrow, conv("wide", in_size=[4, 4], inputs=["narrow"])],  # pixels that became channels
        [narrow, conv_fields("both", "none", in_channels=6, inputs=["narrow"])],  # x and -x
        [linear, conv("wide", inputs=["linear"])],  # features that became a map
    ):
        assert len(load_trace(file_of(tmp_path, *possible)).layers) == len(possible)


def test_layers_taken_out_of_a_network_read_what_no_layer_made(tmp_path: Path) -> None:
    some = trace_of(*BLOCK).of_layers(["shortcut", "first", "last"])
    expected = {"first": ("network",), "shortcut": ("network",), "last": ("shortcut",)}
    assert some.producers == expected
    save_trace(some, tmp_path / "some")
    assert load_trace(tmp_path / "some.safetensors").producers == some.producers


def test_layers_may_be_taken_out_by_hand(tmp_path: Path) -> None:
    some = trace_of(BLOCK[1], BLOCK[3], BLOCK[4])
    expected = {"first": ("network",), "shortcut": ("network",), "last": ("shortcut",)}
    assert some.producers == expected
    save_trace(some, tmp_path / "some")
    assert load_trace(tmp_path / "some.safetensors").producers == expected


@pytest.mark.parametrize("name", ["second", "shortcut"])
def test_layers_read_none_that_comes_after_them(name: str) -> None:
    """In what is made as in what is read: otherwise nobody would keep the output on chip."""
    layers = [BLOCK[0], conv("second", inputs=[name]), BLOCK[3]]
    gated = [layer_shape(each).replace(gate="output", msb_bits=2) for each in layers]
    with pytest.raises(InputError, match=f"layer 'second': inputs: '{name}' "):
        synthetic_trace(gated, images=1, density=0.5)


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


@pytest.mark.parametrize(
    "name", [name for name in shipped_names("traces", ".safetensors") if "resnet20" in name]
)
def test_committed_resnets_read_as_the_published_one(name: str) -> None:
    trace, published = load_trace(name), GateTrace.from_masks({}, ungated("resnet20"), images=1)
    assert all(layer.shape.inputs for layer in trace.layers)
    reads = published.producers
    reads["fc"] = reads.pop("linear")
    assert trace.producers == reads


def test_the_committed_lstm_reads_as_its_cells_do() -> None:
    # A cell adds its hidden product to its input product: what is read is the sum's activation.
    assert load_trace("char_lstm_pg_4_2").producers == {
        "lstm1.input": ("network",),
        "lstm1.hidden": ("lstm1.input",),
        "lstm2.input": ("lstm1.hidden",),
        "lstm2.hidden": ("lstm2.input",),
        "fc": ("lstm2.hidden",),
    }


def test_a_trace_whose_layers_read_later_ones_is_not_saved(tmp_path: Path) -> None:
    trace = trace_of(*BLOCK)
    backwards = replace(trace, layers=trace.layers[::-1])
    with pytest.raises(InputError, match="should come before the layer that reads it"):
        save_trace(backwards, tmp_path / "backwards")
    assert not list(tmp_path.iterdir())
