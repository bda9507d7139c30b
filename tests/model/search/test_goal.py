"""What a search takes a busy PE for, where PEs stand still at zeros (MODEL.md M45)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import drawn, linear
from jobs import job_of

from pgsim.arch import OBJECTIVES
from pgsim.model.job import Job
from pgsim.model.search.goal import Goal

PRICES = {"msb_busy_pe_cycles": 4.0, "lsb_busy_pe_cycles": 3.0, "zero_pe_cycles_of_1": -2.0}
ZEROS = {"activation": [[2, 2, 0.5], [0, 2, 0.75]], "weight": [[0, 8, 0.25]]}


def job(*, stands_still: bool = True) -> Job:
    changes = {"array.dataflow": "ws", "array.pe.zero_gating": stands_still}
    return job_of(linear(6, 3, 1, zeros=ZEROS), drawn("x.x..x"), changes, "pg")


GOAL = Goal(OBJECTIVES["edp"], PRICES)


def spent(own: Job) -> list[float]:
    """In 10 and 100 busy PE cycles of the passes, and in 11 and 101."""
    found: list[float] = GOAL.busy_pj(own, np.array([[10, 11], [100, 101]])).tolist()
    return found


def test_busy_pes_spend_what_their_zeros_leave() -> None:
    """Of the MSB pass 1 - 0.5 * 0.75 of MACs have a zero, of the LSB pass 1 - 0.25 * 0.75.

    Of 10 and 11 PE cycles 6 are of zeros, of 100 and 101 81 and 82.
    """
    assert spent(job()) == [10 * 4 + 100 * 3 - 2 * (6 + 81), 11 * 4 + 101 * 3 - 2 * (6 + 82)]
    assert GOAL.least_busy_pj(job()) == pytest.approx(3 - 2 * 0.8125)


def test_pes_that_make_no_use_of_zeros_spend_it_all() -> None:
    assert spent(job(stands_still=False)) == [10 * 4 + 100 * 3, 11 * 4 + 101 * 3]
    assert GOAL.least_busy_pj(job(stands_still=False)) == 3
