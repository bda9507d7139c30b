"""What holds for all tests, in each of the processes that share them (pytest-xdist)."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# Every core has a process of tests already: threads of linear algebra would only wait for each
# other. Workers inherit this before they import NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Whatever earlier runs remember, tests search for nests themselves.
os.environ["PGSIM_NESTS_DIR"] = ""

# Where output is piped, a table is as wide as this says, and tests expect 100 columns.
os.environ.pop("COLUMNS", None)

# A machine that is busy with other things makes inputs slowly, which says nothing of the tests.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(params=["one by one", "by kind"])
def blocks_alike(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few blocks a nest has: each of them on its own, or one for all that are alike."""
    few = 0 if request.param == "by kind" else 2**62
    monkeypatch.setattr("pgsim.mapping.kinds._FEW", few)
