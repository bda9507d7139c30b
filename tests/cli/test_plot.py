"""`pgsim plot`: files that it writes, and what it says of words that it does not know."""

from __future__ import annotations

import pytest
from plot_cases import table

from pgsim.results.table_files import write_table


@pytest.fixture
def results(tmp_path):
    path = tmp_path / "sweep.csv"
    rows = [
        {"array.rows": rows, "scheme": scheme, "layer": layer, "cycles": 100 * rows}
        for rows in (4, 8)
        for scheme in ("pg", "full")
        for layer in ("conv1", "fc")
    ]
    write_table(table(*rows), path)
    return path


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--x", "array.rows", "--y", "cycles", "--log", "xy"],
        ["--x", "cycles", "--y", "energy_pj", "--by", "scheme", "--width", "page"],
        ["--by", "layer", "--network", "--where", "scheme=pg", "--where", "array.rows>4"],
        ["--by", "scheme", "--facet", "array.rows", "--aggregate", "min", "--normalize", "first"],
        ["--parts", "energy", "--width", "column"],
        ["--x", "array.rows", "--y", "cycles", "--speed-up", "scheme=full"],
        ["--heat", "cycles", "--x", "scheme", "--facet", "trace", "--y", "array.rows"],
    ],
)
def test_a_figure_is_written_beside_its_table(run, results, words) -> None:
    figure = results.with_suffix(".png")
    assert run("plot", results, *words).output == f"{figure}: written\n"
    assert figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--by", "schem"], "Did you mean 'scheme'?"),
        (["--where", "scheme=ful"], "Did you mean 'full'?"),
        (["--where", "array.rows>many"], "> compares numbers"),
        (["--aggregate", "media"], "expected one of mean, sum, min, max"),
        (["--x", "array.rows"], "give y too"),
        (["--roofline", "pg_os"], "column 'macs' is not in this table"),
        (["--roofline", "pg_oss"], "Did you mean 'pg_os'?"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_written(
    run, results, words, message
) -> None:
    output = run("plot", results, *words, code=2).output
    assert output.startswith("pgsim: ") and message in output and output.count("\n") == 1
    assert [each.name for each in results.parent.iterdir()] == [results.name]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--heat", "cycles", "--by", "scheme"], "--heat takes no --by"),
        (["--roofline", "pg_os", "--log", "x"], "--roofline takes no --log"),
        (["--heat", "cycles", "--roofline", "pg_os"], "--heat and --roofline are two figures"),
    ],
)
def test_a_word_that_a_figure_does_not_take_is_refused(run, results, words, message) -> None:
    assert message in run("plot", results, *words, code=2).output
