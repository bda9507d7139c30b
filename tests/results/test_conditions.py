"""Rows chosen by conditions; the rows that meet them are counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from pgsim.errors import InputError
from pgsim.results.conditions import chosen_rows, rows_that_meet

FRAME = pd.DataFrame(
    {
        "scheme": ["pg", "full", "uniform:8,8", "pg"],
        "array.rows": [4, 8, 16, 32],
        "mask_density": [0.5, float("nan"), 0.25, 0.125],
        "retain": [True, False, True, False],
        "a=b": ["x", "y", "x", "y"],
        "a": ["b=x", "b=x", "c", "c"],
    }
)


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ([], [0, 1, 2, 3]),
        (["scheme=pg"], [0, 3]),
        ("scheme=pg", [0, 3]),
        (["scheme=uniform:8,8"], [2]),
        (["scheme=pg", "scheme=full"], [0, 1, 3]),
        (["scheme!=pg"], [1, 2]),
        (["scheme!=pg", "scheme!=full"], [2]),
        (["array.rows>=8", "array.rows<32"], [1, 2]),
        (["array.rows > 8"], [2, 3]),
        (["array.rows<=8"], [0, 1]),
        (["array.rows=8.0"], [1]),
        (["array.rows=1.6e1"], [2]),
        (["mask_density<0.5"], [2, 3]),
        (["scheme=pg", "array.rows=32"], [3]),
        (["retain=True"], [0, 2]),
        (["a=b=x"], [0, 2]),  # of two columns the longer name is meant
        (["a=c"], [2, 3]),
    ],
)
def test_rows_that_meet_all_conditions_are_left_in_their_order(where: object, rows: list) -> None:
    assert chosen_rows(FRAME, where).index.tolist() == rows


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("schem=pg", "where schem=pg: no column is named 'schem'. Did you mean 'scheme'"),
        ("scheme=ful", "'scheme' is nowhere 'ful'. expected one of pg, full, .* mean 'full'"),
        ("array.rows=5", "'array.rows' is nowhere '5'. expected one of 4, 8, 16, 32"),
        ("array.rows=1", "'array.rows' is nowhere '1'"),
        ("retain=1", "'retain' is nowhere '1'. expected one of True, False"),
        ("array.rows>many", "> compares numbers, as in array.rows>8"),
        ("scheme<4", "< compares numbers"),
        ("array.rows<nan", "< compares numbers"),
        ("retain>0", "> compares numbers"),
        ("array.rows>99", "where array.rows>99: no row is left of 4"),
        ("scheme", "where 'scheme': expected COLUMN=VALUE"),
        ("", "where '': expected COLUMN=VALUE"),
        ("__import__('os').remove('x')=1", "no column is named"),
    ],
)
def test_what_cannot_be_met_is_named(where: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(").replace("[", r"\[")):
        chosen_rows(FRAME, [where])


def test_a_cell_that_looks_like_a_program_is_text(tmp_path) -> None:
    text = f"open({str(tmp_path / 'made')!r}, 'w')"
    frame = pd.DataFrame({"scheme": [text, "pg"]})
    assert chosen_rows(frame, [f"scheme={text}"]).index.tolist() == [0]
    assert not list(tmp_path.iterdir())


def test_a_setting_that_has_no_words_any_more_is_numbers() -> None:
    frame = pd.DataFrame(
        {"lsb.window": ["auto", "16", "64"], "trace": ["1", "2", "3"], "note": ["4", "5", "6"]}
    )
    assert chosen_rows(frame, [])["lsb.window"].tolist() == ["auto", "16", "64"]
    chosen = chosen_rows(frame, ["lsb.window!=auto"])
    assert chosen["lsb.window"].tolist() == [16, 64]
    assert pd.api.types.is_integer_dtype(chosen["lsb.window"])  # labels say 16, not 16.0
    assert chosen["trace"].tolist() == ["2", "3"]  # names stay names
    assert chosen["note"].tolist() == ["5", "6"]
    assert rows_that_meet(frame, ["lsb.window!=auto"])["lsb.window"].tolist() == ["16", "64"]
    assert chosen_rows(frame, ["trace!=1", "lsb.window!=16"])["lsb.window"].tolist() == [64]


@pytest.mark.parametrize("odd", ["1_0", "\u0661", "1e999", "nan", "9" * 400, ""])
def test_what_is_no_plain_number_stays_a_word(odd: str) -> None:
    frame = pd.DataFrame({"lsb.window": ["auto", "16", odd], "scheme": "pg"})
    chosen = chosen_rows(frame, ["lsb.window!=auto"])
    assert chosen["lsb.window"].tolist() == ["16", odd]
