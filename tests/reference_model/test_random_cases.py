"""The reference's random cases: each MAC and mask bit once, M14, and the sums."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from cases import Case, pixels_case, random_case
from reference import (
    COUNTS,
    fullest_lane,
    gated_outputs,
    queue,
    schedule,
    simulate_layer,
    stepped_outputs,
)
from reference.layers import layer_of, passes_of
from reference.mapping import Job, runs_of, tiles_of

from pgsim.workload import OPS


@pytest.mark.parametrize("first_seed", range(0, 100, 20))
def test_random_cases(first_seed: int) -> None:
    for seed in range(first_seed, first_seed + 20):
        case = random_case(seed)
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
        assert counts["cycles"] == sum(
            counts[f"{part}_cycles"] for part in ("msb", "lsb", "bubble", "stall")
        )
        for scheduler in ("dense", "skip", "combine", "queue"):
            assert counts["lsb_slots_ideal"] <= counts["lsb_slots_fullest_lane"]
            if case.arch["lsb"]["scheduler"] == scheduler:
                assert counts["lsb_slots_fullest_lane"] <= counts["lsb_slots_issued"]


def test_cases_have_every_op_and_padding_of_every_side() -> None:
    layers = [random_case(seed).layer for seed in range(200)]
    assert {layer["op"] for layer in layers} == OPS.keys() - {"matmul"}  # linear, image by image
    uneven = [x for x in layers if "padding" in x and len(x["padding"]) == 2 * len(x["in_size"])]
    assert {len(layer["in_size"]) for layer in uneven} == {1, 2, 3}


@pytest.mark.parametrize("seed", range(100))
def test_scheduler_order(seed: int) -> None:
    case = random_case(seed)
    job = Job(layer_of(case.layer), passes_of(layer_of(case.layer), case.scheme), case.arch)
    if not job.gated or case.mask is None:
        return
    lsb = case.arch["lsb"]
    for run in runs_of(job, case.images):
        for tile in tiles_of(job, run, case.calibration_mask):
            mask = tile.mask(job.layer, case.mask)
            n = {
                name: len(schedule(mask, lsb | {"scheduler": name}, job.columns).slots)
                for name in ("ideal", "combine", "queue", "skip", "dense")
            }
            assert n["ideal"] <= n["combine"] <= n["skip"] <= n["dense"]
            assert n["ideal"] <= n["queue"] <= n["skip"]
            assert fullest_lane(mask) <= min(n["combine"], n["queue"])
            assert len(queue(mask, len(mask), len(mask)).slots) == fullest_lane(mask)


def test_stepped_sums_are_precision_gatings() -> None:
    """The array's own accumulations equal O_hb * 2^B_lb + mask * W * I_lb, output by output."""
    cases = [random_case(seed) for seed in range(60)]
    chosen = [case for case in cases if case.scheme == "pg" and case.mask is not None]
    assert len(chosen) >= 15
    for case in chosen:
        check_sums(case)


def test_stepped_sums_are_those_of_important_pixels() -> None:
    """They equal W * (I_hb * 2^B_lb + mask * I_lb) under a mask of pixels, at either speed."""
    cases = [pixels_case(seed) for seed in range(60)]
    speeds = Counter(case.arch["array"].get("speed", "steady") for case in cases)
    assert min(speeds.values()) >= 15
    for case in cases:
        check_sums(case)


def check_sums(case: Case) -> None:
    """The outputs that the array sums up are those of plain arithmetic."""
    rng, layer = Random(case.seed), layer_of(case.layer)
    bits = layer.activation_bits
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if case.seed % 2 else (0, 2**bits - 1)
    activations = [
        [
            [rng.randint(low, high) for _ in range(layer.pixels * layer.time_steps)]
            for _ in range(layer.in_channels)
        ]
        for _ in range(case.images)
    ]
    weights = [
        [rng.randint(-128, 127) for _ in range(layer.reduction)] for _ in range(layer.out_channels)
    ]
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
