"""Text in tables: no formula for a spreadsheet, and the same text when it is read back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgsim.results.cells import as_cell, as_text
from pgsim.results.table_files import read_table, write_table

# First characters by which a spreadsheet knows a formula: OWASP, CSV Injection.
FORMULAS = ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]


@pytest.mark.parametrize("first", FORMULAS)
def test_no_cell_of_a_csv_begins_a_formula(first: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    name = f'{first}HYPERLINK("http://example.org")'
    write_table(pd.DataFrame({"layer": [name], "mask_density": [0.5], "note": [name]}), path)
    raw = pd.read_csv(path, dtype=str)
    assert raw["layer"][0][0] == raw["note"][0][0] == "'"
    assert raw["mask_density"][0] == "0.5"
    assert read_table(path)[["layer", "note"]].values.tolist() == [[name, name]]


def test_a_negative_number_stays_a_number(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_table(pd.DataFrame({"trace.threshold_shift": [-1.5, 2.0], "cycles": 7}), path)
    assert path.read_text() == "trace.threshold_shift,cycles\n-1.5,7\n2.0,7\n"
    assert read_table(path)["trace.threshold_shift"].tolist() == [-1.5, 2.0]


@given(st.text() | st.text("'=+-@ a\t\r\n"))
def test_what_a_cell_holds_is_the_text_again(text: str) -> None:
    cell = as_cell(text)
    assert as_text(cell) == text
    assert not cell.startswith(tuple(FORMULAS))


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".json"])
@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
        min_size=1,
    )
)
def test_any_name_is_read_back(suffix: str, tmp_path_factory, names: list[str]) -> None:
    path = tmp_path_factory.mktemp("names") / f"table{suffix}"
    write_table(pd.DataFrame({"layer": names, "cycles": 1}), path)
    assert read_table(path)["layer"].tolist() == names
