"""What the reference's array sums up in passes of any number, and random cases of such passes."""

from __future__ import annotations

from random import Random

import pytest
from cases import Case, random_passes_case
from hand_worked import linear
from reference import (
    COUNTS,
    Pass,
    Plane,
    gated_outputs,
    simulate_layer,
    stepped_outputs,
    stored_bits,
)
from reference.arithmetic import Activations, Weights, operands, plane_of
from reference.layers import bits_of, layer_of, passes_of
from reference.mapping import Job

CASES = 100


def random_operands(case: Case) -> tuple[Activations, Weights]:
    """Activations of the layer's sign and width, and weights, which are always signed."""
    rng, layer = Random(case.seed), layer_of(case.layer)
    low = -(2 ** (layer.activation_bits - 1)) if case.layer["signed"] else 0
    high = low + 2**layer.activation_bits - 1
    pixels = range(layer.pixels * layer.time_steps)
    activations = [
        [[rng.randint(low, high) for _ in pixels] for _ in range(layer.in_channels)]
        for _ in range(case.images)
    ]
    half = 2 ** (layer.weight_bits - 1)
    weights = [
        [rng.randint(-half, half - 1) for _ in range(layer.reduction)]
        for _ in range(layer.out_channels)
    ]
    return activations, weights


def test_planes_of_an_operand() -> None:
    # -77 is 1011 0011 in 8 bits. Bits 7 to 5 are 101, signed -3; bits 4 to 0 are 1 0011.
    assert plane_of(-77, Plane(5, 3), 8) == -3
    assert plane_of(-77, Plane(0, 5), 8) == 0b10011
    assert plane_of(-77, Plane(2, 4), 8) == 0b1100
    assert plane_of(-77, Plane(0, 8), 8) == -77
    # 179 has the same bits, and no sign.
    assert plane_of(179, Plane(5, 3), 8) == 0b101
    assert plane_of(179, Plane(2, 4), 8) == 0b1100


def test_outputs_of_a_list_of_passes() -> None:
    # Two outputs of one activation, 1011 0011 or 179, and weights -6, 1010, and 5, 0101, of 4 bits.
    # Pass 1: bits 7 to 5 of the activation, 5, times bits 3 and 2 of the weight, signed: -2 and 1;
    # low bits 5 + 2. Pass 2, gated: bits 3 to 0, 3, times bits 2 to 0: 2 and 5; low bits 0.
    layer = linear(1, 2, 1, weight_bits=4)
    passes = [Pass(Plane(5, 3), Plane(2, 2)), Pass(Plane(0, 4), Plane(0, 3), gated=True)]
    weights, mask = [[-6], [5]], [[[0], [1]]]
    expected = [[[5 * -2 * 128], [5 * 1 * 128 + 3 * 5]]]
    assert gated_outputs(layer, [[[179]]], weights, mask, passes) == expected
    # Whole operands in the first pass, the activation's low half again in a dense and a gated one.
    whole, half = Plane(0, 4), Plane(0, 4)
    passes = [Pass(Plane(0, 8), whole), Pass(half, whole), Pass(half, whole, gated=True)]
    expected = [[[(179 + 3) * -6], [(179 + 3 + 3) * 5]]]
    assert gated_outputs(layer, [[[179]]], weights, mask, passes) == expected


@pytest.mark.parametrize("first_seed", range(0, CASES, 20))
def test_stepped_sums_are_those_of_the_passes(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 20):
        case = random_passes_case(seed)
        activations, weights = random_operands(case)
        expected = gated_outputs(case.layer, activations, weights, case.mask, case.scheme)
        stepped = stepped_outputs(
            case.layer,
            case.arch,
            activations,
            weights,
            case.mask,
            case.calibration_mask,
            case.scheme,
        )
        assert stepped == expected


@pytest.mark.parametrize("seed", range(30))
def test_products_of_all_planes_are_the_whole_product(seed: int) -> None:
    """Planes that cut both operands, stepped, against sums of the operands as they are."""
    case = random_passes_case(seed)
    layer, (activations, weights) = layer_of(case.layer), random_operands(case)
    scheme = f"planes:{_cut_in_two(layer.activation_bits)}/{_cut_in_two(layer.weight_bits)}"
    stepped = stepped_outputs(case.layer, case.arch, activations, weights, None, scheme=scheme)
    for image, channels in enumerate(stepped):
        for channel, positions in enumerate(channels):
            for position, total in enumerate(positions):
                pairs = operands(layer, activations, weights, (image, channel, position))
                assert total == sum(activation * weight for activation, weight in pairs)


def _cut_in_two(bits: int) -> str:
    return f"{bits // 2},{bits - bits // 2}" if bits > 1 else "1"


@pytest.mark.parametrize("first_seed", range(0, CASES, 20))
def test_random_passes(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 20):
        case = random_passes_case(seed)
        counts = simulate_layer(
            case.layer,
            case.arch,
            case.scheme,
            images=case.images,
            output_bits=case.output_bits,
            mask=case.mask,
            calibration_mask=case.calibration_mask,
        )
        assert set(counts) == set(COUNTS)
        parts = ("msb", "lsb", "bubble", "stall")
        assert counts["cycles"] == sum(counts[f"{part}_cycles"] for part in parts)
        assert min(counts.values()) >= 0
        assert counts["lsb_slots_ideal"] <= counts["lsb_slots_fullest_lane"]


def job_of(case: Case) -> Job:
    return Job(layer_of(case.layer), passes_of(layer_of(case.layer), case.scheme), case.arch)


def features(case: Case) -> set[str]:
    """Which of the rules for many passes a case meets."""
    job, layer = job_of(case), layer_of(case.layer)
    gates = "".join("DG"[one.gated] for one in job.passes)
    several = len(job.passes) > 1
    found = {f"{len(job.passes)} passes", gates}
    found |= {f"{job.dataflow} keeps operands"} if several and job.operands_stay else set()
    found |= {"interleaved leading passes"} if job.interleaved and job.leading > 1 else set()
    found |= {"a dense pass trails"} if "GD" in gates else set()
    for operand, bits in (("activation", layer.activation_bits), ("weight", layer.weight_bits)):
        planes = [set(getattr(one, operand).covers) for one in job.passes]
        stored = stored_bits(job.passes, operand)
        found |= {f"{operand} planes overlap"} if sum(map(len, planes)) > stored else set()
        found |= {f"{operand} bits unused"} if stored < bits else set()
    if job.gated and case.arch["memory"]["lsb_fetch"] == "on_demand":
        ahead = bits_of([one for one in job.passes if not one.gated], "activation")
        on_demand = bits_of(job.passes, "activation") - ahead
        again = any(one.gated and ahead & set(one.activation.covers) for one in job.passes)
        found |= {"bits on demand"} if on_demand else {"nothing on demand"}
        found |= {"a gated pass uses bits fetched ahead"} if on_demand and again else set()
    return found


def test_random_passes_meet_every_rule() -> None:
    met = [features(random_passes_case(seed)) for seed in range(1000)]
    wanted = {
        *(f"{passes} passes" for passes in (1, 2, 3, 4)),
        *("DG", "DDG", "DGG", "DGD", "DDGG", "DGDG", "DGGG", "DDDG", "DDDD"),
        *(f"{dataflow} keeps operands" for dataflow in ("ws", "is", "bitfusion")),
        *(f"{operand} planes overlap" for operand in ("activation", "weight")),
        *(f"{operand} bits unused" for operand in ("activation", "weight")),
        "interleaved leading passes",
        "a dense pass trails",
        "bits on demand",
        "nothing on demand",
        "a gated pass uses bits fetched ahead",
    }
    assert not {name for name in wanted if sum(name in found for found in met) < 10}


def test_random_planes_are_of_their_operand() -> None:
    for seed in range(200):
        case = random_passes_case(seed)
        layer = layer_of(case.layer)
        for one in passes_of(layer, case.scheme):
            assert one.activation.covers.stop <= layer.activation_bits
            assert one.weight.covers.stop <= layer.weight_bits
