"""`pgsim optimize`: what it says, what it writes, and that SIGKILL loses no finished trial."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from pgsim.results.table_files import read_table
from pgsim.study.sweeps import load_sweep, sweep
from pgsim.study.sweeps.journal import read_records

CALL = ("--minimize", "energy_pj,time_us")


@pytest.fixture
def spec(small, tmp_path):
    path = tmp_path / "spec.yaml"
    axes = "{array.rows: [2, 4, 8, 16], clock_mhz: [100, 200, 400], mapping.kind: [fixed]}"
    path.write_text(f"traces: [{small}]\narchs: [pg_os]\naxes: {axes}\nrows: point\n")
    return path


def test_the_front_is_written_and_counted(spec, run, tmp_path):
    output = tmp_path / "front.csv"
    result = run("optimize", spec, *CALL, "-o", output)
    whole = sweep(load_sweep(spec), jobs=1)[["energy_pj", "time_us"]].to_numpy()
    kept = [not any((b <= a).all() and (b < a).any() for b in whole) for a in whole]
    assert len(read_table(output)) == sum(kept)
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "note: all 12 points are tried: a sweep does as well",
        f"{output}: {sum(kept)} of 12 designs are not dominated: least energy_pj and least time_us",
    ]
    again = run("optimize", spec, *CALL, "--jobs", 2, "-o", output).stderr
    assert "note: 12 points were finished before\n" in again


def test_what_is_left_out_and_skipped_is_told(spec, run, tmp_path):
    text = spec.read_text().replace("[2, 4", "[0, 2, 4") + "constraints: {pes: {max: 128}}\n"
    spec.write_text(text)  # of 16 columns: 16 rows are 256 PEs
    said = run("optimize", spec, "--maximize", "pe_utilization", "-o", tmp_path / "f.csv").stderr
    assert "note: constraints leave out 3 of the points tried\n" in said
    assert said.count("skipped: ") == 3
    assert "array.rows: value 0" in said
    assert "of 9 designs are not dominated: most pe_utilization\n" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((*CALL,), "Missing option '-o' / '--output'"),
        (("-o", "f.csv"), "at least one column to minimize or maximize"),
        (("--minimize", "energy", "-o", "f.csv"), "Did you mean 'energy_pj'?"),
        ((*CALL, "-o", "f.txt"), "a table's name ends in"),
        ((*CALL, "-o", "f.csv", "--trials", "0"), "'--trials'"),
    ],
)
def test_wrong_calls_are_refused(arguments, told, spec, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told in run("optimize", spec, *arguments, code=2).stderr
    assert list(tmp_path.iterdir()) == [spec]


def test_a_missing_optuna_is_one_sentence(spec, run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    said = run("optimize", spec, *CALL, "--trials", 5, "-o", tmp_path / "f.csv", code=2).stderr
    assert said.endswith("needs Optuna: python -m pip install 'pgsim[optimize]'\n")
    assert list(tmp_path.iterdir()) == [spec]


def begin(*arguments):
    """Start a search in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "pgsim", "optimize", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def finished_in(journal):
    """Each finished point with its line, of a journal whose last line may be cut short."""
    if not journal.exists() or b"\n" not in journal.read_bytes():
        return {}
    return read_records(journal)[1]


def test_a_killed_search_loses_nothing_and_ends_as_one_that_was_not(spec, tmp_path):
    """What is in the journal when it is killed stays there, line by line, until the end."""
    pytest.importorskip("optuna")
    rows = list(range(1, 65))
    spec.write_text(spec.read_text().replace("[2, 4, 8, 16]", str(rows)))
    asked = (spec, *CALL, "--trials", 60)
    start = time.monotonic()
    assert begin(*asked, "-o", tmp_path / "once.csv").wait() == 0
    whole_s = time.monotonic() - start
    output, journal = tmp_path / "ended.csv", tmp_path / "ended.csv.journal"
    chosen, before, resumed = random.Random(5), {}, 0
    for _ in range(3):
        search = begin(*asked, "-o", output)
        time.sleep(chosen.uniform(0.4, 0.9) * whole_s)
        search.send_signal(signal.SIGKILL)
        search.wait(timeout=60)
        now = finished_in(journal)
        assert before.items() <= now.items()
        resumed += bool(before)
        before = now
    assert resumed
    assert begin(*asked, "-o", output).wait() == 0
    for end in ("", ".journal"):
        once, ended = (tmp_path / f"{name}.csv{end}" for name in ("once", "ended"))
        assert ended.read_bytes() == once.read_bytes()
