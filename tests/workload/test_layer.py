"""Layer geometry against PyTorch's documented output formula, worked by hand."""

from __future__ import annotations

from math import ceil, prod
from typing import Any

import pytest
from pydantic import ValidationError

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape, layer_shape

CONV: dict[str, Any] = {
    "name": "conv1",
    "op": "conv2d",
    "in_channels": 8,
    "out_channels": 12,
    "in_size": [9, 7],
    "kernel": [3, 3],
    "activation_bits": 4,
    "msb_bits": 2,
    "weight_bits": 8,
    "gate": "output",
}
COLUMN = {"op": "conv1d", "in_size": [9], "kernel": [3]}
FRAMES = {"op": "conv3d", "in_size": [4, 5, 6], "kernel": [3, 3, 3]}
LINEAR: dict[str, Any] = {
    "name": "fc",
    "op": "linear",
    "in_channels": 64,
    "out_channels": 10,
    "positions": 5,
    "activation_bits": 8,
    "weight_bits": 8,
    "gate": "none",
}
RECURRENT: dict[str, Any] = {
    "name": "hidden",
    "op": "recurrent",
    "in_channels": 300,
    "out_channels": 1200,
    "time_steps": 35,
    "activation_bits": 4,
    "msb_bits": 2,
    "weight_bits": 8,
    "gate": "output",
    "signed": True,
}


@pytest.mark.parametrize(
    ("geometry", "expected"),
    [
        # torch.nn.Conv2d: floor((size + 2·padding - dilation·(kernel - 1) - 1) / stride) + 1
        ({"in_size": [32, 32], "kernel": [3, 3], "padding": [1, 1]}, (32, 32)),  # 31/1 + 1
        ({"in_size": [32, 32], "kernel": [3, 3], "padding": [1, 1], "stride": [2, 2]}, (16, 16)),
        (
            {"in_size": [224, 224], "kernel": [7, 7], "padding": [3, 3], "stride": [2, 2]},
            (112, 112),
        ),
        ({"in_size": [9, 7]}, (7, 5)),
        ({"in_size": [9, 7], "stride": [2, 3]}, (4, 2)),  # floor(6/2) + 1, floor(4/3) + 1
        ({"in_size": [9, 7], "dilation": [4, 2]}, (1, 3)),  # 9 - 8 - 1 = 0; 7 - 4 - 1 = 2
        ({"in_size": [9, 7], "kernel": [1, 5], "padding": [0, 2]}, (9, 7)),
        ({"in_size": [3, 3]}, (1, 1)),
        # the example of torch.nn.Conv2d's documentation: 50 x 100, kernel (3, 5), stride (2, 1)
        (
            {
                "in_size": [50, 100],
                "kernel": [3, 5],
                "stride": [2, 1],
                "padding": [4, 2],
                "dilation": [3, 1],
            },
            (26, 100),  # floor((50 + 8 - 6 - 1)/2) + 1 = floor(51/2) + 1; 100 + 4 - 4 - 1 + 1
        ),
        # One dimension: floor((9 + 2 + 1 - 2·(3 - 1) - 1)/2) + 1. Three: 2 and 4 frames of 3 x 4.
        ({**COLUMN, "padding": [2, 1], "dilation": [2], "stride": [2]}, (4, 1)),
        ({**FRAMES}, (2 * 3, 4)),  # 4 - 3 + 1, 5 - 3 + 1, 6 - 3 + 1
        ({**FRAMES, "padding": [1, 1, 0, 0, 0, 0]}, (4 * 3, 4)),
        ({**FRAMES, "padding": [1, 0, 0], "stride": [3, 1, 1]}, (2 * 3, 4)),  # floor(3/3) + 1
        # Four sides: rows 9 + 2 - 3 + 1 = 9, columns 7 + 1 - 3 + 1 = 6.
        ({"padding": [0, 2, 1, 0]}, (9, 6)),
        ({"padding": [0, 1, 0, 1], "stride": [2, 2]}, (4, 3)),  # floor(7/2) + 1, floor(5/2) + 1
    ],
)
def test_output_size(geometry: dict[str, Any], expected: tuple[int, int]) -> None:
    shape = layer_shape(CONV | geometry)
    assert shape.out_size == expected
    assert shape.outputs_per_channel == expected[0] * expected[1]


@pytest.mark.parametrize(
    ("geometry", "padding"),
    [
        # The first convolution of MobileNet in TensorFlow: (112 - 1)·2 + 3 - 224 = 1, at the end.
        ({"in_size": [224, 224], "stride": [2, 2]}, (0, 1, 0, 1)),
        ({"in_size": [224, 225], "stride": [2, 2]}, (0, 1, 1, 1)),  # (113 - 1)·2 + 3 - 225 = 2
        ({"in_size": [9, 7], "kernel": [3, 3]}, (1, 1)),
        ({"in_size": [9, 7], "kernel": [4, 10]}, (1, 2, 4, 5)),  # a stride of 1: kernel - 1
        # The first convolution of DS-CNN: (25 - 1)·2 + 10 - 49 = 9, (5 - 1)·2 + 4 - 10 = 2.
        ({"in_size": [49, 10], "kernel": [10, 4], "stride": [2, 2]}, (4, 5, 1, 1)),
        ({"kernel": [2, 2], "dilation": [3, 1]}, (1, 2, 0, 1)),  # 3·(2 - 1), 1·(2 - 1)
        ({"kernel": [1, 1], "stride": [2, 3]}, (0, 0)),  # (5 - 1)·2 + 1 - 9 = 0, (3 - 1)·3 + 1 - 7
        ({**COLUMN, "kernel": [4]}, (1, 2)),
        ({**FRAMES, "stride": [2, 1, 1]}, (0, 1, 1, 1, 1, 1)),  # (2 - 1)·2 + 3 - 4 = 1
    ],
)
def test_same_padding(geometry: dict[str, Any], padding: tuple[int, ...]) -> None:
    shape = layer_shape(CONV | geometry | {"padding": "same"})
    assert shape.padding == padding
    assert shape.manifest()["padding"] == list(padding)
    assert shape.in_size is not None
    axes = [ceil(size / stride) for size, stride in zip(shape.in_size, shape.stride, strict=True)]
    assert shape.outputs_per_channel == prod(axes)
    assert layer_shape(shape.manifest()) == shape


def test_padding_is_told_by_the_fewest_numbers() -> None:
    four, two = (layer_shape(CONV | {"padding": each}) for each in ([1, 1, 2, 2], [1, 2]))
    assert four == two
    assert (four.padding, four.margins) == ((1, 2), ((1, 1), (2, 2)))
    assert layer_shape(CONV | {"padding": [1, 0, 2, 2]}).margins == ((1, 0), (2, 2))


def test_counts_of_a_grouped_convolution() -> None:
    shape = layer_shape(CONV | {"groups": 4})
    assert shape.in_channels_per_group == 2  # 8/4
    assert shape.channels_per_group == 3  # 12/4
    assert shape.reduction == 18  # 3·3·2
    assert shape.outputs == 420  # 12·7·5
    assert shape.macs == 7560  # 420·18
    assert shape.group_inputs == 126  # 2·9·7
    assert (shape.mask_channels, shape.mask_positions) == (12, 35)
    assert shape.lsb_bits == 2
    assert shape.gated


def test_counts_of_a_convolution_of_one_dimension() -> None:
    shape = layer_shape(CONV | COLUMN)
    assert (shape.image_in_size, shape.kernel_size, shape.out_size) == ((9, 1), (3, 1), (7, 1))
    assert (shape.stride, shape.padding, shape.dilation) == ((1,), (0,), (1,))
    assert shape.macs == 12 * 7 * 3 * 8
    assert shape.group_inputs == 8 * 9


def test_counts_of_a_convolution_of_three_dimensions() -> None:
    shape = layer_shape(CONV | FRAMES | {"groups": 4, "padding": [0, 1, 0]})
    # Frames lie below each other: 4 of 5 rows, and 2 of 5. Kernel rows likewise.
    assert (shape.image_in_size, shape.kernel_size) == ((20, 6), (9, 3))
    assert shape.out_size == (2 * 5, 4)
    assert shape.macs == 12 * 2 * 5 * 4 * 27 * 2
    assert shape.group_inputs == 2 * 4 * 5 * 6


def test_counts_of_a_linear_layer() -> None:
    shape = layer_shape(LINEAR)
    assert shape.out_size == (5, 1)
    assert shape.reduction == 64
    assert shape.macs == 3200  # 5·10·64
    assert shape.group_inputs == 320  # 5·64
    assert shape.msb_bits == 8  # an ungated layer is not split
    assert not shape.gated


def test_counts_of_a_recurrent_layer() -> None:
    shape = layer_shape(RECURRENT)
    assert shape.outputs_per_channel == 35
    assert shape.macs == 12_600_000  # 35·300·1200
    assert shape.group_inputs == 300  # of one time step
    assert (shape.mask_channels, shape.mask_positions) == (1200, 35)


def test_an_input_gate_has_one_bit_per_input_pixel() -> None:
    shape = layer_shape(CONV | {"gate": "input"})
    assert (shape.mask_channels, shape.mask_size, shape.mask_positions) == (1, (9, 7), 63)
    assert not shape.gated
    linear = layer_shape(LINEAR | {"gate": "input", "msb_bits": 4})
    assert (linear.mask_channels, linear.mask_positions) == (1, 5)


@pytest.mark.parametrize("fields", [CONV, CONV | COLUMN, CONV | FRAMES, LINEAR, RECURRENT])
def test_the_manifest_round_trips(fields: dict[str, Any]) -> None:
    shape = layer_shape(fields)
    assert layer_shape(shape.manifest()) == shape
    assert fields.items() <= shape.manifest().items()


def test_the_manifest_has_only_the_fields_of_its_op() -> None:
    assert layer_shape(LINEAR).manifest() == LINEAR | {"groups": 1, "msb_bits": 8}
    assert "positions" not in layer_shape(CONV).manifest()


def test_a_shape_is_frozen() -> None:
    shape = layer_shape(CONV)
    with pytest.raises(ValidationError):
        shape.groups = 2


def test_replace_checks_again() -> None:
    shape = layer_shape(CONV)
    assert shape.replace(msb_bits=3).lsb_bits == 1
    with pytest.raises(InputError, match=r"what-if: layer 'conv1': .*msb_bits from 1 to 3, not 4"):
        shape.replace("what-if", msb_bits=4)


@pytest.mark.parametrize(
    ("base", "change", "message"),
    [
        (CONV, {"kernal": [3, 3]}, r"unknown field 'kernal'\. Did you mean 'kernel'\?"),
        (CONV, {"in_channels": 0}, "'in_channels': .*greater than or equal to 1, not 0"),
        (CONV, {"in_channels": 8.0}, "'in_channels': .*integer"),
        (CONV, {"in_channels": True}, "'in_channels': .*integer"),
        (CONV, {"stride": 2}, r"'stride': expected a pair \[height, width\], not 2"),
        (CONV, {"kernel": [3, "3"]}, r"'kernel.1': .*integer"),
        (CONV, {"padding": [-1, 0]}, r"'padding.0'"),
        (CONV, {"padding": [0, 0, 1]}, r"\[top, bottom, left, right\] or 'same', not \[0, 0, 1\]"),
        (CONV, {"padding": "valid"}, r"'padding': expected .* or 'same', not 'valid'"),
        (CONV, {"padding": [0, 0, 0, -1]}, r"'padding.3'"),
        (CONV, {"padding": "same", "stride": [0, 1]}, r"conv1': field 'stride.0': .*not 0$"),
        (CONV, {"padding": "same", "in_size": None}, "op 'conv2d' needs 'in_size'"),
        (LINEAR, {"padding": "same"}, "op 'linear' takes no 'padding'"),
        (
            CONV,
            {"op": "conv4d"},
            "'op': should be 'conv1d', 'conv2d', .* or 'recurrent', not 'conv4d'",
        ),
        (
            CONV,
            {"op": "conv1d"},
            r"'in_size': expected a number in a list \[length\], not \[9, 7\]",
        ),
        (CONV, {"op": "conv3d"}, r"'kernel': expected three numbers \[depth, height, width\]"),
        (CONV, {"kernel": None}, "op 'conv2d' needs 'kernel'"),
        (CONV, {"in_size": None}, "op 'conv2d' needs 'in_size'"),
        (CONV, {"positions": 3}, "op 'conv2d' takes no 'positions'"),
        (CONV, {"groups": 3}, "in_channels 8 is no multiple of groups 3"),
        (CONV, {"groups": 8}, "out_channels 12 is no multiple of groups 8"),
        (CONV, {"in_size": [2, 9]}, r"kernel \[3, 3\] .* does not fit into in_size \[2, 9\]"),
        (CONV, {"msb_bits": 4}, "msb_bits from 1 to 3, not 4"),
        (CONV, {"msb_bits": None}, "msb_bits from 1 to 3, not 4"),
        (CONV, {"activation_bits": 17}, "less than or equal to 16, not 17"),
        (CONV, {"activation_bits": 1, "msb_bits": 1}, "at least 2 activation_bits"),
        (CONV, {"gate": "both"}, "'gate': should be 'output', 'input' or 'none'"),
        (CONV, {"name": ""}, "'name': expected a non-empty name"),
        (CONV, {"name": "a\nb"}, "'name': expected .*printable"),
        (CONV, {"name": "network"}, "the name 'network' stands for the total of all layers"),
        (CONV, {"in_size": [2**24, 2**24], "in_channels": 2**20}, "more than pgsim counts"),
        (LINEAR, {"positions": None}, "op 'linear' needs 'positions'"),
        (LINEAR, {"kernel": [1, 1]}, "op 'linear' takes no 'kernel'"),
        (LINEAR, {"time_steps": 3}, "op 'linear' takes no 'time_steps'"),
        (LINEAR, {"msb_bits": 9}, "msb_bits from 1 to 8, not 9"),
        (RECURRENT, {"time_steps": None}, "op 'recurrent' needs 'time_steps'"),
    ],
)
def test_errors_say_what_is_wrong(
    base: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        layer_shape(base | change, "file.safetensors")
    assert str(caught.value).startswith("file.safetensors: layer ")
    assert "\n" not in str(caught.value)


def test_macs_are_counted_as_far_as_a_float_is_exact() -> None:
    # 2^20 positions by 2^20 channels of 2^13 MACs are 2^53.
    most = LINEAR | {"positions": 2**20, "out_channels": 2**20, "in_channels": 2**13}
    assert layer_shape(most).macs == 2**53
    with pytest.raises(InputError, match=f"{2**53 + 2**40} MACs an image are more"):
        layer_shape(most | {"in_channels": 2**13 + 1})


@pytest.mark.parametrize(("msb_bits", "gate"), [(1, "output"), (3, "output"), (4, "none")])
def test_the_gate_sees_one_bit_at_least_and_leaves_one(msb_bits: int, gate: str) -> None:
    assert layer_shape(CONV | {"msb_bits": msb_bits, "gate": gate}).lsb_bits == 4 - msb_bits


def test_a_missing_field_is_named() -> None:
    with pytest.raises(InputError, match="layer 'fc': field 'weight_bits' is missing"):
        layer_shape({key: value for key, value in LINEAR.items() if key != "weight_bits"})


def test_all_problems_of_a_layer_come_at_once() -> None:
    with pytest.raises(InputError, match=r"'in_channels'.*'gate'.*'typo'"):
        layer_shape(CONV | {"in_channels": -1, "gate": "x", "typo": 1})


def test_construction_takes_tuples() -> None:
    assert LayerShape(**(CONV | {"kernel": (3, 3)})) == layer_shape(CONV)
