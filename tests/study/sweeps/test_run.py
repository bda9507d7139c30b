"""Running a sweep: every row is what `simulate` gives, whatever the number of processes."""

import os
from multiprocessing import active_children

import pandas as pd
import pytest

from pgsim.arch import load_arch
from pgsim.errors import InputError
from pgsim.study.simulation import simulate
from pgsim.study.sweeps import SweepSpec, sweep
from pgsim.study.sweeps import run as sweep_run
from pgsim.workload import load_trace


def test_every_point_is_what_simulate_gives(gated):
    spec = SweepSpec(
        traces=[gated],
        archs=["pg_os", "pg_ws"],
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
        name = "pg_os" if own["arch"].iloc[0].startswith("pg-os") else "pg_ws"
        changes = {"array.rows": rows, "lsb.scheduler": scheduler}
        arch = load_arch(name).override({"name": own["arch"].iloc[0], **changes})
        result = simulate(trace.with_bits(activation_bits=bits), arch, scheme)
        simulated = own.drop(columns=[*identity[2:], "area_mm2"]).reset_index(drop=True)
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


def test_an_interrupt_leaves_no_process_behind(gated):
    spec = SweepSpec(traces=[gated], archs=["pg_ws"], axes={"array.rows": tuple(range(1, 30))})
    before = set(active_children())

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(spec, jobs=2, progress=interrupt)
    assert set(active_children()) <= before


class Dies:
    """Ends the process that unpickles it, as the kernel does when memory runs out."""

    def __reduce__(self):
        return os._exit, (1,)


def test_a_process_that_dies_is_reported(gated, monkeypatch):
    monkeypatch.setattr(sweep_run, "sweep_points", lambda spec: [Dies(), Dies()])
    with pytest.raises(InputError, match="try fewer jobs"):
        sweep(SweepSpec(traces=[gated], archs=["pg_ws"]), jobs=2)
