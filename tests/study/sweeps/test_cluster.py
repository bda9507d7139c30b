"""Sweeps on a Dask cluster: the same table, also when a worker is killed in the middle."""

import os
import signal
import sys

import pandas as pd
import pytest

from pgsim.errors import InputError
from pgsim.results.table_files import read_table
from pgsim.study.pool import cluster as pool_cluster
from pgsim.study.sweeps import SweepSpec, sweep, sweep_into
from pgsim.study.sweeps import run as sweep_run


def test_without_dask_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"needs Dask: python -m pip install 'pgsim\[cluster\]'"):
        list(pool_cluster.run_on_cluster(abs, [[1]], "tcp://localhost:1"))


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as local:
        yield local


@pytest.fixture
def spec(gated):
    axes = {"array.rows": tuple(range(1, 61)), "mapping.kind": ("fixed",)}
    return SweepSpec(traces=[gated], archs=["pg_ws"], axes=axes)


@pytest.mark.filterwarnings("ignore")
def test_a_sweep_goes_on_when_a_worker_is_killed(cluster, spec, tmp_path):
    output, killed = tmp_path / "results.csv", []

    def kill_one(done, total):
        if not killed:
            assert done < total / 4  # in the middle
            from distributed import Client

            with Client(cluster.scheduler_address) as client:
                pids = client.run(os.getpid)
            killed.append(next(iter(pids.values())))
            os.kill(killed[0], signal.SIGKILL)

    outcome = sweep_into(output, spec, scheduler=cluster.scheduler_address, progress=kill_one)
    assert killed and not outcome.failures
    pd.testing.assert_frame_equal(read_table(output), sweep(spec, jobs=1))
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.filterwarnings("ignore")
def test_what_fails_on_a_cluster_is_told(cluster, spec, tmp_path, monkeypatch):
    monkeypatch.setattr(sweep_run, "pgsim_digest", lambda: "another")
    with pytest.raises(InputError, match="the workers of the cluster run another pgsim"):
        sweep_into(tmp_path / "results.csv", spec, scheduler=cluster.scheduler_address)
    assert not list(tmp_path.iterdir())


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_is_said(spec, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(pool_cluster, "_CONNECTS_WITHIN_S", 1)
    with pytest.raises(InputError, match=r"--scheduler tcp://127\.0\.0\.1:9: no scheduler of Dask"):
        sweep_into(tmp_path / "results.csv", spec, scheduler="tcp://127.0.0.1:9")
    assert not list(tmp_path.iterdir())
