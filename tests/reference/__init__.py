"""The reference model of pgsim: MODEL.md as a machine, stepped PE by PE and cycle by cycle.

It is slow, plain Python and imports nothing from pgsim, so that the two can disagree. Where pgsim
has a formula, this has the thing itself: waves that move through an array of PEs, each doing its
own MACs, which are ticked off one by one; tables and FIFOs of the schedulers; lists of transfers.
The modules follow MODEL.md's order:

    layers       M1-M5    layers, passes, processing elements
    mapping      M6-M11   runs, slots and lanes, windows, tiles
    folds        M10      one fold on the array
    schedulers   M11-M14  what the LSB pass issues
    array        M15-M21  the stepped array and the sequencer that feeds it
    memory       M22-M24  SRAM and DRAM transfers
    turns        M25      DRAM waits

Inputs are plain dictionaries and lists: a layer is its trace manifest entry, an architecture its
YAML with every key given, a mask is [image][channel][position] of 0 and 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .array import Product, step_run
from .layers import Layer, layer_of, macs_and_cycles, passes_of
from .mapping import (
    Job,
    LayerMask,
    Run,
    TilePlan,
    output_index,
    plan_tile,
    runs_of,
    tiles_of,
)
from .memory import Dram, sram_bytes
from .schedulers import combine, dense, fullest_lane, ideal, queue, schedule, skip
from .turns import cycles_with_dram

__all__ = [
    "COUNTS",
    "combine",
    "dense",
    "fullest_lane",
    "gated_outputs",
    "ideal",
    "macs_and_cycles",
    "output_bits_of",
    "queue",
    "schedule",
    "simulate_layer",
    "skip",
    "stepped_outputs",
]

COUNTS = (
    "macs",
    "msb_cycles",
    "lsb_cycles",
    "bubble_cycles",
    "port_stall_cycles",
    "dram_stall_cycles",
    "stall_cycles",
    "cycles",
    "lsb_slots_dense",
    "lsb_slots_issued",
    "lsb_slots_ideal",
    "lsb_slots_fullest_lane",
    "msb_macs",
    "lsb_macs",
    "msb_busy_pe_cycles",
    "lsb_busy_pe_cycles",
    "activation_sram_read_bytes",
    "weight_sram_read_bytes",
    "output_sram_read_bytes",
    "output_sram_write_bytes",
    "dram_read_bytes",
    "dram_write_bytes",
)


def simulate_layer(
    layer: Mapping[str, Any],
    arch: Mapping[str, Any],
    scheme: str,
    *,
    images: int,
    output_bits: int,
    mask: LayerMask | None = None,
    calibration_mask: LayerMask | None = None,
) -> dict[str, int]:
    """Every integer of MODEL.md for one layer: the keys are COUNTS.

    `mask` is of the simulated images ([image][channel][position], None if the scheme needs none),
    `calibration_mask` of the images that `lane_order: density` is measured on, `output_bits` the
    width at which finished outputs leave (`output_bits_of`).
    """
    shape = layer_of(layer)
    job = Job(shape, passes_of(shape, scheme), arch)
    total: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    for run in runs_of(job, images):
        plans = [plan_tile(job, tile, mask) for tile in tiles_of(job, run, calibration_mask)]
        total.update(run_counts(job, run, plans, output_bits))
    total["macs"] = (
        images * shape.positions_per_step * shape.time_steps * shape.out_channels * shape.reduction
    )
    assert total["msb_macs"] == total["macs"]
    return dict(total)


def run_counts(job: Job, run: Run, plans: Sequence[TilePlan], output_bits: int) -> Counter[str]:
    """The counts of one run, but `macs`."""
    turns, ledger = step_run(job, plans, run.images)
    counts: Counter[str] = Counter()
    for kind, cycles in sum(turns, Counter()).items():
        counts[f"{kind}_cycles"] = cycles
    for kind in ("msb", "lsb"):
        counts[f"{kind}_macs"] = ledger.macs[kind]
        counts[f"{kind}_busy_pe_cycles"] = ledger.busy_pe_cycles[kind]
    for plan in plans:
        counts.update(slot_counts(job, plan))
        counts.update(sram_bytes(job, plan, output_bits))

    dram = Dram(job, run, output_bits)
    reads, writes = zip(*(dram.transfers(plan) for plan in plans), strict=True)
    compute = [sum(cycles.values()) for cycles in turns]
    counts["cycles"] = cycles_with_dram(job, compute, reads, writes)
    counts["dram_stall_cycles"] = counts["cycles"] - sum(compute)
    counts["stall_cycles"] = counts["port_stall_cycles"] + counts["dram_stall_cycles"]
    counts["dram_read_bytes"] = sum(reads)
    counts["dram_write_bytes"] = sum(writes)
    return counts


def slot_counts(job: Job, plan: TilePlan) -> dict[str, int]:
    """M11: slots of one tile's LSB pass, as issued and as other schedulers would have them."""
    if len(plan.passes) == 1:
        return {}
    slots, lanes = len(plan.tile.slots), len(plan.tile.lanes)
    mask = plan.mask or [[1] * lanes for _ in range(slots)]
    return {
        "lsb_slots_dense": slots,
        "lsb_slots_issued": len(plan.passes[1].issue.slots),
        "lsb_slots_ideal": len(ideal(mask, job.columns).slots),
        "lsb_slots_fullest_lane": fullest_lane(mask),
    }


def output_bits_of(
    layer: Mapping[str, Any],
    arch: Mapping[str, Any],
    scheme: str,
    next_layer: Mapping[str, Any] | None = None,
) -> int:
    """M23: the width at which outputs leave: the config's, the next layer's or the layer's own."""
    if arch.get("output_bits") is not None:
        return arch["output_bits"]
    reader = layer_of(layer if next_layer is None else next_layer)
    return sum(one.activation_bits for one in passes_of(reader, scheme))


# PG's arithmetic, and the same from the stepped array: [image][channel][position] of integers.

Activations = Sequence[Sequence[Sequence[int]]]  # [image][in channel][pixel], or [..][time step]
Weights = Sequence[
    Sequence[int]
]  # [out channel][reduction index: kernel tap, then group input channel]
Outputs = list[list[list[int]]]


def operands(
    layer: Layer, activations: Activations, weights: Weights, output: tuple[int, int, int]
) -> Iterator[tuple[int, int]]:
    """The (activation, weight) pairs of one output's reduction, in order; padding is zero."""
    image, channel, position = output
    depth = layer.group_in_channels
    first_channel = channel // layer.group_channels * depth
    recurrent = layer.op == "recurrent"
    pixels = [position] if recurrent else layer.window_pixels(position)
    for tap, pixel in enumerate(pixels):
        for d in range(depth):
            activation = 0 if pixel is None else activations[image][first_channel + d][pixel]
            yield activation, weights[channel][tap * depth + d]


def gated_outputs(
    layer: Mapping[str, Any], activations: Activations, weights: Weights, mask: LayerMask
) -> Outputs:
    """PG's own sum, section 1 of the design: O_hb * 2^B_lb, plus W * I_lb where the mask is 1."""
    shape = layer_of(layer)
    lsb_bits = shape.activation_bits - shape.msb_bits

    def output(image: int, channel: int, position: int) -> int:
        pairs = list(operands(shape, activations, weights, (image, channel, position)))
        msb = sum(weight * (activation >> lsb_bits) for activation, weight in pairs)
        lsb = sum(weight * (activation % 2**lsb_bits) for activation, weight in pairs)
        return msb * 2**lsb_bits + lsb * mask[image][channel][position]

    return [
        [[output(i, c, p) for p in range(len(plane))] for c, plane in enumerate(image_mask)]
        for i, image_mask in enumerate(mask)
    ]


def stepped_outputs(
    layer: Mapping[str, Any],
    arch: Mapping[str, Any],
    activations: Activations,
    weights: Weights,
    mask: LayerMask,
    calibration_mask: LayerMask | None = None,
) -> Outputs:
    """The outputs of `pg` that the stepped array accumulates, MAC by MAC, in its own order."""
    shape = layer_of(layer)
    job = Job(shape, passes_of(shape, "pg"), arch)
    lsb_bits = job.passes[1].activation_bits
    outputs: Outputs = [[[0] * len(plane) for plane in image_mask] for image_mask in mask]
    for run in runs_of(job, len(mask)):
        plans = [plan_tile(job, tile, mask) for tile in tiles_of(job, run, calibration_mask)]
        first_position = run.step * shape.positions_per_step
        where = {
            output_index(job, i, c, p): (run.first_image + i, c, first_position + p)
            for i in range(run.images)
            for c in range(shape.out_channels)
            for p in range(shape.positions_per_step)
        }
        pairs = {
            index: list(operands(shape, activations, weights, output))
            for index, output in where.items()
        }
        _, ledger = step_run(job, plans, run.images, plane_product(pairs, lsb_bits))
        for index, (image, channel, position) in where.items():
            shifted = ledger.sums["msb"][index] * 2**lsb_bits
            outputs[image][channel][position] = shifted + ledger.sums["lsb"][index]
    return outputs


def plane_product(pairs: Mapping[int, Sequence[tuple[int, int]]], lsb_bits: int) -> Product:
    """The product a PE forms: a weight times the plane of the activation that its pass works on."""

    def product(index: int, output: int, k: int) -> int:
        activation, weight = pairs[output][k]
        return weight * (activation % 2**lsb_bits if index else activation >> lsb_bits)

    return product
