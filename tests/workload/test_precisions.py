"""Tables of precisions: the bits that they give, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from imports import imported

from pgsim import InputError

NET = "conv1,8,8,4,\nconv2,8,8,4,\nfc,8,8,4,\n"
CSV = "layer, activation_bits, weight_bits\nconv2, 4, 2\nfc, , 3\n"
ROWS = """
- {layer: conv2, activation_bits: 4, weight_bits: 2}
- {layer: fc, weight_bits: 3}
"""
MAPPING = "conv2: {activation_bits: 4, weight_bits: 2}\nfc: {weight_bits: 3}\n"


def table(folder: Path, text: str) -> Path:
    path = folder / "bits"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [CSV, CSV.replace(",", ";"), CSV.replace(",", "\t"), ROWS, "precisions:" + ROWS, MAPPING],
)
def test_layers_get_the_bits_of_a_table(tmp_path: Path, text: str) -> None:
    layers = imported(tmp_path, NET, precisions=table(tmp_path, text))
    bits = [(layer.activation_bits, layer.weight_bits) for layer in layers]
    assert bits == [(8, 8), (4, 2), (8, 3)]


def test_a_table_goes_before_what_is_asked_of_all_layers(tmp_path: Path) -> None:
    layers = imported(
        tmp_path,
        NET,
        precisions=table(tmp_path, CSV),
        activation_bits=6,
        msb_bits=2,
        weight_bits=5,
    )
    bits = [(layer.activation_bits, layer.msb_bits, layer.weight_bits) for layer in layers]
    assert bits == [(6, 2, 5), (4, 2, 2), (6, 2, 3)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CSV.replace("conv2", "conv3"), "bits: no layer is named 'conv3'. Did you mean 'conv2'?"),
        (CSV.replace("fc", "FC"), "bits: no layer is named 'FC'. Did you mean 'fc'?"),
        (CSV.replace("fc", "conv2"), "bits:3: layer 'conv2' is there twice"),
        (CSV.replace("weight_bits", "weights"), "bits:2: unknown column 'weights' (known: layer, "),
        (CSV.replace("4, 2", "four, 2"), "bits:2: activation_bits: expected a whole number, not "),
        (
            CSV.replace("conv2, 4", "conv2, 17"),
            "net.txt:2: layer 'conv2': field 'activation_bits': ",
        ),
        ("activation_bits\n4\n", "bits:2: expected the name of a layer in 'layer'"),
        ("layer,weight_bits\n", "bits: no precision: expected a row of a layer and its bits"),
        ("conv2: 4\n", "bits:1: expected bits of layer 'conv2', such as weight_bits"),
        ("conv2: {weight_bits: 1.5}\n", "bits:1: weight_bits: expected a whole number, not 1.5"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(InputError) as caught:
        imported(tmp_path, NET, precisions=path)
    assert str(caught.value).replace(f"{tmp_path}/", "").startswith(expected)
