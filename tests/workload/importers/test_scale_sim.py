"""SCALE-Sim's topologies: its own formulas on many rows, and the oddities of its shared files.

Expected sizes and MACs are those that `topo_calc_hyperparams` of SCALE-Sim v2 computes, written
down here a second time.
"""

from __future__ import annotations

from math import ceil
from pathlib import Path
from random import Random

import pytest
from imports import imported, refusal

from pgsim import import_layers
from pgsim.errors import InputError

HEADER = (
    "Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, Num Filter, "
    "Strides,"
)
CONV = HEADER + "\nConv1, 224, 224, 7, 7, 3, 64, 2,\n"


def scale_sim_counts(row: list[int]) -> tuple[int, int, int]:
    """Return the output's height and width, and the MACs, as SCALE-Sim v2 does."""
    height, width, filter_height, filter_width, channels, filters, stride_height, stride_width = row
    out_height = ceil((height - filter_height + stride_height) / stride_height)
    out_width = ceil((width - filter_width + stride_width) / stride_width)
    macs = out_height * out_width * filter_height * filter_width * channels * filters
    return out_height, out_width, macs


def random_rows(count: int) -> list[list[int]]:
    """Return rows of eight numbers, whose filters fit."""
    rng = Random(7)
    rows = []
    for _ in range(count):
        height, width = rng.randint(1, 60), rng.randint(1, 60)
        sides = rng.randint(1, min(9, height)), rng.randint(1, min(9, width))
        strides = rng.randint(1, 5), rng.randint(1, 5)
        rows.append([height, width, *sides, rng.randint(1, 40), rng.randint(1, 40), *strides])
    return rows


def test_the_outputs_that_scale_sim_counts(tmp_path: Path) -> None:
    rows = random_rows(400)
    text = "\n".join(f"L{at}, {', '.join(map(str, row))}," for at, row in enumerate(rows))
    layers = imported(tmp_path, text, format="scale_sim_ceil")
    found = [(*layer.out_size, layer.macs) for layer in layers]
    assert found == [scale_sim_counts(row) for row in rows]


def test_whole_windows_are_fewer_only_where_the_stride_leaves_some_over(tmp_path: Path) -> None:
    rows = random_rows(400)
    text = "\n".join(f"L{at}, {', '.join(map(str, row))}," for at, row in enumerate(rows))
    for row, layer in zip(rows, imported(tmp_path, text), strict=True):
        expected = [
            out - bool((size - side) % stride)
            for out, size, side, stride in zip(
                scale_sim_counts(row), row[:2], row[2:4], row[6:], strict=False
            )
        ]
        assert list(layer.out_size) == expected
        assert layer.padding == (0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "Layer,M,N,K\nQKT,1024,512,64\n",
        "Layer,M,N,K,Sparsity,Batch\nQKT,1024,512,64,1:4,1,\n",
        "Layer,M,N,K,Sparsity,\nQKT,1024,512,64,4,\n",  # which is no batch
        "Layer,M,N,K,Batch,\nQKT,1024,512,64\n",
        "Layer,M,N,K,Batch,Sparsity\nQKT,1024,512,64,,1:4\n",  # an empty cell
        "Layer Name, M Dimension, N (filters), k_dim,\nQKT,1024,512,64,\n",
        "QKT,1024,512,64,\n",
        "QKT,1024,512,64,1,1,\n",
        "QKT,1024,512,64,2:4,a,b,c,d,\n",
    ],
)
def test_matrix_products_are_m_by_k_times_k_by_n(tmp_path: Path, text: str) -> None:
    (layer,) = imported(tmp_path, text)
    assert (layer.op, layer.positions) == ("linear", 1024)
    assert (layer.in_channels, layer.out_channels, layer.macs) == (64, 512, 1024 * 512 * 64)


@pytest.mark.parametrize(
    "text",
    [
        "Layer,M,N,K,Batch,\nQKT,1024,512,64,8,\n",
        "Layer,M,N,K,Sparsity,Batch\nQKT,1024,512,64,1:4,8,\n",
        "layer; m; n; k; batch size\nQKT; 1024; 512; 64; 8\n",
    ],
)
def test_a_batch_of_products_is_of_heads(tmp_path: Path, text: str) -> None:
    # `topology_utils` of SCALE-Sim: "batch count (multi-head/batched dot_general)".
    (layer,) = imported(tmp_path, text)
    assert (layer.op, layer.groups, layer.positions) == ("matmul", 8, 1024)
    assert (layer.in_channels_per_group, layer.channels_per_group) == (64, 512)
    assert layer.macs == 8 * 1024 * 512 * 64


@pytest.mark.parametrize(
    "text",
    [
        CONV,
        CONV.replace(",\n", "\n"),  # no trailing commas
        "\ufeff" + CONV,
        CONV.replace("\n", "\r\n"),
        CONV.replace("\n", "\n\n,,,,,,,,\n \t\n"),
        CONV.split("\n", 1)[1],  # no header
        CONV.replace(",", " , ").replace("Conv1", "\tConv1"),
        CONV.replace(", ", "\t").replace(",", "\t"),
        CONV.replace(", ", ";").replace(",", ";"),  # of a spreadsheet that has decimal commas
        CONV.replace(" 2,\n", " 2,#dw\n"),
        CONV.replace("Strides,", "Strides, Sparsity,").replace(" 2,\n", " 2, 2:4,\n"),
        CONV.replace("Strides,", "Strides, Batch Size,").replace(" 2,\n", " 2, 1,\n"),
        CONV.replace("Strides,", "Stride height, Stride width,").replace(" 2,\n", " 2, 2,\n"),
        CONV.replace(" 2,\n", " 2, 2\n"),
        "AlphaGoZero,\n" + CONV + "Alexnet,\n",
        "# a comment\n" + CONV,
        '"' + CONV.replace(", ", '","').replace(",\n", '"\n"')[:-1],  # in quotes
        '\t "' + CONV.replace(", ", '" ,\t"').replace(",\n", '"  \n"')[:-1],  # and blanks around
    ],
)
def test_one_layer_however_it_is_written(tmp_path: Path, text: str) -> None:
    (layer,) = imported(tmp_path, text)
    assert layer.name == "Conv1"
    assert (layer.in_size, layer.kernel, layer.stride) == ((224, 224), (7, 7), (2, 2))
    assert (layer.in_channels, layer.out_channels, layer.groups) == (3, 64, 1)
    assert (layer.activation_bits, layer.weight_bits, layer.gate) == (8, 8, "none")


def test_a_second_stride_is_of_columns_unless_the_header_says_otherwise(tmp_path: Path) -> None:
    row = "\nConv1, 96, 96, 3, 3, 3, 8, 2, 1,\n"
    (both,) = imported(tmp_path, HEADER + row)
    (one,) = imported(tmp_path, HEADER.replace("Strides,", "Strides, Batch,") + row)
    assert (both.stride, one.stride) == ((2, 1), (2, 2))
    for names in ("Sh, Sw,", "Sh (rows), Sw (columns),", "S_H, S_W,"):
        (short,) = imported(tmp_path, HEADER.replace("Strides,", names) + row)
        assert short.stride == (2, 1), names
    (other,) = imported(tmp_path, HEADER.replace("Strides,", "Strides, Swaps,") + row)
    assert other.stride == (2, 2)


def test_dp_in_a_name_is_one_filter_set_for_each_channel(tmp_path: Path) -> None:
    # SCALE-Sim makes 32 layers of one channel and 2 filters of such a row.
    (layer,) = imported(tmp_path, "ConvDP3, 16, 16, 3, 3, 32, 2, 1,\n")
    assert (layer.groups, layer.in_channels, layer.out_channels) == (32, 32, 64)
    assert layer.macs == 32 * scale_sim_counts([16, 16, 3, 3, 1, 2, 1, 1])[2]


def test_names_that_are_there_again_are_told_apart(tmp_path: Path) -> None:
    rows = "a,1,2,3,\nb,1,2,3,\na,1,2,3,\na.2,1,2,3,\na,1,2,3,\n"
    names = [layer.name for layer in imported(tmp_path, rows)]
    assert names == ["a", "b", "a.3", "a.2", "a.4"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            CONV + "FC, 1, 1, 1, ,1 2, 2, 1,\n",
            "net.txt:3: layer 'FC': filter width: expected a whole number, at least 1, not ''",
        ),
        (
            CONV + "FC, 1, 1, 1, 1, 2.5, 2, 1,\n",
            "net.txt:3: layer 'FC': channels: expected a whole number, at least 1, not '2.5'",
        ),
        (
            CONV + "FC, 1, 1, 1, 1, 2, 0, 1,\n",
            "net.txt:3: layer 'FC': number of filters: expected a whole number, at least 1, "
            "not '0'",
        ),
        (
            CONV + "FC, 1, 1, 1,\n",
            "net.txt:3: layer 'FC': 3 numbers, expected 7: IFMAP height, IFMAP width, filter "
            "height, filter width, channels, number of filters, stride",
        ),
        (CONV + ", 1, 1, 1, 1, 2, 2, 1,\n", "net.txt:3: the row has no name in its first cell"),
        (  # a first row with a number in it is no header
            "FC, x, 1, 1, 1, 2, 2, 1,\n" + CONV.split("\n", 1)[1],
            "net.txt:1: layer 'FC': IFMAP height: expected a whole number, at least 1, not 'x'",
        ),
        (
            "FC, 1, 1, 1, x, 2, 2, 1,\n" + CONV.split("\n", 1)[1],
            "net.txt:1: layer 'FC': filter width: expected a whole number, at least 1, not 'x'",
        ),
        (  # the header alone tells the format
            CONV.replace("224", "224.0"),
            "net.txt:2: layer 'Conv1': IFMAP height: expected a whole number, at least 1, "
            "not '224.0'",
        ),
        (
            "Layer, M, N, K,\na, M, 2, 3,\n",
            "net.txt:2: layer 'a': M: expected a whole number, at least 1, not 'M'",
        ),
        (  # as SCALE-Sim v3 has beside its topologies
            "Layer name, IFMAP Height Intraline Factor, IFMAP Width Intraline Factor,\n"
            "Inc5b_3x3, 2, 2, 1, 1, 16, 4, 1, 1, 2,\n",
            "net.txt: a layout of SCALE-Sim, which says where elements lie: expected a topology, "
            "with the sizes of layers",
        ),
        (  # a template of SCALE-Sim's, whose letters stand for numbers
            HEADER + "\nLSTM_igate_h, 1, B, 1, 1, H, H, 1,\n",
            "net.txt:2: layer 'LSTM_igate_h': IFMAP width: expected a whole number, at least 1, "
            "not 'B'",
        ),
        (
            'Layer,M,N,K\na,8,16,32\n"b,8,16,32\nc,8,16,32\n',
            "net.txt:3: no row of cells (unexpected end of data): expected quotes around whole "
            "cells, or none",
        ),
        *(
            (
                f"Layer,M,N,K,Batch\na,8,16,32,{batch}\n",
                f"net.txt:2: layer 'a': Batch: expected a whole number, at least 1, not '{batch}'",
            )
            for batch in ("12.0", "x", "0")
        ),
        ("", "net.txt: says nothing: expected the layers of a network"),
        (
            "Layer, M, K, N,\na, 1, 2, 3,\n",
            "net.txt: the header says M, K, N, but SCALE-Sim reads M, N and K in this order "
            "whatever it says: put the columns in this order",
        ),
        (
            "Layer, M (rows), K (inner), N (columns),\na, 1, 2, 3,\n",
            "net.txt: the header says M (rows), K (inner), N (columns), but SCALE-Sim reads M, N "
            "and K in this order whatever it says: put the columns in this order",
        ),
    ],
)
def test_a_row_that_says_nothing_is_refused_by_its_line(
    tmp_path: Path, text: str, expected: str
) -> None:
    assert refusal(tmp_path, text) == expected


def test_quotes_of_a_comment_need_not_end(tmp_path: Path) -> None:
    (layer,) = imported(tmp_path, '# of "a, "b\n' + CONV)
    assert layer.name == "Conv1"


def test_text_of_two_bytes_a_letter_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.csv"
    path.write_text(CONV, encoding="utf-16")
    with pytest.raises(InputError, match=r"net\.csv: UTF-16 text: save it as UTF-8"):
        import_layers(path)


def test_a_name_may_hold_a_comma_in_quotes(tmp_path: Path) -> None:
    (layer,) = imported(tmp_path, '"Conv, first", 16, 16, 3, 3, 8, 4, 1\n')
    assert (layer.name, layer.out_size) == ("Conv, first", (14, 14))


def test_a_filter_larger_than_its_input_is_refused_as_scale_sim_does(tmp_path: Path) -> None:
    found = refusal(tmp_path, "Conv1, 5, 5, 7, 7, 3, 64, 2,\n")
    assert found.startswith("net.txt:1: layer 'Conv1': kernel [7, 7]")


# ceil((H - FH + S) / S) of each side, in whole numbers.
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize(("size", "side"), [(5, 7), (5, 6), (6, 5), (1, 4), (5, 5), (9, 4)])
def test_outputs_are_those_of_the_formula_wherever_it_gives_any(
    tmp_path: Path, size: int, side: int, stride: int
) -> None:
    outputs = -(-(size - side + stride) // stride)
    text = f"Conv1, {size}, 12, {side}, 3, 3, 4, {stride},\n"
    if outputs < 1:
        found = refusal(tmp_path, text, format="scale_sim_ceil")
        assert found.startswith(f"net.txt:1: layer 'Conv1': kernel [{side}, 3]")
        return
    (layer,) = imported(tmp_path, text, format="scale_sim_ceil")
    assert layer.out_size == (outputs, -(-(12 - 3 + stride) // stride))
    assert layer.in_size == (size, 12)


def test_a_file_without_a_layer_is_refused(tmp_path: Path) -> None:
    found = refusal(tmp_path, HEADER + "\n", format="scale_sim")
    assert found == "net.txt: no layer: expected a name and whole numbers a row"
