"""What a dry run says: how long all points of a sweep take, and how much memory."""

import time

import pytest
from numba.core.event import trigger_event

from pgsim.study.sweeps import SweepSpec, forecast, sweep_points


def test_kernels_that_are_compiled_are_no_part_of_a_forecast(gated, monkeypatch):
    spec = SweepSpec(traces=[gated], archs=["pg_os"], axes={"clock_mhz": [100, 200, 300, 400]})
    took_s = []

    def of_points(points):
        def simulated(number):
            if not took_s:  # the first point waits for kernels, as Numba tells of them
                with trigger_event("numba:compile"):
                    time.sleep(2)
            began_s = time.monotonic()
            time.sleep(0.02)
            took_s.append(time.monotonic() - began_s)
            return b"record"

        return simulated

    monkeypatch.setattr(forecast, "Simulation", of_points)
    found = forecast.forecast_of(sweep_points(spec), jobs=1)
    assert found.simulated == 3
    assert found.seconds == pytest.approx(4 * sum(took_s) / 3, rel=0.5)  # and not 2 s more
