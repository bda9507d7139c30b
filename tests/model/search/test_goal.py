"""What a search takes a busy PE for, where PEs stand still at zeros (MODEL.md M45)."""

from __future__ import annotations

import pytest
from designs import drawn, linear
from jobs import job_of

from pgsim.arch import OBJECTIVES
from pgsim.model.search.goal import Goal

PRICES = {"msb_busy_pe_cycles": 4.0, "lsb_busy_pe_cycles": 3.0, "zero_pe_cycles_of_1": -2.0}
ZEROS = {"activation": [[2, 2, 0.5], [0, 2, 0.75]], "weight": [[0, 8, 0.25]]}


def job(*, stands_still: bool = True) -> object:
    changes = {"array.dataflow": "ws", "array.pe.zero_gating": stands_still}
    return job_of(linear(6, 3, 1, zeros=ZEROS), drawn("x.x..x"), changes, "pg")


def prices(own: object) -> list[float]:
    goal = Goal(OBJECTIVES["edp"], PRICES)
    return [goal.busy_pj(own, own.passes[:1]), goal.busy_pj(own, own.passes[1:])]


def test_a_busy_pe_spends_what_its_zeros_leave() -> None:
    """Of the MSB pass 1 - 0.5 * 0.75 of MACs have a zero, of the LSB pass 1 - 0.25 * 0.75."""
    assert prices(job()) == pytest.approx([4 - 2 * 0.625, 3 - 2 * 0.8125])


def test_pes_that_make_no_use_of_zeros_spend_it_all() -> None:
    assert prices(job(stands_still=False)) == [4.0, 3.0]
