"""What a search knows of a layer whatever its masks, and which layers share it (MODEL.md M41)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from designs import conv, drawn, filled, linear, random_mask
from fixed_orders import BYTES, case_of
from jobs import Listed, job_of
from search_cases import (
    Cost,
    SearchCase,
    blocks_that_fit,
    nests_of,
    steered_case,
    windows_of,
)

from pgsim import LayerShape
from pgsim.arch import OBJECTIVES
from pgsim.kernels.nest_problem import Cost as Known
from pgsim.model.job import Job
from pgsim.model.search import geometry as module
from pgsim.model.search.geometry import Geometry, geometry_key
from pgsim.model.search.goal import ROUNDED
from pgsim.schemes import Scheme


def geometry_of(case: SearchCase, objective: str = "energy") -> Geometry:
    return Geometry(case.job, case.goal(objective))


def costs_by_blocks(case: SearchCase) -> dict[tuple[int, ...], list[Cost]]:
    """What all nests of each choice of block sizes cost, simulated."""
    found: dict[tuple[int, ...], list[Cost]] = {}
    for nest in nests_of(case):
        found.setdefault(nest.blocks, []).append(case.cost(nest))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_choices_are_all_blocks_that_buffers_hold(seed: int) -> None:
    """A plain enumeration lists them, each of which is simulated."""
    case = steered_case(seed, most=4)
    choices, sizes, least = geometry_of(case).bounds
    assert len(choices) == len(sizes) == len(least)
    assert sorted(map(tuple, sizes.tolist())) == sorted(blocks_that_fit(case))


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(4))
def test_no_choice_is_ruled_out_that_may_cost_no_more_than_the_best(
    seed: int, objective: str
) -> None:
    """The bounds of all choices are compared one by one, with bests that rule out some of them."""
    case, batches = steered_case(seed, most=4), 1 + seed % 3
    geometry, goal = geometry_of(case, objective), case.goal(objective)
    least = goal.least(geometry.bounds[2] * batches)
    for value, bursts, cycles in sorted(least.tolist())[:: max(1, len(least) // 6)]:
        best = Known(value, int(bursts), int(cycles), 0.0, 0)
        likely = geometry.likely(best, batches).tolist()
        assert likely == sorted(likely)
        assert set(np.flatnonzero(goal.may_win(least, best)).tolist()) <= set(likely)
    assert geometry.likely(Known(0.0, 0, 0, 0.0, 0), batches).size < len(least)


@pytest.mark.parametrize("seed", range(6))
def test_no_nest_costs_less_than_is_known_of_its_blocks(seed: int) -> None:
    """Every nest is simulated, in a batch. What gated passes take comes on top."""
    case = steered_case(seed, most=3)
    geometry, simulated = geometry_of(case), costs_by_blocks(case)
    _, sizes, least = geometry.bounds
    bursts = geometry.bursts(np.arange(len(sizes)))
    for own, known, moved in zip(sizes.tolist(), least, bursts, strict=True):
        for cost in simulated[tuple(own)]:
            costs = [cost.cycles, cost.bursts, cost.energy_pj]
            assert (known[:3] * ROUNDED <= costs).all()
            assert moved <= cost.bursts


def roomy(layer: LayerShape, mask: np.ndarray) -> Geometry:
    """A layer whose tensors fit the buffers, which bring and take a byte a cycle."""
    return geometry_of(case_of(layer, {**BYTES, "array.dataflow": "ws"}, mask, output_bits=8))


def test_blocks_move_each_element_once_and_first_planes_alone_of_several_input_blocks() -> None:
    """By hand: 4 * 2 bytes of weights come and 6 * 2 of outputs go.

    Of activations come 6 * 4 elements of 4 bits, 12 bytes. Of several blocks of input channels the
    MSB pass alone is sure to fetch its planes, 2 bits of each element.
    """
    layer = linear(6, 4, 2)
    geometry = roomy(layer, filled(layer, True))
    _, sizes, _ = geometry.bounds
    expected = np.where(sizes[:, 4] == 4, 8 + 12 + 12, 8 + 6 + 12)
    assert geometry.bursts(np.arange(len(sizes))).tolist() == expected.tolist()
    assert {4, 2, 1} == set(sizes[:, 4].tolist())


def test_one_block_hides_nothing() -> None:
    """By hand from M25: 20 bytes come, the MSB pass takes 6 cycles and the skew 4, and 12 go."""
    layer = linear(6, 4, 2)
    _, sizes, least = roomy(layer, filled(layer, False)).bounds
    (whole,) = np.flatnonzero((sizes == [1, 6, 1, 2, 4]).all(axis=1))
    assert least[whole, :2].tolist() == [20 + 6 + 4 + 12, 20 + 12]


def test_what_choices_move_is_asked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: of places 3 and 0, then of 0, 3 and 5, the last one alone is new."""
    asked: list[list[list[int]]] = []
    of = module.bursts_of

    def noted(job: Job, problem: Any, choices: np.ndarray) -> Any:
        asked.append(choices.tolist())
        return of(job, problem, choices)

    monkeypatch.setattr(module, "bursts_of", noted)
    layer = linear(6, 4, 2)
    geometry = roomy(layer, filled(layer, True))
    choices, _, _ = geometry.bounds
    first, again = geometry.bursts(np.array([3, 0])), geometry.bursts(np.array([0, 3, 5]))
    assert asked == [choices[[3, 0]].tolist(), choices[[5]].tolist()]
    assert again[:2].tolist() == first[::-1].tolist()


def test_the_fixed_order_is_looked_at_in_smaller_windows() -> None:
    """`windows_of` makes the output buffer smaller and smaller, as M8 and M41 are written."""
    case = case_of(linear(6, 4, 2, gate="none"), {"array.dataflow": "ws"})
    frame = geometry_of(case).fixed
    assert frame.windows.tolist() == windows_of(case)[::-1] == [1, 2, 3, 4, 5]
    assert frame.job == case.job


# Which layers are of one geometry.

LAYER = linear(6, 4, 2)
WS = {"array.dataflow": "ws"}


def job(layer: LayerShape = LAYER, scheme: str | Scheme = "pg", **fields: Any) -> Job:
    return replace(job_of(layer, filled(layer, True), WS, scheme), **fields)


def of_planes(activation: int, weight: int) -> Listed:
    """A dense pass over so many high bits of 4 and of 8, and a gated one over all."""
    planes = ((4 - activation, activation), (8 - weight, weight))
    return Listed(dense=(planes,), gated=(((0, 4), (0, 8)),))


@pytest.mark.parametrize(
    "other",
    [
        job(linear(7, 4, 2)),
        job(linear(6, 4, 2, weight_bits=4)),
        job(linear(6, 4, 2, activation_bits=6)),
        job(scheme=of_planes(1, 8)),
        job(scheme=of_planes(2, 4)),
        job(scheme="dual_dense"),
        job(output_bits=8),
        job(batch=2),
        job(inputs_stay=True),
        job(output_stays=True),
        job(retained_bits=64),
        job(weights_on_chip=0),
    ],
    ids=[
        "positions",
        "weight bits",
        "activation bits",
        "activation planes",
        "weight planes",
        "no gate",
        "output bits",
        "batch",
        "inputs stay",
        "output stays",
        "room",
        "weights stay",
    ],
)
def test_layers_that_differ_in_what_decides_their_bounds_share_none(other: Job) -> None:
    """By hand from M41: sizes, widths, passes, batches, and what stays on chip decide them."""
    assert geometry_key(other) != geometry_key(job(scheme=of_planes(2, 8)))


def test_layers_that_differ_in_names_and_masks_share_bounds() -> None:
    """M41: what follows from sizes alone is found once for all layers of one geometry."""
    other = linear(6, 4, 2, name="other")
    masked = job_of(other, random_mask(other, 1, 0), WS, "pg")
    assert geometry_key(masked) == geometry_key(job())


def test_room_that_no_tensor_needs_keeps_no_layers_apart() -> None:
    """By hand from M42: to a layer whose inputs stay every element is there, whatever the room."""
    full = job(inputs_stay=True, retained_bits=64)
    assert geometry_key(full) == geometry_key(job(inputs_stay=True))


def test_a_first_layer_of_another_dataflow_shares_no_bounds() -> None:
    """M47: a network's first layer may run as a product of matrices, and then it alone does."""
    layer = conv(4, 4, 4, 2, gate="none")
    changes = {"array.dataflow": "bitfusion", "array.first_layer": "im2col"}
    other = job_of(layer, None, changes)
    assert geometry_key(replace(other, first=True)) != geometry_key(other)
    alike = job_of(layer, None, WS)
    assert geometry_key(replace(alike, first=True)) == geometry_key(alike)


ZEROS = {"activation": [[2, 2, 0.5], [0, 2, 0.75]], "weight": [[0, 8, 0.25]]}
OTHERS = {"activation": [[2, 2, 0.25], [0, 2, 0.75]], "weight": [[0, 8, 0.25]]}


def with_zeros(zeros: object, *, stands_still: bool = True) -> Job:
    changes = {"array.dataflow": "ws", "array.pe.zero_gating": stands_still}
    return job_of(linear(6, 3, 1, zeros=zeros), drawn("x.x..x"), changes, "pg")


def test_layers_that_differ_in_zeros_share_no_bounds() -> None:
    """M45: PEs spend less that stand still at zeros, and others make no use of them."""
    assert geometry_key(with_zeros(ZEROS)) == geometry_key(with_zeros(ZEROS))
    assert geometry_key(with_zeros(ZEROS)) != geometry_key(with_zeros(OTHERS))
    still = (with_zeros(each, stands_still=False) for each in (ZEROS, OTHERS))
    assert len({geometry_key(each) for each in still}) == 1
