"""No blocks of a gated layer cost less than each bound says, in any order (MODEL.md M41).

What they cost is simulated, nest by nest.

    PGSIM_SEARCH_SEEDS=500 python -m pytest tests/model/search/test_windows.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import pytest
from designs import linear
from search_cases import SearchCase, nests_of, steered_case

from pgsim.model.blocks import Block
from pgsim.model.search.bounds import bounds_of, bursts_of
from pgsim.model.search.goal import ROUNDED, Floats
from pgsim.model.search.problem import problem_of
from pgsim.model.search.windows import Windows
from pgsim.model.work_store import WorkStore

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "16"))


def stages(case: SearchCase) -> Iterator[tuple[str, dict[tuple[int, ...], Floats]]]:
    """Yield what the search knows of all blocks, step by step: cycles, bursts and energy."""
    job, goal = case.job, case.goal("energy")
    block = Block(0, job.batch, case.images // job.batch, 0)
    windows, problem = Windows(job, goal, block, WorkStore()), problem_of(job, goal)
    choices, least = bounds_of(job, problem)
    sizes = problem.loops.blocks[np.arange(5), choices]
    keys = [tuple(each) for each in sizes.tolist()]

    least = windows.with_trailing(least * block.batches, windows.ideal_cycles)
    least[:, 2] += windows.trailing_pj(sizes[:, 4])
    yield "packed without a gap", dict(zip(keys, least[:, :3], strict=True))
    least = windows.with_first_bursts(least, bursts_of(job, problem, choices) * block.batches)
    yield "what moves", dict(zip(keys, least[:, :3], strict=True))
    least = windows.with_trailing(least, windows.fullest_cycles(sizes))
    yield "the fullest lanes", dict(zip(keys, least[:, :3], strict=True))
    some = windows.with_some_issued(least, sizes)
    yield "what is issued in the first batches", dict(zip(keys, some[:, :3], strict=True))
    issued = windows.with_issued(least, sizes)
    yield "what is issued", dict(zip(keys, issued[:, :3], strict=True))


@pytest.mark.parametrize("ports", ["slots", "all"])
@pytest.mark.parametrize("output_bits", [4, 32])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_nest_costs_less_than_is_known_of_its_blocks(
    seed: int, output_bits: int, ports: str
) -> None:
    case = steered_case(seed, most=3, batches=1 + seed % 2)
    case = replace(case.with_changes({"memory.ports": ports}), output_bits=output_bits)
    costs = [(nest, case.cost(nest)) for nest in nests_of(case)]
    for name, least in stages(case):
        for nest, cost in costs:
            own = np.array([cost.cycles, cost.bursts, cost.energy_pj])
            assert (least[nest.blocks] * ROUNDED <= own).all(), (name, nest)


@pytest.mark.parametrize(("dataflow", "port_bits"), [("ws", 96), ("os", 48)])
def test_sums_that_fill_words_in_several_blocks_are_not_rounded_as_those_of_one(
    dataflow: str, port_bits: int
) -> None:
    """Only the output buffer has a price: what a bound takes for rounding decides.

    Sums of 32 bits come once a fold (`ws`) or a block (`os`): those of an entry leave other gaps in
    the words of a port than those of all six input channels together.
    """
    changes = {
        "array.dataflow": dataflow,
        "array.rows": 2,
        "array.columns": 1,
        "lsb.scheduler": "combine",
        "memory.output_sram.port_bits": port_bits,
        "memory.output_sram.banks": 1,
        "batch": 1,
    }
    case = OfOutputs(
        linear(3, 6, 1), np.ones((1, 1, 3), bool), 1, changes, "pg", 32, (False, False)
    )
    costs = [(nest, case.cost(nest)) for nest in nests_of(case)]
    assert {nest.blocks[4] for nest, _ in costs} == {1, 2, 3, 6}
    for name, least in stages(case):
        for nest, cost in costs:
            assert least[nest.blocks][2] * ROUNDED <= cost.energy_pj, (name, nest)


class OfOutputs(SearchCase):
    """A case in which a word of the output buffer costs 1 pJ, and all else nothing."""

    @cached_property
    def prices(self) -> dict[str, float]:
        return {name: float(name.startswith("output_sram")) for name in super().prices}
