"""What names in a table say of swept values; the shipped pg_os is called pg-os-16x16."""

from __future__ import annotations

import pandas as pd
import pytest
from plot_cases import table, title

from pgsim import pareto
from pgsim.plots import draw_results
from pgsim.results.designs import labels_of, title_of, told_apart
from pgsim.results.settings import fixed_settings

SWEPT = {"arch": "pg-os-16x16", "array.rows": 8, "array.columns": 16, "batch": 1}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["array.rows=8"]),  # its columns and its batch are the shipped design's
        ({"array.rows": 16}, []),
        ({"batch": 2}, ["array.rows=8", "batch=2"]),
        ({"arch": "pg-os-16x16[array.rows=8]"}, ["array.columns=16", "batch=1"]),
        ({"arch": "mine"}, ["array.rows=8", "array.columns=16", "batch=1"]),
        ({"note": "a"}, ["array.rows=8"]),  # no key of a design
        ({"trace.msb_bits": 3}, ["array.rows=8", "trace.msb_bits=3"]),
        ({"trace.msb_bits": 3, "trace": "digits[msb_bits=3]"}, ["array.rows=8"]),
    ],
)
def test_what_all_rows_share_and_no_name_says(
    changed: dict[str, object], expected: list[str]
) -> None:
    assert fixed_settings(table(SWEPT | changed)) == expected


def test_what_rows_do_not_share_is_left_to_labels() -> None:
    frame = table(SWEPT, SWEPT | {"array.rows": 4})
    assert fixed_settings(frame) == []
    assert "array" not in title_of(frame)


def test_figures_name_the_sides_that_a_condition_fixed() -> None:
    frame = table(*(SWEPT | {"array.rows": rows, "array.columns": rows} for rows in (8, 16)))
    wanted = ["array.rows=8", "array.columns=8"]
    figure = draw_results(frame, where=wanted)
    assert title(figure).replace("\n", " ").endswith("; array.rows=8, array.columns=8")
    found = pareto(frame, "cycles", "energy_pj", where=wanted)
    assert found.title.endswith("; array.rows=8, array.columns=8")


@pytest.mark.parametrize(
    ("rows", "columns", "labels"),
    [
        # Each design's sides follow from its name, which says otherwise of the first.
        ((8, 16), (16, 16), ["pg-os-16x16, pg, array.rows=8", "pg-ws-16x16, pg, array.rows=16"]),
        ((16, 16), (16, 16), ["pg-os-16x16, pg", "pg-ws-16x16, pg"]),
    ],
)
def test_labels_say_what_belies_a_name(
    rows: tuple[int, int], columns: tuple[int, int], labels: list[str]
) -> None:
    frame = pd.DataFrame(
        {
            "arch": ["pg-os-16x16", "pg-ws-16x16"],
            "scheme": "pg",
            "array.rows": rows,
            "array.columns": columns,
        }
    )
    assert labels_of(frame, told_apart(frame, list(frame.columns))) == labels


def test_both_sides_that_advance_together_are_said() -> None:
    frame = pd.DataFrame(
        {"arch": "mine-4x4", "scheme": "pg", "array.rows": [4, 8], "array.columns": [4, 8]}
    )
    told = told_apart(frame, list(frame.columns))
    assert labels_of(frame, told)[1] == "mine-4x4, pg, array.rows=8, array.columns=8"
