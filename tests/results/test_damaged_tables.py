"""Tables that someone changed: what is no result is refused by row, column and value.

Which values a column may hold follows from what it counts, and is written down here by hand.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet
from shipped import in_fixed_order

from pgsim import COLUMNS, compare, simulate
from pgsim.errors import InputError
from pgsim.plots import draw_results
from pgsim.results import IDENTITY, LAYER_COLUMNS
from pgsim.results.columns import NEST, checked_table
from pgsim.results.table_files import read_table, write_table

RATIOS = ["mask_density", "pe_utilization", "msb_pe_utilization", "lsb_pe_utilization"]
MAY_BE_EMPTY = ["mask_density", "msb_pe_utilization", "lsb_pe_utilization"]
FRACTIONS = ["average_bits", "time_us", *RATIOS]  # and energies: the only ones that are not whole
NUMBERS = [name for name in LAYER_COLUMNS if name not in (*IDENTITY, *NEST, "image")]
WHOLE = [name for name in NUMBERS if name not in FRACTIONS and not name.endswith("_pj")]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return simulate("digits_pg_4_2", "pg_ws").layers


@pytest.fixture(scope="module")
def good(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "good.csv"
    write_table(frame, path)
    return path


def changed(good: Path, column: str, text: str) -> Path:
    """Return a copy of a table of which one cell, in the second row, has another text."""
    rows = list(csv.reader(text_of(good).splitlines()))
    rows[2][rows[0].index(column)] = text
    path = good.with_name("changed.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def check_refused(good: Path, column: str, text: str, shown: str) -> None:
    path = changed(good, column, text)
    with pytest.raises(InputError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}: row 2, column {column!r}: {shown}")
    assert ": expected a" in str(caught.value)


@pytest.mark.parametrize("column", NUMBERS)
def test_what_is_no_result_is_refused_by_row_column_and_value(good: Path, column: str) -> None:
    wrong = {"x": "'x'", "-1": "-1", "inf": "inf"}
    if column not in MAY_BE_EMPTY:
        wrong[""] = "empty"
    if column in WHOLE:
        wrong["1.5"] = "1.5"
    if column in RATIOS:
        wrong["1.0001"] = "1.0001"
    for text, shown in wrong.items():
        check_refused(good, column, text, shown)


@pytest.mark.parametrize("column", ["cycles", "energy_pj", "pe_utilization", "mask_density"])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("9" * 400, "inf", id="400 digits"),
        ("1e400", "inf"),
        ("-inf", "-inf"),
        ("nan", "'nan'"),
        ("1e99", "1e+99"),
        ("1,5", "'1,5'"),
        ("True", "'True'"),
        ("1_000", "'1_000'"),
        ("5 cycles", "'5 cycles'"),
        ("9" * 80, "1e+80"),
    ],
)
def test_no_other_writing_passes_for_a_number(
    good: Path, column: str, text: str, shown: str
) -> None:
    check_refused(good, column, text, shown)


@pytest.mark.parametrize("number", ["9223372036854775808", "18446744073709551616"])
def test_a_count_beyond_64_bits_is_refused(good: Path, number: str) -> None:
    check_refused(good, "cycles", number, number[0])


@pytest.mark.parametrize("column", IDENTITY)
def test_a_name_that_is_missing_is_refused(good: Path, column: str) -> None:
    with pytest.raises(InputError, match=f"row 2, column '{column}': empty"):
        read_table(changed(good, column, ""))


def test_counts_of_nothing_where_there_is_something_are_refused(good: Path) -> None:
    for column in ("images", "weight_bits", "time_us"):
        with pytest.raises(InputError, match=f"row 2, column '{column}': 0"):
            read_table(changed(good, column, "0"))


def test_what_may_be_missing_may(good: Path, frame: pd.DataFrame) -> None:
    for column in MAY_BE_EMPTY:
        read = read_table(changed(good, column, ""))
        assert pd.isna(read.loc[1, column])
        pd.testing.assert_frame_equal(read.drop(index=1), frame.drop(index=1))


@pytest.fixture(scope="module")
def made() -> list[pd.DataFrame]:
    """Tables of a simulation and of a comparison, in the fixed order and of searched loop nests."""
    results = [simulate("digits_pg_4_2", "pg_ws", scheme) for scheme in ("full", "pg")]
    designs = (in_fixed_order("pg_ws"), "fixed_8bit")
    comparisons = [compare("digits_pg_4_2", each) for each in designs]
    return [
        *(each.layers for each in results),
        *(table for each in comparisons for table in (each.designs, each.layers)),
    ]


@pytest.mark.xdist_group("tables")
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".json"])
def test_every_table_that_pgsim_makes_is_accepted(
    suffix: str, made: list[pd.DataFrame], tmp_path: Path
) -> None:
    for table in made:
        path = tmp_path / f"table{suffix}"
        write_table(table, path)
        pd.testing.assert_frame_equal(read_table(path), table)


def text_of(good: Path) -> str:
    return good.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text.replace(",", ";"), "parted by semicolons, expected commas"),
        (lambda text: text.replace(",", "\t"), "parted by tabs"),
        (lambda text: text.replace(",cycles,", ",msb_cycles,"), "is there twice"),
        (lambda text: text.replace("mask_source", "", 1), "column 3 has no name"),
        (lambda text: text.replace("\n", ",7\n").replace(",7", "", 1), "more cells than the head"),
        (lambda text: text[: len(text) - 60], "empty"),
        (lambda text: text + '"', "EOF"),
        (lambda text: text.replace("conv2", "con\0v2"), "null character"),
        (lambda text: "\n", "No columns"),
        (lambda text: ",".join(map(str, range(1_001))), "1,001 columns: expected 1,000 at most"),
        (lambda text: text + "a" * 200 + "\n", "row 7, column 'trace': empty"),
    ],
)
def test_a_csv_of_another_form_is_refused(good: Path, tmp_path: Path, change: Any, problem: str):
    path = tmp_path / "other.csv"
    path.write_text(change(text_of(good)), encoding="utf-8")
    with pytest.raises(InputError, match=problem) as caught:
        read_table(path)
    assert str(path) in str(caught.value)


def test_what_editors_do_to_a_csv_is_taken(good: Path, frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "edited.csv"
    text = text_of(good)
    for data in (
        b"\xef\xbb\xbf" + text.encode(),  # a mark of the encoding
        text.replace("\n", "\r\n").encode(),
        text.replace("\n", "\n\n").encode(),
        text.removesuffix("\n").encode(),
        "\n".join(
            ",".join(f'"{cell}"' for cell in row.split(",")) for row in text.split()
        ).encode(),
    ):
        path.write_bytes(data)
        pd.testing.assert_frame_equal(read_table(path), frame)
    path.write_bytes(text.encode("utf-16"))
    with pytest.raises(InputError, match="can't decode"):
        read_table(path)


def test_a_table_without_rows_is_read_and_one_of_other_columns_is_not(tmp_path: Path) -> None:
    (path := tmp_path / "empty.csv").write_text("layer,cycles,note\n")
    assert read_table(path).columns.tolist() == ["layer", "cycles", "note"]
    for name, text in (
        ("page.csv", "<html>\n"),
        ("other.csv", "arch,b\n1,2\n"),
        ("list.json", "[]"),
    ):
        (path := tmp_path / name).write_text(text)
        with pytest.raises(InputError, match="no table of results"):
            read_table(path)


def test_whole_numbers_that_a_spreadsheet_wrote_as_decimals_are_counts(good: Path) -> None:
    read = read_table(changed(good, "macs", "1.5E+06"))
    assert read["macs"].dtype == "int64" and read.loc[1, "macs"] == 1_500_000


@pytest.mark.parametrize(
    ("column", "cells", "shown"),
    [
        ("cycles", ["1", "2"], "'1'"),
        ("cycles", [1.0, float("inf")], "inf"),
        ("cycles", [True, False], "True"),
        ("cycles", [[1], [2]], ""),
        ("layer", [1, 2], "1"),
        ("energy_pj", pd.to_datetime(["2020-01-01", "2020-01-02"]), "Timestamp"),
        ("energy_pj", pd.to_timedelta([1, 2]), "Timedelta"),
        ("array.rows", pd.to_timedelta([1, 2]), "Timedelta"),
        ("array.rows", [8.0, float("inf")], "inf"),
        ("array.rows", [[8], [16]], ""),
    ],
)
def test_a_parquet_file_of_other_types_is_refused(
    column: str, cells: Any, shown: str, tmp_path: Path
) -> None:
    path = tmp_path / "typed.parquet"
    pd.DataFrame({column: cells, "macs": 1}).to_parquet(path)
    with pytest.raises(InputError, match=rf"row [12], column '{column}': .*{shown}.*: expected"):
        read_table(path)


def test_a_column_of_nothing_is_one_of_numbers_where_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "nothing.parquet"
    for nothing in ([None, None], pd.to_timedelta([None, None]), pd.to_datetime([None, None])):
        pd.DataFrame({"mask_density": nothing}).to_parquet(path)
        read = read_table(path)["mask_density"]
        assert read.dtype == "float64" and read.isna().all()


def test_a_damaged_parquet_file_is_refused(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    write_table(frame, path)
    data = path.read_bytes()
    for damaged in (b"", data[:-1], data[:100], data[: len(data) // 2], b"PAR1" * 4):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"not a \.parquet table"):
            read_table(path)


def test_text_of_a_parquet_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    latin = pa.StringArray.from_buffers(
        2, pa.array([0, 2, 5], pa.int32()).buffers()[1], pa.py_buffer(b"fcn\xe4h")
    )
    parquet.write_table(pa.table({"layer": latin, "macs": [1, 2]}), path)
    with pytest.raises(InputError, match=r"table\.parquet: not a \.parquet table: .*UTF8"):
        read_table(path)


def test_numbers_of_16_bits_in_a_parquet_file_count_as_any(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "table.parquet"
    frame.astype({"images": "float16"}).to_parquet(path)
    found = read_table(path)
    assert found["images"].tolist() == frame["images"].tolist()
    assert found["images"].dtype == "int64"
    halves = frame[["layer", "macs"]].assign(**{"array.rows": np.float16([0.5] * len(frame))})
    halves.to_parquet(path)
    assert read_table(path).groupby("array.rows")["macs"].sum().tolist() == [frame["macs"].sum()]


@pytest.mark.parametrize("part", ["pages", "footer"])
def test_a_flipped_bit_of_a_parquet_file_changes_nothing(
    frame: pd.DataFrame, tmp_path: Path, part: str
) -> None:
    path = tmp_path / "table.parquet"
    write_table(frame, path)
    data = path.read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    rng = np.random.default_rng(0)
    bounds = {"pages": (4, footer), "footer": (footer, len(data))}
    for place in rng.integers(*bounds[part], 60 if part == "pages" else 240):
        flipped = data[place] ^ (1 << int(rng.integers(8)))
        path.write_bytes(data[:place] + bytes([flipped]) + data[place + 1 :])
        try:
            read = read_table(path)
        except InputError as error:
            assert str(path) in str(error)
        else:
            pd.testing.assert_frame_equal(read, frame)


def test_a_flipped_bit_of_a_parquet_column_s_name_is_told(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "table.parquet"
    write_table(frame, path)
    data = path.read_bytes()
    place = data.index(b"cycles", len(data) - 8 - int.from_bytes(data[-8:-4], "little"))
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    with pytest.raises(InputError, match=r"bycles.*, and were written as .*cycles"):
        read_table(path)


def test_a_parquet_file_that_others_wrote_needs_no_schema_of_arrow(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "table.parquet"
    parquet.write_table(pa.Table.from_pandas(frame), path, store_schema=False)
    pd.testing.assert_frame_equal(read_table(path), frame)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[{"cycles": NaN}]', "NaN is no number"),
        ('[{"cycles": 1, "cycles": 2}]', "'cycles' is there twice"),
        ('[{"cycles": 1e400}]', "row 1, column 'cycles': inf"),
        ('[{"cycles": 1}, {"cycles": 18446744073709551616}]', "row 2, column 'cycles': 1844"),
        ('[{"cycles": 1}, {}]', "row 2, column 'cycles': empty"),
        ('[{"layer": {"a": 1}}]', "row 1, column 'layer'"),
        ('[{"layer": "\\ud800"}]', "surrogates"),
        ("[" * 100_000, "recursion"),
        ('[{"cycles": ' + "9" * 5_000 + "}]", "digits"),
    ],
)
def test_json_that_is_no_table_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=problem):
        read_table(path)


def test_a_table_from_python_is_checked_before_it_is_drawn(frame: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="the table: row 3, column 'cycles': -5: expected"):
        draw_results(frame.assign(cycles=[1, 2, -5, *frame["cycles"][3:]]))


def test_columns_of_all_kinds_say_what_they_hold() -> None:
    assert repr(COLUMNS["cycles"].values) == "<a whole number from 0 to 2^63 - 1>"
    assert all(column.values.expected for column in COLUMNS.values())


def test_columns_that_pgsim_does_not_know_stay_as_they_are() -> None:
    table = pd.DataFrame({"note": ["a", None], "flag": [True, False], "axis": [1.5, float("nan")]})
    pd.testing.assert_frame_equal(checked_table(table, "a table"), table)
