"""What a row of a layer list means: sizes, images, groups and bits, counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from imports import imported, refusal

CONV: list[Any] = [[1, 8, 16, 16], [12, 8, 3, 5], [1, 12, 8, 16], [2, 1], [1, 2], 4, 0]
FULL: list[Any] = [[5, 20], [30, 20], [5, 30], [], [], 8, 1]


def changed(row: list[Any], **parts: Any) -> list[Any]:
    """Return a row with some of its parts changed."""
    places = ("input", "weights", "output", "stride", "padding", "bits", "kind")
    return [parts.get(name, part) for name, part in zip(places, row, strict=True)]


def layers(folder: Path, *rows: list[Any], **options: Any) -> list[Any]:
    return imported(folder, f"net = {list(rows)}", **options)


def why_not(folder: Path, *rows: list[Any]) -> str:
    return refusal(folder, f"net = {list(rows)}").removeprefix("net.txt: list 'net', ")


def test_a_convolution(tmp_path: Path) -> None:
    (layer,) = layers(tmp_path, CONV)
    assert (layer.in_channels, layer.out_channels, layer.groups) == (8, 12, 1)
    assert (layer.in_size, layer.kernel) == ((16, 16), (3, 5))
    assert (layer.stride, layer.padding, layer.out_size) == ((2, 1), (1, 2), (8, 16))


@pytest.mark.parametrize(
    "parts",
    [
        {"input": [5, 20], "output": [5, 30]},
        {"input": [1, 5, 20], "output": [1, 5, 30]},
        {"input": [5, 5, 2, 2], "output": [5, 30]},  # a map that is read at once
        {"weights": [30, 20, 1, 1]},
        {"stride": [1, 1], "padding": [0, 0]},
        {"stride": None, "padding": None},
    ],
)
def test_a_fully_connected_layer(tmp_path: Path, parts: dict[str, Any]) -> None:
    (layer,) = layers(tmp_path, changed(FULL, **parts))
    assert (layer.op, layer.positions) == ("linear", 5)
    assert (layer.in_channels, layer.out_channels) == (20, 30)


@pytest.mark.parametrize(
    ("bits", "expected"),
    [([6], (6, 6)), ([[8, 4]], (8, 4)), ([(8, 4)], (8, 4)), ([8, 4], (8, 4)), ([8, 4, 16], (8, 4))],
)
def test_bits_of_both_operands_or_of_each(
    tmp_path: Path, bits: list[Any], expected: tuple[int, int]
) -> None:
    (layer,) = layers(tmp_path, [*FULL[:5], *bits, 1])
    assert (layer.activation_bits, layer.weight_bits) == expected


def test_a_name_may_stand_first_or_last(tmp_path: Path) -> None:
    assert layers(tmp_path, ["first", *FULL])[0].name == "first"
    assert layers(tmp_path, [*FULL, "last"])[0].name == "last"


def test_one_number_of_a_stride_is_of_both_sides(tmp_path: Path) -> None:
    (layer,) = layers(tmp_path, changed(CONV, stride=2, padding=1, output=[1, 12, 8, 7]))
    assert (layer.stride, layer.padding) == ((2, 2), (1, 1))


def test_same_and_valid_are_those_of_bit_fusions_graphs(tmp_path: Path) -> None:
    # dnnweaver2 pads each end by half of the kernel, rounded down, for SAME.
    (same,) = layers(tmp_path, changed(CONV, padding="SAME"))
    (valid,) = layers(tmp_path, changed(CONV, padding="VALID", output=[1, 12, 7, 12]))
    assert (same.padding, valid.padding) == ((1, 2), (0, 0))


def test_fewer_weights_than_channels_make_groups(tmp_path: Path) -> None:
    depthwise = changed(CONV, weights=[8, 1, 3, 5], output=[1, 8, 8, 16])
    (layer,) = layers(tmp_path, depthwise)
    assert (layer.groups, layer.macs) == (8, 8 * 16 * 8 * 15)


def test_images_that_convolutions_take_at_once_are_those_of_all_layers(tmp_path: Path) -> None:
    conv = changed(CONV, input=[5, 8, 16, 16], output=[5, 12, 8, 16])
    _, full = layers(tmp_path, conv, FULL)
    assert full.positions == 1
    found = why_not(tmp_path, conv, changed(FULL, input=[7, 20], output=[7, 30]))
    assert found == (
        "row 1: 7 positions are no multiple of the 5 images that the convolutions take at once"
    )
    assert why_not(tmp_path, conv, CONV).startswith("convolutions of 1, 5 images")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            changed(CONV, output=[1, 12, 8, 8]),
            "row 0: layer 'conv0': output [1, 12, 8, 8], but its input, weights, stride and "
            "padding give [1, 12, 8, 16]",
        ),
        (
            changed(FULL, output=[5, 31]),
            "row 0: layer 'fc0': output [5, 31], but its input, weights, stride and padding give "
            "[5, 30]",
        ),
        (
            changed(FULL, weights=[30, 21]),
            "row 0: input [5, 20] does not have the 21 features that weights [30, 21] take",
        ),
        (changed(FULL, weights=[30, 20, 3, 3]), "row 0: a fully connected layer has weights [out"),
        (changed(CONV, weights=[12, 3, 3, 5]), "row 0: weights [12, 3, 3, 5] do not go with 8"),
        (changed(CONV, weights=[12, 8, 3]), "row 0: a convolution has 4 sizes of input, weights"),
        (changed(CONV, stride=[0, 1]), "row 0: stride [0, 1]: expected a pair of whole numbers"),
        (changed(CONV, padding=[1, 2, 1]), "row 0: padding [1, 2, 1]: expected a pair of whole"),
        (changed(CONV, kind=2), "row 0: kind 2: expected 0 for a convolution, 1 for a fully"),
        (changed(CONV, kind=True), "row 0: kind True: expected 0 for a convolution, 1 for a fully"),
        (changed(CONV, bits="8"), "row 0: bits '8': expected one whole number, or those of"),
        (changed(CONV, bits=0), "row 0: bits 0: expected one whole number, or those of"),
        (changed(CONV, input=[1, 8, 16, -1]), "row 0: input [1, 8, 16, -1]: expected a list of"),
        (changed(CONV, input=[1, 8, 16, 16.0]), "row 0: input [1, 8, 16, 16.0]: expected a list"),
        (CONV[:6], "row 0: 6 fields, expected 7: [input, weights, output, stride, padding, bits, "),
    ],
)
def test_a_row_that_contradicts_itself_is_refused_by_its_number(
    tmp_path: Path, row: list[Any], expected: str
) -> None:
    assert why_not(tmp_path, row).startswith(expected)


@pytest.mark.parametrize("odd", [[], 3, "a", [5, [30, 20], [5, 30], [], [], 8, 1], [[], [], []]])
def test_what_is_no_row_among_rows_is_refused(tmp_path: Path, odd: Any) -> None:
    found = why_not(tmp_path, FULL, odd, FULL)
    assert found.startswith("row 1: expected [input, weights, output, stride, padding, bits, kind]")
