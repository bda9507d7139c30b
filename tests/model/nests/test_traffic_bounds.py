"""Any nest moves what it must; and a larger buffer never makes a block move more (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from nest_cases import NestCase, random_nest_case
from nest_jobs import job_of_case, trace_of_case
from reference.layers import layer_of

from pgsim.model.layer import simulate_layer
from pgsim.model.nests import Blocks, blocks_of_nest
from pgsim.model.work_store import WorkStore
from pgsim.schemes import union

BUFFERS = ("activation_sram", "weight_sram", "output_sram")


def first_batch(drawn: NestCase, arch: Mapping[str, Any] | None = None) -> Blocks:
    """The blocks of the first batch, which may have fewer images than the design's."""
    job = job_of_case(drawn, arch)
    images = min(job.batch, drawn.case.images)
    return blocks_of_nest(replace(job, batch=images, nest=job.nest.of_batch(images)))


def most_moved(blocks: Blocks) -> np.ndarray:
    """The bursts of every block if every pass issues something, int64 (4, blocks)."""
    moved = blocks.bursts.sum(axis=-1)
    held = blocks.holding.held
    for way, depth in enumerate((held.activation, held.weight)):
        if blocks.in_trips > 1 and depth > blocks.nest.order.index("C"):  # pass by pass
            passes = [blocks.bursts_of(plan)[way] for plan in blocks.job.passes]
            moved[way] = np.sum(passes, axis=(0, 2))
    return moved


@pytest.mark.parametrize("seed", range(5000, 5150))
def test_a_larger_buffer_never_adds_to_what_a_block_moves(seed: int) -> None:
    drawn, rng = random_nest_case(seed), Random(seed)
    memory = drawn.case.arch["memory"]
    larger = {
        name: memory[name] | {"kib": memory[name]["kib"] * rng.choice((1, 1.25, 2, 3, 64))}
        for name in BUFFERS
    }
    before = most_moved(first_batch(drawn))
    arch = drawn.case.arch | {"memory": memory | larger}
    after = most_moved(first_batch(drawn, arch))
    assert (after <= before).all()


@pytest.mark.parametrize("seed", range(5000, 5150))
def test_every_operand_is_moved_once_at_least(seed: int) -> None:
    """Counted from the reference's list of the pixels under every position's taps."""
    drawn = random_nest_case(seed)
    case, job = drawn.case, job_of_case(drawn)
    layer = layer_of(case.layer)
    ledger = simulate_layer(
        job, case.calibration_images, trace_of_case(drawn).images, WorkStore(0)
    ).total()
    pixels = {p for each in range(layer.positions_per_step) for p in layer.window_pixels(each)}
    leading = job.passes[: job.leading]
    activations = case.images * layer.time_steps * len(pixels - {None}) * layer.in_channels
    batches = -(-case.images // case.arch["batch"])
    least_bits = {
        "activation_read": activations * union(each.activation for each in leading).bit_count(),
        "weight_read": batches
        * layer.out_channels
        * layer.reduction
        * union(each.weight for each in leading).bit_count(),
        "write": ledger["outputs"] * case.output_bits,
    }
    burst_bits = case.arch["memory"]["dram"]["burst_bytes"] * 8
    for way, bits in least_bits.items():
        assert ledger[f"dram_{way}_bursts"] * burst_bits >= bits, way
