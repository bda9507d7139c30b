"""What the words of ONNX's `auto_pad` mean, as its specification says."""

from __future__ import annotations

import pytest

from pgsim.workload.importers.onnx_graph.graph import Node
from pgsim.workload.importers.onnx_graph.operators.auto_pads import auto_pad
from pgsim.workload.importers.onnx_graph.operators.operator import Unfit


def node(**attributes: object) -> Node:
    return Node("Conv", "", "conv", ("x", "w"), ("y",), attributes)


@pytest.mark.parametrize(
    ("word", "begin", "end"),
    [("SAME_UPPER", [1, 1], [1, 2]), ("SAME_LOWER", [1, 2], [1, 1]), ("NOTSET", [1, 2], [1, 1])],
)
def test_the_larger_half_stands_behind_under_same_upper_alone(
    word: str, begin: list[int], end: list[int]
) -> None:
    assert auto_pad(node(auto_pad=word)).halves([2, 3]) == (begin, end)


@pytest.mark.parametrize(
    ("attributes", "margins"),
    [
        ({"pads": [1, 2, 3, 4]}, ([1, 2], [3, 4])),
        ({"pads": [1, 2, 3, 4], "auto_pad": ""}, ([1, 2], [3, 4])),
        ({"pads": [1, 2, 3, 4], "auto_pad": "VALID"}, ([0, 0], [0, 0])),
        ({}, ([0, 0], [0, 0])),
    ],
)
def test_pads_count_where_no_word_says_otherwise(
    attributes: dict[str, object], margins: tuple[list[int], list[int]]
) -> None:
    own = node(**attributes)
    assert auto_pad(own).given(own, 2) == margins


def test_another_word_is_an_error_and_no_default() -> None:
    with pytest.raises(Unfit, match="auto_pad 'SAME'"):
        auto_pad(node(auto_pad="SAME"))
