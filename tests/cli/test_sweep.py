"""pgsim sweep and plot: from a sweep's file to a table, and to a figure."""

import io
import re
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console
from rich.progress import Progress

from pgsim.cli import sweep as sweep_command
from pgsim.cli.progress import Bar, _Failures
from pgsim.cli.streams import say
from pgsim.results.table_files import read_table
from pgsim.study.sweeps import Outcome, load_sweep, sweep
from pgsim.study.sweeps import run as sweep_run
from pgsim.study.sweeps.run import Failure


@pytest.fixture
def spec(small, tmp_path):
    path = tmp_path / "spec.yaml"
    path.write_text(f"traces: [{small}]\narchs: [pg_os, pg_ws]\naxes: {{array.rows: [4, 8]}}\n")
    return path


def test_sweep_writes_one_row_per_point_and_layer(spec, run, tmp_path):
    output = tmp_path / "results.csv"
    result = run("sweep", spec, "-o", output, "--jobs", 1)
    assert result.stdout == ""
    assert result.stderr.endswith("results.csv: 8 rows, one per point and layer\n")
    pd.testing.assert_frame_equal(read_table(output), sweep(load_sweep(spec), jobs=1))


def test_help_names_the_shipped_sweeps(run):
    shown = " ".join(run("sweep", "--help").output.split())
    folder = Path(__file__).resolve().parents[2] / "arch_configs" / "sweeps"
    names = sorted(path.stem for path in folder.glob("*.yaml"))
    assert len(names) > 1
    assert f"Shipped sweeps: {', '.join(names)}." in shown


def test_a_dry_run_counts_the_points_and_checks_them(spec, run, tmp_path):
    result = run("sweep", spec, "--dry-run")
    product = "1 traces x 2 archs x 1 schemes x 2 array.rows"
    first, estimate = result.stdout.splitlines()
    assert first == f"{spec}: ok: 4 points ({product})"
    number = r"[\d.,e+-]+"
    told = rf"about {number} (s|min|h) on [12] process(es)? and {number} MiB of memory, estimated"
    assert re.fullmatch(rf"{told} from [1-4] points?", estimate)
    assert list(tmp_path.iterdir()) == [spec]
    spec.write_text(spec.read_text().replace("[4, 8]", "[4, 0]"))
    assert "array.rows: value 0" in run("sweep", spec, "--dry-run", code=2).stderr


def test_what_constraints_leave_out_is_counted(spec, run, tmp_path):
    spec.write_text(spec.read_text() + "constraints: {pes: {max: 64}}\n")  # of 4 x 16 and 8 x 16
    shown = run("sweep", spec, "--dry-run").stdout
    assert "constraints leave out 2 of them; 2 run" in shown
    stderr = run("sweep", spec, "-o", tmp_path / "results.csv", "--jobs", 1).stderr
    assert "note: constraints leave out 2 of 4 points" in stderr
    assert len(read_table(tmp_path / "results.csv")) == 2 * 2  # points, layers


def test_a_row_a_point(spec, run, tmp_path):
    output = tmp_path / "results.parquet"
    result = run("sweep", spec, "-o", output, "--jobs", 1, "--rows", "point")
    assert result.stderr.endswith("results.parquet: 4 rows, one per point\n")
    assert len(read_table(output)) == 4


def test_shards_become_one_table(spec, run, tmp_path):
    output = tmp_path / "results.csv"
    for part in (1, 2):
        result = run("sweep", spec, "-o", output, "--jobs", 1, "--shard", f"{part}/2")
        assert result.stderr.endswith(f"results.csv: shard {part}/2: 2 of 2 points\n")
        assert not output.exists()
        found = run("pareto", output, "--x", "cycles", "--y", "energy_pj").output
        assert f"of {2 * part} designs " in found  # those that are finished
    assert "missing" not in run("sweep", "merge", output).stderr
    pd.testing.assert_frame_equal(read_table(output), sweep(load_sweep(spec), jobs=1))
    assert sorted(tmp_path.iterdir()) == [output, spec]
    for wrong in ("0/2", "3/2", "1", "a/b"):
        assert "expected I/N" in run("sweep", spec, "-o", output, "--shard", wrong, code=2).stderr


def fail_at_a_point(patched):
    """Let the simulation of one of the four points fail."""
    simulate = sweep_run.simulate

    def failing(trace, arch, *arguments, **options):
        if arch.array.rows == 4 and arch.dataflow.name == "os":
            raise ZeroDivisionError("of this and that")
        return simulate(trace, arch, *arguments, **options)

    patched.setattr(sweep_run, "simulate", failing)


def test_what_a_merge_in_part_lacks_is_said(spec, run, tmp_path, monkeypatch):
    output = tmp_path / "results.csv"
    with monkeypatch.context() as patched:
        fail_at_a_point(patched)
        run("sweep", spec, "-o", output, "--jobs", 1, "--shard", "1/2", code=1)
    assert "shard 2/2 is missing: run the sweep" in run("merge", output, code=2).stderr
    told = run("merge", output, "--partial").stderr.splitlines()
    assert told[0] == (
        "note: 1 point not finished, none of shard 2/2: the journals of the shards stay"
    )
    assert len(told) == 2 and told[1].endswith("results.csv: 2 rows")  # a point of two layers


def test_points_that_fail_are_told_and_the_rest_is_written(spec, run, tmp_path, monkeypatch):
    output = tmp_path / "results.csv"
    with monkeypatch.context() as patched:
        fail_at_a_point(patched)
        stderr = run("sweep", spec, "-o", output, "--jobs", 1, code=1).stderr
    assert "failed: trace " in stderr and "array.rows 4: ZeroDivisionError: of this and" in stderr
    assert stderr.count("failed: trace ") == 1
    assert "pgsim: 1 of 4 points failed: the same command tries them again" in stderr
    assert len(read_table(output)) == 3 * 2
    stderr = run("sweep", spec, "-o", output, "--jobs", 1).stderr
    assert "note: 3 points were finished before" in stderr
    pd.testing.assert_frame_equal(read_table(output), sweep(load_sweep(spec), jobs=1))


def test_the_first_failure_is_told_while_a_sweep_runs(spec, run, tmp_path, monkeypatch):
    def failing(output, asked, *, failed, **options):
        failures = [Failure(f"point {n}", ZeroDivisionError("of\nthis")) for n in (1, 2)]
        failed(failures[0])
        say("and on", err=True)
        failed(failures[1])
        return Outcome(4, 0, 4, failures)

    monkeypatch.setattr(sweep_command, "sweep_into", failing)
    told = run("sweep", spec, "-o", tmp_path / "results.csv", code=1).stderr
    why = "ZeroDivisionError: of this"
    lines = [f"failed: point 1: {why}", "and on", f"failed: point 2: {why}"]
    assert [line for line in told.splitlines() if line in lines] == lines


def test_a_bar_counts_what_failed() -> None:
    shown = Progress(_Failures(), console=Console(file=io.StringIO(), width=80), auto_refresh=False)
    told = Bar(shown, shown.add_task("", total=None, failed=0))
    told("simulating")(0, 4)
    for why in ("one", "another"):
        told.fail(why)
    told("simulating")(2, 4)
    shown.console.print(shown.get_renderable())
    assert shown.console.file.getvalue().split("\n")[:2] == ["failed: one", "2 failed"]


def test_a_what_if_is_said(spec, run, tmp_path):
    spec.write_text(spec.read_text().replace("array.rows: [4, 8]", "activation_bits: [4, 8]"))
    result = run("sweep", spec, "-o", tmp_path / "results.csv", "--jobs", 1)
    assert "note: what if activation_bits differed: the masks are those" in result.stderr


def test_what_stays_when_the_clock_is_swept_is_said(spec, run, tmp_path):
    asked = spec.read_text()
    spec.write_text(asked.replace("array.rows: [4, 8]", "clock_mhz: [250, 500]"))
    stderr = run("sweep", spec, "-o", tmp_path / "results.csv", "--jobs", 1).stderr
    stays = "dram.bytes_per_cycle stays: pg-os-16x16, pg-ws-16x16\n"
    assert f"note: as clock_mhz changes, {stays}" in stderr
    both = "clock_mhz: [250, 500], memory.dram.gb_per_s: [8]"
    spec.write_text(asked.replace("array.rows: [4, 8]", both))
    stderr = run("sweep", spec, "-o", tmp_path / "results.csv", "--jobs", 1).stderr
    assert "as clock_mhz changes" not in stderr
    assert set(read_table(tmp_path / "results.csv")["memory.dram.gb_per_s"]) == {8}


def test_moved_thresholds_are_said_to_leave_the_network_as_it_was(run, tmp_path):
    path, output = tmp_path / "spec.yaml", tmp_path / "results.csv"
    path.write_text("traces: [digits_pg_4_2]\narchs: [pg_ws]\naxes: {threshold_shift: [0, 0.5]}\n")
    stderr = run("sweep", path, "-o", output, "--jobs", 1).stderr
    assert "note: what if all thresholds were moved: on the images in the margins files" in stderr
    assert "trained widths" not in stderr
    frame = read_table(output)
    assert set(frame["images"]) == {4}
    sources = frame.groupby("trace.threshold_shift")["mask_source"].first()
    assert sources.to_dict() == {0: "captured", 0.5: "synthetic"}


def test_a_slip_leaves_no_file(spec, run, tmp_path):
    spec.write_text(spec.read_text().replace("[4, 8]", "[4, 0]"))
    result = run("sweep", spec, "-o", tmp_path / "results.csv", code=2)
    assert "array.rows: value 0" in result.stderr
    assert "Missing option '-o'" in run("sweep", spec, code=2).stderr
    assert list(tmp_path.iterdir()) == [spec]


def test_an_interrupted_sweep_leaves_no_file(spec, run, tmp_path, monkeypatch):
    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep_run, "simulate", interrupt)
    run("sweep", spec, "-o", tmp_path / "results.csv", "--jobs", 1, code=130)
    assert list(tmp_path.iterdir()) == [spec]


def test_plot_draws_what_sweep_wrote(spec, run, tmp_path):
    results = tmp_path / "results.parquet"
    run("sweep", spec, "-o", results, "--jobs", 1)
    run("plot", results)
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")
    lines = tmp_path / "lines.svg"
    run("plot", results, "-o", lines, "--x", "array.rows", "--y", "cycles", "--by", "layer")
    assert "<svg" in lines.read_text()
    assert "ends in one of" in run("plot", tmp_path / "none.csv", "-o", "x.jpg", code=2).stderr
    assert "'cycles'" in run("plot", results, "--x", "array.rows", "--y", "cycle", code=2).stderr
    assert "cannot be read" in run("plot", tmp_path / "none.csv", code=2).stderr
