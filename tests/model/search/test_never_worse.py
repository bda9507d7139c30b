"""The nest that is chosen costs no more than the fixed order, and a larger buffer none (M41).

Long runs ask for more cases:

    PGSIM_SEARCH_SEEDS=1000 python -m pytest tests/model/search/test_never_worse.py
"""

from __future__ import annotations

import os
from itertools import pairwise, product

import pytest
from search_cases import Cost, SearchCase, search_case

from pgsim.arch import OBJECTIVES
from pgsim.model.search import Choice, searched
from pgsim.model.work_store import WorkStore

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "4"))
SAME = 1 + 1e-9  # energies are sums of floats
KINDS = pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])


def chosen(case: SearchCase, objective: str) -> Choice:
    return searched(case.job, case.goal(objective), 0, case.images, WorkStore(limit_bytes=0))


def chosen_cost(case: SearchCase, objective: str) -> Cost:
    return case.cost(*chosen(case, objective))


@KINDS
@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_choice_costs_more_than_the_fixed_order(seed: int, gated: bool) -> None:
    case = search_case(seed, gated=gated, most=7, batches=1 + seed % 2)
    fixed = case.cost(None)
    for objective in OBJECTIVES:
        own = chosen_cost(case, objective)
        assert own.value(objective) <= fixed.value(objective) * SAME, objective


def compulsory_bytes(case: SearchCase) -> int:
    """What any order moves at least: each element once, that a tap lies over, at its own bits.

    Of a gated layer only the planes of the first pass are certain to be needed.
    """
    layer, plan = case.layer, case.job.passes[0]
    activation_bits = plan.activation_bits if case.job.gated else case.job.activation_bits
    weight_bits = plan.weight_bits if case.job.gated else case.job.weight_bits
    under, before = set(), [margin for margin, _ in layer.margins]
    (height, width), (out_rows, out_columns) = layer.run_in_size, layer.run_out_size
    for row, column in product(range(out_rows), range(out_columns)):
        for tap in product(range(layer.kernel[0]), range(layer.kernel[1])):
            at = [
                place * stride - padding + each * dilation
                for place, stride, padding, each, dilation in zip(
                    (row, column), layer.stride, before, tap, layer.dilation, strict=True
                )
            ]
            if 0 <= at[0] < height and 0 <= at[1] < width:
                under.add(tuple(at))
    runs = case.images * (layer.time_steps or 1)
    inputs = len(under) * layer.in_channels * runs * (not case.stays[0])
    weights = layer.out_channels * layer.in_channels // layer.groups
    weights *= layer.kernel[0] * layer.kernel[1]
    outputs = out_rows * out_columns * layer.out_channels * runs * (not case.stays[1])
    bits = inputs * activation_bits + weights * weight_bits + outputs * case.output_bits
    return -(-bits // 8)


@KINDS
@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_choice_moves_less_than_is_compulsory(seed: int, gated: bool) -> None:
    case = search_case(seed, gated=gated, most=7)
    burst_bytes = case.changes["memory.dram.burst_bytes"]
    for objective in OBJECTIVES:
        moved = chosen_cost(case, objective).bursts * burst_bytes
        assert moved >= compulsory_bytes(case), objective


def values(seed: int, gated: bool, buffer: str, objective: str) -> list[float]:
    """What is least in larger and larger buffers, at the price of a word of the smallest."""
    case = search_case(seed, gated=gated, batches=1 + seed % 2)
    key, halves, found = f"memory.{buffer}_sram.kib", case.job.arch.memory.halves, []
    least = int(case.changes[key] * 1024)
    by_bytes = {least + halves * more for more in (1, 2)}
    for size in sorted(by_bytes | {int(least * times) for times in (1, 1.25, 1.5, 2, 8)}):
        larger = case.with_changes({key: size / 1024})
        larger.__dict__["prices"] = case.prices
        found.append(chosen_cost(larger, objective).value(objective))
    return found


@KINDS
@pytest.mark.parametrize("buffer", ["activation", "weight", "output"])
@pytest.mark.parametrize("seed", range(0, SEEDS, 2))
def test_no_larger_buffer_makes_the_objective_worse(seed: int, buffer: str, gated: bool) -> None:
    for objective in OBJECTIVES:
        found = values(seed, gated, buffer, objective)
        assert all(after <= before * SAME for before, after in pairwise(found)), objective


@pytest.mark.parametrize(
    ("seed", "gated", "buffer", "objective"),
    [
        (38, False, "output", "latency"),  # windows of 4 + 2 positions are better than of 5 + 1
        (17, True, "output", "latency"),  # likewise: windows of 9 + 3 than of 11 + 1
        (1, True, "activation", "dram"),  # holding all inputs brings LSB planes that none asks for
    ],
)
def test_what_a_smaller_buffer_allows_stays_allowed(
    seed: int, gated: bool, buffer: str, objective: str
) -> None:
    found = values(seed, gated, buffer, objective)
    assert found == sorted(found, reverse=True)
