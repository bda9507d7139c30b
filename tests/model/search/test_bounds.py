"""No blocks of a gated layer cost less than their bounds, whatever the order and the masks (M41).

What they cost is simulated, block by block. Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=2000 python -m pytest tests/model/search/test_bounds.py
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import permutations
from math import ceil, prod
from random import Random
from typing import Any

import numpy as np
import pytest
from designs import filled, linear
from search_cases import Cost, SearchCase, blocks_that_fit, nests_of, steered_case

from pgsim.arch import OBJECTIVES, Counts
from pgsim.kernels.nest_problem import Problem
from pgsim.mapping import Nest, loop_sizes
from pgsim.model import room
from pgsim.model.blocks import Block
from pgsim.model.search import Goal, bounds
from pgsim.model.search.bounds import bounds_of, bursts_of
from pgsim.model.search.fetched import every_bursts, first_bursts
from pgsim.model.search.geometry import Geometry
from pgsim.model.search.goal import Floats
from pgsim.model.search.problem import problem_of
from pgsim.model.search.windows import Windows
from pgsim.model.work_store import WorkStore

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "8"))
ROUNDED = 1 + 1e-13  # bounds are sums of floats


def is_over(cycles: float, bursts: float, energy_pj: float, cost: Cost) -> bool:
    return (
        cycles > cost.cycles * ROUNDED
        or bursts > cost.bursts
        or energy_pj > cost.energy_pj * ROUNDED
    )


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_bound_is_over_a_cost(seed: int) -> None:
    """Bounds of the leading passes, with what the masks add to them step by step."""
    rng, case = Random(seed), steered_case(seed, batches=1 + seed % 2)
    case = case.with_changes({"memory.ports": ("slots", "all")[seed // 2 % 2]})
    page_bytes = max(rng.choice((4, 16, 64)), case.changes["memory.dram.burst_bytes"])
    pages = {"memory.dram.model": "pages", "memory.dram.page_bytes": page_bytes}
    case = case.with_changes(pages | {"memory.dram.row_miss_ns": 500}) if seed % 3 == 0 else case
    job, goal = case.job, case.goal("energy")
    batches = case.images // job.batch
    windows = Windows(job, goal, Block(0, job.batch, batches, 0), WorkStore(limit_bytes=0))
    problem = problem_of(job, goal)
    choices, least = bounds_of(job, problem)
    least = windows.with_trailing(least * batches, windows.ideal_cycles)
    geometry, places = Geometry(job, goal), np.arange(len(choices))
    assert np.array_equal(geometry.bounds[0], choices)
    first = first_bursts(geometry, windows, places)
    assert np.array_equal(first, bursts_of(job, problem, choices) * batches)
    every = every_bursts(geometry, windows, places)
    assert (every >= first).all()
    moved = windows.with_bursts(windows.with_first_bursts(least, first), every)
    for place in rng.sample(range(len(choices)), min(12, len(choices))):
        sizes = sizes_of(problem, choices[place])
        row = moved[place : place + 1].copy()
        row[:, 2] += windows.trailing_pj(np.array(sizes[4:]))
        fullest = windows.with_trailing(row, windows.fullest_cycles(np.array([sizes])))
        own = [least[place], row[0], fullest[0], windows.with_issued(fullest, np.array([sizes]))[0]]
        for order in rng.sample(list(permutations("NPQK")), 3):
            nest = Nest("".join(order) + "C", loop_sizes(job.shape, job.batch), sizes)
            cost = case.cost(nest)
            for each in own:
                assert not is_over(*each[:3], cost), nest


def sizes_of(problem: Problem, picks: Counts) -> tuple[int, ...]:
    return tuple(problem.loops.blocks[np.arange(5), picks].tolist())


@pytest.mark.parametrize("most_tiles", [4, 12, 2**21])
@pytest.mark.parametrize("seed", range(4))
def test_all_blocks_that_fit_have_bounds_but_those_of_too_many_tiles(
    seed: int, most_tiles: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks are enumerated; their tiles are lane groups of the largest, by the number of them."""
    monkeypatch.setattr(bounds, "MOST_TILES", most_tiles)
    case = steered_case(seed, most=3)
    job, sizes = case.job, loop_sizes(case.job.shape, case.job.batch)

    def tiles(n: int, p: int, q: int, k: int, c: int) -> int:
        _, lanes = job.arch.lanes.slots_and_lanes(n * p * q, k)
        blocks = prod(ceil(size / own) for size, own in zip(sizes, (n, p, q, k, c), strict=True))
        return blocks * ceil(lanes / job.arch.array.columns)

    problem = problem_of(job, case.goal("energy"))
    choices, least = bounds_of(job, problem)
    found = [sizes_of(problem, each) for each in choices]
    assert len(found) == len(set(found)) == len(least)
    assert set(found) == {each for each in blocks_that_fit(case) if tiles(*each) <= most_tiles}


@pytest.mark.parametrize("most", [8, 24])
@pytest.mark.parametrize("seed", range(4))
def test_no_block_has_a_bound_whose_vectors_are_more_than_banks_are_looked_at_for(
    seed: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: each slot of a block has one in every lane, or in every bank if these are more."""
    monkeypatch.setattr(room, "MOST_VECTORS", most)
    case = steered_case(seed, most=3)
    case = replace(case, changes=case.changes | {"memory.ports": "all"})
    job, problem = case.job, problem_of(case.job, case.goal("energy"))
    banks = job.arch.memory.buffers[job.slot_operand.name].banks

    def vectors(n: int, p: int, q: int, k: int, _: int) -> int:
        slots, _ = job.arch.lanes.slots_and_lanes(n * p * q, k)
        return slots * max(job.arch.array.columns, min(banks, slots))

    found = {sizes_of(problem, each) for each in bounds_of(job, problem)[0]}
    assert found == {each for each in blocks_that_fit(case) if vectors(*each) <= most}


@dataclass(frozen=True)
class Steered:
    """Eight positions of four input channels and two outputs that no gated pass computes.

    4 x 2 PEs do a MAC a cycle, words have a byte, and DRAM moves a byte a cycle. All
    fits, but for weights if so few bytes are for them.
    """

    prices: dict[str, float] = field(default_factory=dict)
    weight_bytes: int = 2**16

    @cached_property
    def case(self) -> SearchCase:
        layer = linear(8, 4, 2)
        changes = {
            **{f"memory.{each}_sram.port_bits": 8 for each in ("activation", "weight", "output")},
            "memory.weight_sram.banks": 1,
            "memory.weight_sram.kib": self.weight_bytes / 1024,
            "memory.dram.burst_bytes": 1,
            "memory.dram.bytes_per_cycle": 1,
        }
        return SearchCase(layer, filled(layer, False), 1, changes, "pg", 4, (False, False))

    @cached_property
    def problem(self) -> Problem:
        goal = Goal(OBJECTIVES["energy"], defaultdict(float, self.prices))
        return problem_of(self.case.job, goal)

    @cached_property
    def bounds(self) -> dict[tuple[int, ...], tuple[Floats, int]]:
        """What the leading pass takes at least, and bursts with what moves, by block sizes."""
        choices, least = bounds_of(self.case.job, self.problem)
        bursts = bursts_of(self.case.job, self.problem, choices).tolist()
        sizes = [sizes_of(self.problem, each) for each in choices]
        return dict(zip(sizes, zip(least, bursts, strict=True), strict=True))

    def least_cost(self, blocks: tuple[int, ...]) -> Cost:
        """What the best nest takes of its cycles, and the best of its bursts."""
        costs = [self.case.cost(nest) for nest in nests_of(self.case) if nest.blocks == blocks]
        return Cost(min(each.cycles for each in costs), min(each.bursts for each in costs), 0.0)


@pytest.mark.parametrize(
    ("in_channels", "fetched_first", "array_cycles", "bursts"),
    [
        # All 8 * 4 * 4 bits of activations and 4 * 2 * 8 of weights, 24 bytes, come first. Two
        # folds of four positions are 4 cycles each, and the last sum leaves 4 cycles later.
        (4, 24, 8 + 4, 32),
        # M40: of several C blocks the leading pass fetches its 2 bits of each activation, and where
        # no output is gated, that is all: 8 + 8 bytes. Half of them come first. Four folds begin 4
        # cycles apart, as the bus takes the sums of four rows away (M17); each has two steps.
        (2, 8, 3 * 4 + 2 + 4, 24),
        # Eight folds of one step.
        (1, 4, 7 * 4 + 1 + 4, 24),
    ],
)
def test_what_no_mask_adds_to_is_known_exactly(
    in_channels: int, fetched_first: int, array_cycles: int, bursts: int
) -> None:
    """By hand, and simulated. At last 16 outputs of 4 bits leave, in 8 cycles.

    The pass reads 2 bits of `8 * 4` activations, and all weights in each of two folds. PEs are busy
    for `16 * 4` MACs.
    """
    prices = {
        "cycles": 1e6,
        "activation_sram_read_words": 3.0,
        "weight_sram_read_words": 5.0,
        "msb_busy_pe_cycles": 7.0,
        **{f"dram_{way}_bursts": 100.0 for way in ("activation_read", "weight_read", "write")},
    }
    steered, blocks = Steered(prices), (1, 8, 1, 2, in_channels)
    (cycles, moved, energy_pj, array), bursts_moved = steered.bounds[blocks]
    assert (cycles, moved, bursts_moved) == (fetched_first + array_cycles + 8, bursts, bursts)
    assert array == cycles
    own_pj = 8 * 3 + 2 * 8 * 5 + 64 * 7
    assert energy_pj == pytest.approx(own_pj + bursts * 100 + cycles * 1e6, rel=1e-8)
    cost = steered.least_cost(blocks)
    assert (cost.cycles, cost.bursts) == (cycles, bursts)


@pytest.mark.parametrize(
    ("blocks", "bursts"),
    [
        # Outputs of three positions, 12 bits, leave in two bytes: 2 + 2 + 1 of each channel.
        ((1, 3, 1, 1, 4), 16 + 8 + 2 * 5),
        # An output of 4 bits leaves in a byte.
        ((1, 1, 1, 1, 4), 16 + 8 + 16),
    ],
)
def test_what_blocks_move_comes_in_whole_bursts(blocks: tuple[int, ...], bursts: int) -> None:
    """By hand, and simulated."""
    steered = Steered()
    assert steered.bounds[blocks][1] == bursts == steered.least_cost(blocks).bursts


def test_where_a_gate_waits_weights_come_again_for_each_block_of_positions() -> None:
    """By hand, and simulated: half of the weights fit, and C blocks are innermost (M40).

    With C blocks outermost all sums could wait, and 8 bytes of weights would come once.
    """
    steered, blocks = Steered(weight_bytes=8), (1, 4, 1, 2, 2)
    bursts = 8 + 2 * 8 + 8
    assert steered.bounds[blocks][1] == bursts == steered.least_cost(blocks).bursts


@pytest.mark.parametrize(
    ("stays", "bursts"), [({"inputs_stay": True}, 8 + 8), ({"weights_on_chip": 0b11111111}, 8 + 8)]
)
def test_what_stays_on_chip_is_not_fetched_in_blocks_of_input_channels(
    stays: dict[str, Any], bursts: int
) -> None:
    """By hand: of 8 bytes of MSBs, 8 of weights and 8 of outputs, one comes from nowhere."""
    steered = Steered()
    job = replace(steered.case.job, **stays)
    problem = problem_of(job, steered.case.goal("dram"))
    choices, least = bounds_of(job, problem)
    place = [sizes_of(problem, each) for each in choices].index((1, 8, 1, 2, 2))
    assert least[place, 1] == bursts
    assert bursts_of(job, problem, choices[[place]]).tolist() == [bursts]
