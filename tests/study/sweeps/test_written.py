"""Sweeps into files: what is finished stays finished, and no two kinds are mixed."""

import json
import resource
from pathlib import Path

import pandas as pd
import pytest
from deadly_work import Deadly

from pgsim.errors import InputError
from pgsim.files import shipped
from pgsim.results.table_files import read_table
from pgsim.study.sweeps import (
    Shard,
    SweepSpec,
    digests,
    merge_sweep,
    read_sweep,
    sweep,
    sweep_into,
)
from pgsim.study.sweeps import run as sweep_run
from pgsim.workload import load_trace

ROWS = (1, 2, 4, 8, 16)


@pytest.fixture
def spec(gated):
    return SweepSpec(
        traces=[gated], archs=["pg_ws"], axes={"array.rows": ROWS, "mapping.kind": ("fixed",)}
    )


@pytest.fixture
def output(tmp_path):
    return tmp_path / "results.csv"


class Stop(Exception):
    pass


def stop_after(points):
    def progress(done, total):
        if done >= points:
            raise Stop

    return progress


def begin(output, spec, points=2, **more):
    """Run a sweep that ends after so many points."""
    with pytest.raises(Stop):
        sweep_into(output, spec, jobs=1, progress=stop_after(points), **more)


def journal_of(output):
    return output.with_name(f"{output.name}.journal")


@pytest.fixture
def simulated(monkeypatch):
    """The rows of the arrays that are simulated, in order; each is slow enough to come alone."""
    seen, simulate = [], sweep_run.simulate

    def noted(trace, arch, *arguments, **options):
        seen.append(arch.array.rows)
        return simulate(trace, arch, *arguments, **options)

    monkeypatch.setattr(sweep_run, "simulate", noted)
    monkeypatch.setattr("pgsim.study.pool.worker._ANSWERS_AFTER_S", 0)
    return seen


def test_a_sweep_goes_on_where_it_ended(spec, output, simulated):
    whole = sweep(spec, jobs=1)
    simulated.clear()
    begin(output, spec)
    assert not output.exists() and journal_of(output).exists()
    outcome = sweep_into(output, spec, jobs=1)
    assert simulated == list(ROWS)  # each once
    assert (outcome.points, outcome.before, outcome.failures) == (5, 2, [])
    assert outcome.rows == len(whole)
    pd.testing.assert_frame_equal(read_table(output), whole)
    assert list(output.parent.iterdir()) == [output]


def test_what_is_finished_can_be_read_while_it_grows(spec, output, simulated):
    whole = sweep(spec, jobs=1)
    begin(output, spec, points=3)
    finished = whole[whole["array.rows"].isin(ROWS[:3])].reset_index(drop=True)
    pd.testing.assert_frame_equal(read_sweep(output), finished)
    sweep_into(output, spec, jobs=1)
    pd.testing.assert_frame_equal(read_sweep(output), whole)


@pytest.mark.parametrize("kept", [-1, -2, -30, -200, 10])
def test_a_line_that_was_not_written_to_its_end_is_computed_again(kept, spec, output, simulated):
    begin(output, spec)
    journal = journal_of(output)
    before = journal.read_bytes()
    journal.write_bytes(before[:kept])  # of the last point, or of the first line
    lost = 2 if kept == 10 else 1
    simulated.clear()
    assert sweep_into(output, spec, jobs=1).before == 2 - lost
    assert len(simulated) == 3 + lost
    pd.testing.assert_frame_equal(read_table(output), sweep(spec, jobs=1))


def test_a_line_of_zeros_where_power_was_lost_is_computed_again(spec, output, simulated):
    begin(output, spec)
    with journal_of(output).open("ab") as file:
        file.write(bytes(4096))
    assert len(read_sweep(output)) == 2 * 2
    assert sweep_into(output, spec, jobs=1).before == 2
    pd.testing.assert_frame_equal(read_table(output), sweep(spec, jobs=1))


def test_a_full_disk_ends_a_sweep_that_goes_on_once_there_is_room(spec, output, simulated):
    begin(output, spec)
    size = journal_of(output).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))  # of a file: a part of a line
    try:
        with pytest.raises(
            InputError, match=r"results\.csv\.journal: cannot be .* goes on from it"
        ):
            sweep_into(output, spec, jobs=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal_of(output).stat().st_size == size + 100 and len(read_sweep(output)) == 2 * 2
    assert sweep_into(output, spec, jobs=1).before == 2
    pd.testing.assert_frame_equal(read_table(output), sweep(spec, jobs=1))


def test_another_spec_is_refused_and_changes_nothing(spec, output, simulated):
    begin(output, spec)
    before = journal_of(output).read_bytes()
    for other in ({"schemes": ("full",)}, {"rows": "point"}, {"axes": {"array.rows": ROWS[::-1]}}):
        changed = spec.model_copy(update=other)
        with pytest.raises(InputError, match=r"results\.csv\.journal: .* of another spec.* remove"):
            sweep_into(output, changed, jobs=1)
    assert journal_of(output).read_bytes() == before and not output.exists()


def test_a_journal_without_a_point_is_of_no_other_sweep(spec, output, simulated):
    begin(output, spec)
    journal = journal_of(output)
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])  # killed before a point
    other = spec.model_copy(update={"schemes": ("full",)})
    assert sweep_into(output, other, jobs=1).before == 0
    pd.testing.assert_frame_equal(read_table(output), sweep(other, jobs=1))


def test_another_pgsim_is_refused(spec, output, simulated, monkeypatch):
    begin(output, spec)
    monkeypatch.setattr(digests.version, "__version__", "0.0.0")
    with pytest.raises(InputError, match="of another pgsim, which"):
        sweep_into(output, spec, jobs=1)


def test_another_trace_technology_or_design_of_the_same_name_is_refused(
    gated, output, simulated, tmp_path
):
    trace = tmp_path / "own.safetensors"
    trace.write_bytes(Path(gated).read_bytes())
    table = tmp_path / "table.yaml"
    table.write_bytes(shipped("arch_configs/technology", "45nm", ".yaml").read_bytes())
    arch = tmp_path / "design.yaml"
    text = shipped("arch_configs", "pg_ws", ".yaml").read_text()
    arch.write_text(text)
    axes = {"array.rows": ROWS, "technology": (str(table),), "mapping.kind": ("fixed",)}
    spec = SweepSpec(traces=[str(trace)], archs=[str(arch)], axes=axes)
    begin(output, spec)
    for path, added, named in (
        (table, b"\n# another line\n", "technologies"),
        (arch, b"\noutput_bits: 16\n", "architectures"),
    ):
        before = path.read_bytes()
        path.write_bytes(before + added)
        with pytest.raises(InputError, match=f"of another {named}, which"):
            sweep_into(output, spec, jobs=1)
        path.write_bytes(before)  # as it was, but written later
    assert sweep_into(output, spec, jobs=1).before == 2


def test_another_table_of_precisions_of_the_same_name_is_refused(gated, output, tmp_path):
    table = tmp_path / "bits.csv"
    layer = load_trace(gated).layers[0].shape.name
    text = f"layer,activation_bits,weight_bits\n{layer},3,5\n"
    table.write_text(text)
    axes = {"array.rows": ROWS, "mapping.kind": ("fixed",)}
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], schemes=[f"table:{table}"], axes=axes)
    begin(output, spec)
    table.write_text(text.replace("3,5", "3,4"))
    with pytest.raises(InputError, match="of another schemes, which"):
        sweep_into(output, spec, jobs=1)
    table.write_text(text)
    sweep_into(output, spec, jobs=2)
    assert set(read_table(output)["scheme"]) == {f"table:{table}"}


def test_a_file_that_is_no_journal_stays(spec, output):
    journal_of(output).write_text("a diary\nof somebody\n")
    with pytest.raises(InputError, match="no journal of a sweep"):
        sweep_into(output, spec, jobs=1)
    assert journal_of(output).read_text() == "a diary\nof somebody\n"


def test_two_sweeps_cannot_write_one_table(spec, output, simulated):
    def again(done, total):
        with pytest.raises(InputError, match="another sweep is writing it"):
            sweep_into(output, spec, jobs=1)
        raise Stop

    with pytest.raises(Stop):
        sweep_into(output, spec, jobs=1, progress=again)


def fail_at(rows, how):
    """Let the simulation of an array of so many rows fail."""
    simulate = sweep_run.simulate

    def failing(trace, arch, *arguments, **options):
        if arch.array.rows == rows:
            how()
        return simulate(trace, arch, *arguments, **options)

    return failing


def run_in_shards(spec, output, parts, monkeypatch):
    """Run a sweep in so many shards, but for arrays of four rows, and return what came of each."""

    def refuse():
        raise InputError("too much of it")

    shards = [Shard(part, parts) for part in range(1, parts + 1)]
    with monkeypatch.context() as patched:
        patched.setattr(sweep_run, "simulate", fail_at(4, refuse))
        return {shard: sweep_into(output, spec, jobs=1, shard=shard) for shard in shards}


def test_a_point_that_fails_is_told_and_the_rest_goes_on(spec, output, monkeypatch):
    def refuse():
        raise InputError("too much of it")

    whole = sweep(spec, jobs=1)
    with monkeypatch.context() as patched:
        patched.setattr(sweep_run, "simulate", fail_at(4, refuse))
        told = []
        outcome = sweep_into(output, spec, jobs=1, failed=told.append)
    assert [str(each) for each in outcome.failures] == [str(each) for each in told]
    (failure,) = told
    assert "array.rows 4" in failure.point
    assert str(failure) == f"{failure.point}: too much of it"
    assert set(read_table(output)["array.rows"]) == set(ROWS) - {4}
    outcome = sweep_into(output, spec, jobs=1)
    assert (outcome.before, outcome.failures) == (4, [])
    pd.testing.assert_frame_equal(read_table(output), whole)
    assert list(output.parent.iterdir()) == [output]


def test_a_table_of_one_row_a_point(spec, output, gated):
    by_point = spec.model_copy(update={"rows": "point"})
    frame = sweep(by_point, jobs=1)
    assert frame["array.rows"].tolist() == list(ROWS)
    layers = sweep(spec, jobs=1).groupby("array.rows")
    assert frame["cycles"].tolist() == layers["cycles"].sum().tolist()
    assert frame["area_mm2"].tolist() == layers["area_mm2"].first().tolist()
    assert sweep_into(output, by_point, jobs=1).rows == len(ROWS)
    pd.testing.assert_frame_equal(read_table(output), frame)


def test_shards_are_merged_into_the_table_of_all(spec, output):
    two = spec.model_copy(update={"axes": spec.axes | {"lsb.scheduler": ("skip", "dense")}})
    spec = two.model_copy(update={"traces": spec.traces, "schemes": ("pg", "full")})
    counts = [sweep_into(output, spec, jobs=1, shard=Shard(part, 3)).points for part in (1, 3)]
    assert not output.exists()
    with pytest.raises(InputError, match=r"shard 2/3 is missing: .* --shard 2/3, or merge"):
        merge_sweep(output)
    with pytest.raises(Stop):
        sweep_into(output, spec, jobs=1, shard=Shard(2, 3), progress=stop_after(1))
    counts.append(sweep_into(output, spec, jobs=1, shard=Shard(2, 3)).points)
    assert sum(counts) == spec.point_count == 20
    whole = sweep(spec, jobs=1)
    pd.testing.assert_frame_equal(read_sweep(output), whole)
    assert merge_sweep(output) == (len(whole), 0, ())
    pd.testing.assert_frame_equal(read_table(output), whole)
    assert list(output.parent.iterdir()) == [output]


def test_shards_with_a_point_that_failed_are_merged_in_part(spec, output, monkeypatch):
    outcomes = run_in_shards(spec, output, 2, monkeypatch).values()
    assert sum(len(each.failures) for each in outcomes) == 1
    with pytest.raises(InputError, match=r"run the sweep with --shard \d/2 again, or .*--partial"):
        merge_sweep(output)
    whole = sweep(spec, jobs=1)
    rest = whole[whole["array.rows"] != 4].reset_index(drop=True)
    assert merge_sweep(output, partial=True) == (len(rest), 1, ())
    pd.testing.assert_frame_equal(read_table(output), rest)
    for part in (1, 2):
        sweep_into(output, spec, jobs=1, shard=Shard(part, 2))
    assert merge_sweep(output, partial=True) == (len(whole), 0, ())
    pd.testing.assert_frame_equal(read_table(output), whole)
    assert list(output.parent.iterdir()) == [output]


def test_a_shard_without_a_finished_point_may_lack_too(spec, output, monkeypatch):
    """Each shard has one point; that of the one that fails leaves no journal behind."""
    outcomes = run_in_shards(spec, output, len(ROWS), monkeypatch)
    (failed,) = (shard for shard, each in outcomes.items() if each.failures)
    with pytest.raises(InputError, match=f"shard {failed} is missing: .* or merge with --partial"):
        merge_sweep(output)
    whole = sweep(spec, jobs=1)
    rest = whole[whole["array.rows"] != 4].reset_index(drop=True)
    assert merge_sweep(output, partial=True) == (len(rest), 0, (failed,))
    pd.testing.assert_frame_equal(read_table(output), rest)
    sweep_into(output, spec, jobs=1, shard=failed)
    assert merge_sweep(output, partial=True) == (len(whole), 0, ())
    pd.testing.assert_frame_equal(read_table(output), whole)
    assert list(output.parent.iterdir()) == [output]


def test_shards_that_do_not_belong_together_are_refused(spec, output, simulated):
    with pytest.raises(InputError, match="no shard of a sweep stands beside it"):
        merge_sweep(output)
    sweep_into(output, spec, jobs=1, shard=Shard(1, 2))
    other = spec.model_copy(update={"schemes": ("full",)})
    sweep_into(output, other, jobs=1, shard=Shard(2, 2))
    with pytest.raises(InputError, match="of another sweep than"):
        merge_sweep(output)
    sweep_into(output, other, jobs=1, shard=Shard(2, 3))
    with pytest.raises(InputError, match="shards of several sweeps"):
        merge_sweep(output)


def test_shards_and_a_sweep_in_one_part_do_not_stand_side_by_side(spec, output, simulated):
    begin(output, spec)
    with pytest.raises(
        InputError, match=r"not in shards stand beside it \(results\.csv\.journal\)"
    ):
        sweep_into(output, spec, jobs=1, shard=Shard(1, 2))
    journal_of(output).unlink()
    sweep_into(output, spec, jobs=1, shard=Shard(1, 2))
    before = sorted(output.parent.iterdir())
    with pytest.raises(InputError, match=r"1-of-2\.journal\): give -o .* pgsim merge \S+csv, or"):
        sweep_into(output, spec, jobs=1)
    assert sorted(output.parent.iterdir()) == before
    other = spec.model_copy(update={"schemes": ("full",)})
    sweep_into(output, other, jobs=1, shard=Shard(2, 2))
    with pytest.raises(InputError, match="of another sweep than"):
        read_sweep(output)


def test_a_shard_that_is_not_finished_is_named(spec, output, simulated):
    begin(output, spec, points=1, shard=Shard(1, 1))
    with pytest.raises(InputError, match="shard 1/1 has 1 of its 5 points: run the sweep with --"):
        merge_sweep(output)


def test_a_process_that_dies_is_told_with_its_point(spec, output, monkeypatch):
    monkeypatch.setattr(sweep_run, "Simulation", Deadly)  # dies at the point of number 3
    outcome = sweep_into(output, spec, jobs=2)
    (failure,) = outcome.failures
    assert "array.rows 8" in failure.point and "was ended by SIGKILL" in str(failure)
    assert set(read_table(output)["array.rows"]) == set(ROWS) - {8}
    with pytest.raises(InputError, match=r"array\.rows 8.* was ended by SIGKILL"):
        sweep(spec, jobs=2)


def test_the_first_line_says_what_the_sweep_is(spec, output, simulated):
    begin(output, spec)
    checksum, _, text = journal_of(output).read_text().splitlines()[0].partition(" ")
    told = json.loads(text)
    assert len(checksum) == 8 and told["points"] == told["wanted"] == 5
    files = {"schemes", "traces", "technologies"}
    assert set(told["digests"]) == {"pgsim", "spec", "architectures", *files}
