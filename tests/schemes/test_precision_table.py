"""Files of the bits of each layer, and the runs of weight bits that are not zero (M56).

Expected rows and planes are what a person reads in the table.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pgsim import InputError
from pgsim.schemes.precision_table import Precision, precisions_of

HEAD = "layer,activation_bits,weight_bits,zero_weight_planes\n"


def read(path: Path, text: str) -> tuple[Precision, ...]:
    path.write_text(text)
    return precisions_of(str(path))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bits.csv"


def test_a_row_is_a_layer(path: Path) -> None:
    assert read(path, HEAD + "first,16,0,\nsecond,3,5,4 0\n") == (
        Precision("first", 16, 0),
        Precision("second", 3, 5, frozenset({4, 0})),
    )


def test_yaml_says_the_same(tmp_path: Path) -> None:
    text = "second: {activation_bits: 3, weight_bits: 5, zero_weight_planes: 4}\n"
    (row,) = read(tmp_path / "bits.yaml", text)
    assert row == Precision("second", 3, 5, frozenset({4}))


def test_columns_stand_in_any_order(path: Path) -> None:
    text = "weight_bits, layer ,activation_bits\n2,first,1\n\n6,third,7\n"
    assert read(path, text) == (Precision("first", 1, 2), Precision("third", 7, 6))


@pytest.mark.parametrize(
    ("zeros", "weights"),
    [
        ("", [(0, 8)]),
        ("7", [(0, 7)]),
        ("0 1", [(2, 6)]),
        ("4", [(5, 3), (0, 4)]),
        ("7 4 0", [(5, 2), (1, 3)]),
        ("6 4 2 0", [(7, 1), (5, 1), (3, 1), (1, 1)]),
        ("0 1 2 3 4 5 6 7", []),
    ],
)
def test_planes_are_the_runs_between_zeros_from_the_top(
    path: Path, zeros: str, weights: list[tuple[int, int]]
) -> None:
    (row,) = read(path, HEAD + f"first,4,8,{zeros}\n")
    assert [(each.low, each.bits) for each in row.weight_planes()] == weights


def test_zeros_that_are_measured_count_as_those_of_the_table() -> None:
    """Of bits 7 to 0 the table has 3 zero, and 6 and 0 are measured: 7, then 5 4, then 2 1."""
    planes = Precision("first", 4, 8, frozenset({3})).weight_planes(frozenset({6, 0}))
    assert [(each.low, each.bits) for each in planes] == [(7, 1), (4, 2), (1, 2)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "first,0,4,\n", "bits.csv:2: activation_bits 0: expected 1 to 16"),
        (HEAD + "first,4,17,\n", "bits.csv:2: weight_bits 17: expected 0 to 16"),
        (HEAD + "first,4,-1,\n", "bits.csv:2: weight_bits: expected a whole number, not '-1'"),
        (HEAD + "first,4,4,4\n", "zero_weight_planes '4': expected bits of a weight, from 0 to 3"),
        (HEAD + "first,4,0,0\n", "expected bits of a weight, of which it has none"),
        (HEAD + "first,4,x,\nok,4,4,\nlast,0,4,\n", "bits.csv:2: weight_bits"),
        (HEAD + "first,4,x,\nok,4,4,\nlast,0,4,\n", "bits.csv:4: activation_bits 0"),
        (HEAD + "first,4,16,012\n", "zero_weight_planes '012': expected bits of a weight"),
        (HEAD + "first,4,4,\nfirst,4,4,\n", "bits.csv:3: layer 'first' is there twice"),
        (HEAD + "first,4\n", "bits.csv:2: weight_bits: expected a whole number, not nothing"),
        (HEAD, "no precision: expected a row of a layer and its bits"),
        ("", "no precision: expected a row of a layer and its bits"),
        ("layer,activation_bit,weight_bits\nfirst,4,4\n", "Did you mean 'activation_bits'?"),
        ("layer,layer,activation_bits,weight_bits\n", "the header has 'layer' twice"),
    ],
)
def test_a_wrong_table_is_refused(path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        read(path, text)
    assert message in str(error.value)


def test_what_is_no_text_or_too_long_is_refused(path: Path) -> None:
    path.write_bytes(b"layer,\xff\n")
    with pytest.raises(InputError, match="not UTF-8 text"):
        precisions_of(str(path))
    path.write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(InputError, match="larger than 1 MiB"):
        precisions_of(str(path))
    with pytest.raises(InputError, match="Did you mean 'stripes_alexnet'"):
        precisions_of("stripes_alexnt")
