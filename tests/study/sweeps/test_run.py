"""Running a sweep: every row is what `simulate` gives, whatever the number of processes."""

import os

import pandas as pd
import pytest
from designs import conv
from pool_work import running
from shipped import fixed_order_file

from pgsim.arch import load_arch
from pgsim.errors import InputError
from pgsim.files import shipped
from pgsim.masks import synthetic_trace
from pgsim.study.simulation import simulate
from pgsim.study.sweeps import SweepSpec, sweep, sweep_points
from pgsim.workload import load_trace, save_trace


def test_every_point_is_what_simulate_gives(gated, tmp_path):
    """Of a searched design and of one in the fixed order. Nests have blocks and the fixed order a
    window: cells of the others' columns are empty, so floats hold the whole numbers beside them."""
    archs = ["pg_os", str(fixed_order_file("pg_ws", tmp_path))]
    spec = SweepSpec(
        traces=[gated],
        archs=archs,
        schemes=["pg", "uniform:8,8"],
        axes={"array.rows": (4, 8), "activation_bits": (4, 6), "lsb.scheduler": ("skip", "queue")},
    )
    frame = sweep(spec, jobs=1)
    identity = ["arch", "scheme", "array.rows", "trace.activation_bits", "lsb.scheduler"]
    assert not frame.duplicated([*identity, "layer"]).any()
    points = frame.groupby(identity)
    assert len(points) == 2 * 2 * 2 * 2 * 2
    assert list(frame.columns[:3]) == identity[2:]
    trace = load_trace(gated)
    for (_, scheme, rows, bits, scheduler), own in points:
        name = archs[0] if own["arch"].iloc[0].startswith("pg-os") else archs[1]
        changes = {"array.rows": rows, "lsb.scheduler": scheduler}
        arch = load_arch(name).override({"name": own["arch"].iloc[0], **changes})
        result = simulate(trace.with_bits(activation_bits=bits), arch, scheme)
        simulated = own.drop(columns=[*identity[2:], "area_mm2"]).reset_index(drop=True)
        # A column of the whole table has one type: counts are floats where some point has none.
        simulated = simulated.astype({"window_slots": result.layers["window_slots"].dtype})
        pd.testing.assert_frame_equal(simulated, result.layers)
        assert (own["area_mm2"] == result.summary["area_mm2"]).all()


def test_processes_give_the_same_table_in_the_same_order(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], axes={"array.rows": (2, 4, 8)})
    told = []
    frame = sweep(spec, jobs=2, progress=lambda done, total: told.append((done, total)))
    pd.testing.assert_frame_equal(frame, sweep(spec, jobs=1))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_no_jobs_are_too_few(gated):
    with pytest.raises(InputError, match="jobs: expected at least 1, not 0"):
        sweep(SweepSpec(traces=[gated], archs=["pg_ws"]), jobs=0)


def test_checking_is_told_before_the_first_point(gated):
    axes = {"array.rows": (2, 4, 8), "weight_bits": (4, 8)}
    told = []
    sweep(
        SweepSpec(traces=[gated], archs=["pg_ws", "pg_os"], schemes=["pg", "full"], axes=axes),
        jobs=1,
        checking=lambda done, total: told.append(("checking", done, total)),
        progress=lambda done, total: told.append(("simulating", done, total)),
    )
    # 2 x 3 designs and 2 what-if traces are checked each for itself, 2 x 3 x 2 x 2 points run.
    checked = [("checking", done, 8) for done in range(1, 9)]
    assert told == checked + [("simulating", done, 24) for done in range(1, 25)]


@pytest.fixture
def traces(tmp_path):
    """Two traces of one shape and size in files of one size, and what writes them again."""
    layer = conv(4, 8, 6, 3, padding=[1, 1], name="output0", gate="output")

    def write(name, seed):
        trace = synthetic_trace([layer], images=20, density=0.3, seed=seed)
        return save_trace(trace, tmp_path / name)[0]

    return write


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kept", [False, True])
def test_a_trace_replaced_while_a_sweep_runs_ends_it(jobs, kept, traces):
    path, other = traces("swept", 1), traces("other", 2)
    before = path.stat()

    def replace(done, total):
        if done == 1:
            if kept:  # the same file, with other masks, and as old as it was
                with path.open("r+b") as file:  # never shorter, for it is mapped
                    file.write(other.read_bytes())
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            else:
                other.replace(path)

    assert other.stat().st_size == before.st_size
    spec = SweepSpec(traces=[str(path)], archs=["pg_ws"], axes={"array.rows": tuple(range(1, 40))})
    with pytest.raises(InputError, match=r"swept\.safetensors: was replaced or changed while"):
        sweep(spec, jobs=jobs, progress=replace)


def test_a_file_that_hides_a_shipped_trace_is_noticed(traces, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = SweepSpec(traces=["digits_pg_4_2"], archs=["pg_ws"], axes={"array.rows": (8, 16)})
    with pytest.raises(InputError, match=r"digits_pg_4_2\.safetensors: was replaced or changed"):
        sweep(spec, jobs=1, progress=lambda done, total: traces("digits_pg_4_2", 1))


def test_a_technology_changed_while_a_sweep_runs_ends_it(gated, tmp_path):
    table = tmp_path / "own.yaml"
    table.write_bytes(shipped("arch_configs/technology", "45nm", ".yaml").read_bytes())

    def replace(done, total):
        table.write_text(table.read_text() + "# another line\n")

    axes = {"technology": (str(table),), "array.rows": (8, 16)}
    with pytest.raises(InputError, match=r"own\.yaml: was replaced or changed while"):
        sweep(SweepSpec(traces=[gated], archs=["pg_ws"], axes=axes), jobs=1, progress=replace)


def test_an_interrupt_leaves_no_process_behind(gated, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)  # processes are told the search path, and show it
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], axes={"array.rows": tuple(range(1, 30))})

    def interrupt(done, total):
        assert len(running(str(tmp_path), "serve()")) == 2
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(spec, jobs=2, progress=interrupt)
    assert not running(str(tmp_path), "serve()")


def test_a_point_tells_itself_from_the_others(gated):
    axes = {"array.rows": (4, 8), "weight_bits": (4, None)}
    points = sweep_points(SweepSpec(traces=[gated], archs=["pg_ws"], axes=axes))
    assert [str(point).removeprefix(f"trace {gated}, ") for point in points] == [
        "arch pg-ws-16x16, scheme pg, array.rows 4, trace.weight_bits 4",
        "arch pg-ws-16x16, scheme pg, array.rows 8, trace.weight_bits 4",
        "arch pg-ws-16x16, scheme pg, array.rows 4, trace.weight_bits null",
        "arch pg-ws-16x16, scheme pg, array.rows 8, trace.weight_bits null",
    ]
