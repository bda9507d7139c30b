"""A gated layer's blocks in every order cost what their simulation counts (MODEL.md M40, M41).

Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/model/search/test_sized.py
"""

from __future__ import annotations

import os
from random import Random

import pytest
from search_cases import SearchCase, blocks_that_fit, nests_of, steered_case

from pgsim.arch import LOOPS
from pgsim.mapping import Nest, loop_sizes
from pgsim.model.blocks import Block
from pgsim.model.search.sized import SizedLayer
from pgsim.model.work_store import WorkStore

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "12"))


def sized(case: SearchCase, blocks: tuple[int, ...]) -> SizedLayer:
    job = case.job
    images = Block(0, job.batch, case.images // job.batch, 0)
    nest = Nest(LOOPS, loop_sizes(job.shape, job.batch), blocks)
    return SizedLayer.of(job, nest, images, WorkStore())


@pytest.mark.parametrize("ports", ["slots", "all"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_orders_cost_what_is_simulated(seed: int, ports: str) -> None:
    case = steered_case(seed, most=5, batches=1 + seed % 2)
    case = case.with_changes({"memory.ports": ports})
    every = list(blocks_that_fit(case))
    nests = set(nests_of(case))
    for blocks in Random(seed).sample(every, min(6, len(every))):
        layer = sized(case, blocks)
        orders = layer.orders()
        found = {order.nest for order in orders}
        every_order = {each for each in nests if each.blocks == blocks}
        assert {each for each in every_order if not each.unheld} <= found <= every_order
        for order in orders:
            cost = case.cost(order.nest)
            assert (order.cycles, order.bursts) == (cost.cycles, cost.bursts), order.nest
            own = layer.cost(case.goal("energy"), order.nest)
            assert (own.cycles, own.bursts) == (cost.cycles, cost.bursts), order.nest
            assert own.energy_pj == pytest.approx(cost.energy_pj, rel=1e-12)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_alike_orders_cost_the_same_energy(seed: int) -> None:
    case = steered_case(seed, most=5)
    goal = case.goal("energy")
    every = list(blocks_that_fit(case))
    for blocks in Random(seed).sample(every, min(4, len(every))):
        layer, energies = sized(case, blocks), {}
        for order in layer.orders():
            cost = layer.cost(goal, order.nest)
            assert energies.setdefault(order.alike, cost.energy_pj) == pytest.approx(cost.energy_pj)
