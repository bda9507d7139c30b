"""`pgsim pareto`: what it prints, and what it writes."""

from __future__ import annotations

from plot_cases import table

from pgsim.results.table_files import read_table, write_table


def test_the_front_is_printed_and_all_designs_are_written_and_drawn(run, tmp_path) -> None:
    path = tmp_path / "sweep.csv"
    rows = [(1, 10, 40), (2, 20, 20), (3, 30, 30)]
    write_table(
        table(*({"array.rows": r, "cycles": 2 * c, "energy_pj": 2.0 * e} for r, c, e in rows)), path
    )
    call = ["pareto", path, "--x", "cycles", "--y", "energy_pj"]
    output = run(*call, "-o", tmp_path / "all.csv", "--plot", tmp_path / "front.pdf").output
    assert [line.split() for line in output.splitlines() if line.startswith("pg-os")] == [
        ["pg-os", "pg", "1", "10", "40"], ["pg-os", "pg", "2", "20", "20"],
    ]  # fmt: skip
    assert "2 of 3 designs are not dominated: least cycles and least energy_pj." in output
    assert read_table(tmp_path / "all.csv")["dominated"].tolist() == [False, False, True]
    assert (tmp_path / "front.pdf").read_bytes().startswith(b"%PDF")
    assert ["pg-os", "pg", "3", "30", "30", "yes"] in [
        line.split() for line in run(*call, "--all").output.splitlines()
    ]


def test_a_wrong_column_is_refused_in_one_line(run, tmp_path) -> None:
    path = tmp_path / "one.csv"
    write_table(table({}), path)
    output = run("pareto", path, "--x", "cycles", "--y", "energy", code=2).output
    assert output.startswith(
        "pgsim: column 'energy' is not in this table. Did you mean 'energy_pj'"
    )
