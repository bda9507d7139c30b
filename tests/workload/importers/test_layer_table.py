"""pgsim's own tables: what a row gives is what a manifest with the same fields gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from imports import imported, refusal

from pgsim.workload import layer_shape

CSV = """name,op,in_channels,out_channels,in_size,kernel,stride,padding,positions,inputs,signed
stem, conv2d, 3, 16, 32, 3, 2, same,,,
# a comment

body, conv2d, 16, 16, 16x16, 3x1, , 1x0,, stem ; network, yes
head, linear, 16, 10,,,,, 4
"""
YAML = """
layers:
- {name: stem, op: conv2d, in_channels: 3, out_channels: 16, in_size: 32, kernel: 3, stride: 2,
   padding: same}
- name: body
  op: conv2d
  in_channels: 16
  out_channels: 16
  in_size: [16, 16]
  kernel: [3, 1]
  padding: [1, 0]
  inputs: [stem, network]
  signed: true
- {name: head, op: linear, in_channels: 16, out_channels: 10, positions: 4}
"""
BITS = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}
EXPECTED = [
    layer_shape(fields | BITS)
    for fields in (
        {
            "name": "stem", "op": "conv2d", "in_channels": 3, "out_channels": 16,
            "in_size": [32, 32], "kernel": [3, 3], "stride": [2, 2], "padding": "same",
        },
        {
            "name": "body", "op": "conv2d", "in_channels": 16, "out_channels": 16,
            "in_size": [16, 16], "kernel": [3, 1], "padding": [1, 0],
            "inputs": ["stem", "network"], "signed": True,
        },
        {"name": "head", "op": "linear", "in_channels": 16, "out_channels": 10, "positions": 4},
    )
]  # fmt: skip


JSON = json.dumps([layer.manifest() for layer in EXPECTED], indent=2)


@pytest.mark.parametrize(
    "text",
    [
        JSON,
        f'{{\n"layers":\n{JSON}\n}}',
        CSV,
        CSV.replace("\n", "\r\n"),
        CSV.replace(",", "\t"),
        CSV.replace("stem ; network", '"stem ; network"').replace(",", ";"),
        "\ufeff" + CSV,
        YAML,
        YAML.replace("layers:\n", ""),
        "# shapes\n---\n" + YAML,
    ],
)
def test_a_table_is_the_manifest_of_its_rows(tmp_path: Path, text: str) -> None:
    assert imported(tmp_path, text) == EXPECTED


def test_one_number_is_of_each_axis_of_the_op(tmp_path: Path) -> None:
    rows = """name,op,in_channels,out_channels,in_size,kernel,stride,padding,output_padding
a,conv1d,2,4,16,5,,2
b,conv3d,2,4,6,3,,
c,conv_transpose2d,4,2,5,3,2,1,1
"""
    one, three, *phases = imported(tmp_path, rows)
    assert (one.in_size, one.kernel, one.out_size) == ((16,), (5,), (16, 1))
    assert (three.in_size, three.kernel) == ((6, 6, 6), (3, 3, 3))
    # (5 - 1) * 2 - 2 + 3 + 1 rows and columns, of which each phase has every second one.
    assert [phase.name for phase in phases] == ["c.0.0", "c.0.1", "c.1.0", "c.1.1"]
    assert sum(phase.outputs for phase in phases) == 2 * 10 * 10


def test_bits_and_gates_are_those_of_the_table(tmp_path: Path) -> None:
    rows = "name,op,in_channels,out_channels,positions,activation_bits,msb_bits,weight_bits,gate\n"
    (layer,) = imported(tmp_path, rows + "fc,linear,8,4,2,6,3,5,output\n")
    assert (layer.activation_bits, layer.msb_bits, layer.weight_bits) == (6, 3, 5)
    assert layer.gate == "output"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CSV.replace("kernel", "kernal"),
            "net.txt:2: unknown column 'kernal' (known: name, op, ",
        ),
        (CSV.replace("name,", "Name,", 1), "net.txt:2: unknown column 'Name' (known: name, op, "),
        (CSV.replace("16x16", "16*16"), "net.txt:5: in_size: expected a pair such as 3x3, or one"),
        (CSV.replace("head, linear, 16", "head, linear, many"), "net.txt:6: in_channels: expected"),
        (CSV.replace("linear", "lineal"), "net.txt:6: layer 'head': field 'op': "),
        (CSV.replace("stem ;", "stems ;"), "net.txt: layer 'body': inputs: 'stems' is no layer"),
        (CSV.replace("head", "body"), "net.txt: layer 'body' appears again as layer 3"),
        (CSV + "x,1,1,1,1,1,1,1,1,1,1,1\n", "net.txt:7: 12 cells, but the header has 11"),
        (CSV.replace("stride", "kernel"), "net.txt:1: the header has 'kernel' twice"),
        (YAML.replace("kernel: 3,", "kernel: 3, kernel: 5,"), "net.txt:3: duplicate key"),
        (YAML.replace("kernel: 3,", "kernal: 3,"), "net.txt:3: unknown column 'kernal'"),
        (YAML.replace("stride: 2", "stride: two"), "net.txt:3: stride: expected a pair"),
        (
            YAML.replace("padding: same", "padding: valid"),
            "net.txt:3: padding: expected a pair such as 3x3, or one number, or 'same', not 'v",
        ),
        ("layers: 3\n", "net.txt: expected a list of rows; found a single value"),
        ("layers: [3]\n", "net.txt:1: expected a row of keys and values"),
        ("layers: []\n", "net.txt: no layer: expected one a row"),
        (YAML + "other: 1\n", "net.txt: expected the key 'layers' alone; found layers, other"),
    ],
)
def test_a_wrong_table_is_refused_by_its_line(tmp_path: Path, text: str, expected: str) -> None:
    assert refusal(tmp_path, text).startswith(expected)
