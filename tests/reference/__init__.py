"""The reference model of pgsim: MODEL.md as a machine, stepped PE by PE and cycle by cycle.

It is slow, plain Python and imports nothing from pgsim, so that the two can disagree. Where pgsim
has a formula, this has the thing itself: waves that move through an array of PEs, each doing its
own MACs, which are ticked off one by one; tables and FIFOs of the schedulers; lists of transfers.
The modules follow MODEL.md's order:

    layers       M1-M5    layers, passes, processing elements
    mapping      M6-M10   runs, slots and lanes, windows, tiles
    plans        M11      what the passes of a tile issue
    pixels       M52, M53 the same under a mask of input pixels
    folds        M10      one fold on the array
    schedulers   M11-M14  what a gated pass issues
    array        M15-M21  the stepped array and the sequencer that feeds it
    ports        M21, M43 what the array waits for
    sram         M22      accesses to the buffers, and how they are counted (M47)
    memory       M23-M24  DRAM transfers
    turns        M25, M44 DRAM waits
    conventions  M51      what other simulators charge
    nests        M40      loop nests, walked element by element
    blocks       M40      the blocks of a nest on the array
    two_arrays   M59      one array that predicts beside one that executes
    by_values    M58      PEs whose cycles depend on the values of operands
    row_sets     M46      what row stationary makes of a layer
    row_array    M46      its stepped array
    arithmetic   M2       the outputs

Inputs are plain dictionaries and lists: a layer is its trace manifest entry, an architecture its
YAML with every key given, a mask is [image][channel][position] of 0 and 1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .arithmetic import gated_outputs, stepped_outputs
from .array import Ledger, step_run
from .blocks import NestRun
from .by_values import Operands, SteppedFold, promoted, terms_of
from .layers import (
    Layer,
    Pass,
    Plane,
    Scheme,
    at_speed,
    layer_of,
    macs_and_cycles,
    passes_of,
    stored_bits,
)
from .mapping import Job, LayerMask, Run, TilePlan, runs_of, tiles_of
from .memory import Dram
from .nests import Nest
from .pixels import FoldByFold, OneSweep
from .plans import plan_tile
from .row_array import row_counts
from .row_sets import RowJob
from .schedulers import combine, dense, fullest_lane, ideal, queue, schedule, skip
from .sram import sram_bytes
from .turns import Ask, cycles_with_dram, dram_counts
from .two_arrays import step_halves

__all__ = [
    "COUNTS",
    "NEST_COUNTS",
    "TERMS",
    "Nest",
    "Operands",
    "Pass",
    "Plane",
    "combine",
    "dense",
    "fullest_lane",
    "gated_outputs",
    "ideal",
    "macs_and_cycles",
    "output_bits_of",
    "promoted",
    "queue",
    "schedule",
    "simulate_layer",
    "simulate_nest",
    "simulate_pes",
    "skip",
    "stepped_outputs",
    "stored_bits",
    "terms_of",
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
    "both_cycles",
    "predictor_wait_cycles",
    "executor_wait_cycles",
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
    "dram_demand_read_bytes",
    "dram_write_bytes",
    "dram_read_row_misses",
    "dram_demand_read_row_misses",
    "dram_write_row_misses",
    "network_words",
    "register_file_words",
)
TERMS = ("msb_terms", "lsb_terms")  # products of essential terms (M58)
NEST_COUNTS = (
    *COUNTS,
    "dram_activation_read_bytes",
    "dram_weight_read_bytes",
    "dram_sum_read_bytes",
)


def simulate_layer(
    layer: Mapping[str, Any],
    arch: Mapping[str, Any],
    scheme: Scheme,
    *,
    images: int,
    output_bits: int,
    mask: LayerMask | None = None,
    calibration_mask: LayerMask | None = None,
    first: bool = True,
    operands: Operands | None = None,
    weights_on_chip: frozenset[int] | None = None,
) -> dict[str, int]:
    """Every integer of MODEL.md for one layer: the keys are COUNTS, and TERMS.

    `scheme` is a scheme's name, or the layer's passes.
    `mask` is of the simulated images ([image][channel][position], None if the scheme needs none),
    `calibration_mask` of the images that `lane_order: density` is measured on, `output_bits` the
    width at which finished outputs leave (`output_bits_of`), `first` whether the layer is the first
    of its network (M47), `weights_on_chip` which bits of its weights are there before it where
    weights stay on chip (M55), `operands` the integers that PEs need whose cycles depend on them
    (M58).
    """
    shape = layer_of(layer)
    by_rows = arch["array"]["dataflow"] == "row_stationary"
    job = (RowJob if by_rows else Job)(shape, sweeps_of(shape, scheme, arch), arch, first)
    job = replace(job, weights_on_chip=weights_on_chip, operands=operands)
    total: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    for run in runs_of(job, images):
        if isinstance(job, RowJob):
            total.update(row_counts(job, run, output_bits))
            continue
        plans = [plan_tile(job, tile, mask) for tile in tiles_of(job, run, calibration_mask)]
        total.update(run_counts(job, run, plans, output_bits))
    total["macs"] = (
        images * shape.positions_per_step * shape.time_steps * shape.out_channels * shape.reduction
    )
    assert total["msb_macs"] == total["macs"]
    return dict(total)


def simulate_nest(
    layer: Mapping[str, Any],
    arch: Mapping[str, Any],
    scheme: Scheme,
    nest: Nest,
    *,
    images: int,
    output_bits: int,
    mask: LayerMask | None = None,
    calibration_mask: LayerMask | None = None,
    weights_on_chip: frozenset[int] | None = None,
) -> dict[str, int]:
    """M40: the same of a layer that is mapped by a loop nest; the keys are NEST_COUNTS."""
    shape = layer_of(layer)
    sweeps = sweeps_of(shape, scheme, arch)
    job = Job(shape, sweeps, arch, first=True, weights_on_chip=weights_on_chip)
    total: Counter[str] = Counter(dict.fromkeys(NEST_COUNTS, 0))
    for run in runs_of(job, images):
        nested = NestRun(job, run, nest, output_bits, mask, calibration_mask)
        total.update(nested.counts())
        for own in nested.sums_once():
            total.update(slot_counts(job, own.plan))
            total["lsb_macs"] += later_macs(own.plan)
        for own in nested.sums_again():
            total.update(slot_counts(job, own.plan, again=True))
            total["lsb_macs"] += later_macs(own.plan)
    total["macs"] = (
        images * shape.positions_per_step * shape.time_steps * shape.out_channels * shape.reduction
    )
    assert total["msb_macs"] == total["macs"]
    return dict(total)


def simulate_pes(
    layer: Mapping[str, Any],
    arch: Mapping[str, Any],
    scheme: Scheme,
    nest: Nest | None = None,
    *,
    images: int,
    output_bits: int,
    mask: LayerMask | None = None,
    calibration_mask: LayerMask | None = None,
) -> Counter[tuple[int, int, int]]:
    """M27: the MACs of each pass in each PE, by pass, row and column; nest: None for no nest."""
    shape = layer_of(layer)
    job = Job(shape, sweeps_of(shape, scheme, arch), arch, first=True)
    total: Counter[tuple[int, int, int]] = Counter()
    for run in runs_of(job, images):
        if nest is None:
            plans = [plan_tile(job, tile, mask) for tile in tiles_of(job, run, calibration_mask)]
            _, _, ledger = step_run(job, plans, run.images, output_bits=output_bits)
            total.update(ledger.pe_macs)
        else:
            total.update(NestRun(job, run, nest, output_bits, mask, calibration_mask).pe_macs())
    return total


def sweeps_of(shape: Layer, scheme: Scheme, arch: Mapping[str, Any]) -> list[Pass]:
    """M3, M53: a layer's passes as the array takes them."""
    return at_speed(shape, passes_of(shape, scheme), arch["array"].get("speed", "steady"))


def run_counts(job: Job, run: Run, plans: Sequence[TilePlan], output_bits: int) -> Counter[str]:
    """The counts of one run, but `macs`."""
    counts: Counter[str] = Counter()
    kinds, compute, asks, ledger = stepped_run(job, run, plans, output_bits)
    for kind, cycles in kinds.items():
        counts[f"{kind}_cycles"] = cycles
    for kind in ("msb", "lsb"):
        counts[f"{kind}_macs"] = ledger.macs[kind]
        counts[f"{kind}_busy_pe_cycles"] = ledger.busy_pe_cycles[kind]
    for plan in plans:
        counts["lsb_macs"] += later_macs(plan)
        counts.update(slot_counts(job, plan))
        counts.update(sram_bytes(job, plan, output_bits))
        for one in plan.passes:
            stepped = [fold for fold in one.folds if isinstance(fold, SteppedFold)]
            if stepped:
                counts[TERMS[one.index > 0]] += sum(fold.terms for fold in stepped)

    dram = Dram(job, run, output_bits)
    streams = [dram.streams(plan) for plan in plans]
    counts["cycles"] = cycles_with_dram(job, compute, asks, streams)
    counts["dram_stall_cycles"] = counts["cycles"] - sum(compute)
    counts["stall_cycles"] = counts["port_stall_cycles"] + counts["dram_stall_cycles"]
    counts.update(dram_counts(job, streams))
    return counts


def stepped_run(
    job: Job, run: Run, plans: Sequence[TilePlan], output_bits: int
) -> tuple[Counter[str], list[int], Sequence[Ask | None], Ledger]:
    """A run on one array, or on two (M59): cycles by kind, those of each turn, when its trailing
    passes could begin, and the ledger of its MACs."""
    if job.predicts:
        kinds, compute, ledger = step_halves(job, plans, run.images, output_bits=output_bits)
        return kinds, compute, [None] * len(compute), ledger
    turns, asks, ledger = step_run(job, plans, run.images, output_bits=output_bits)
    return sum(turns, Counter()), [sum(each.values()) for each in turns], asks, ledger


def later_macs(plan: TilePlan) -> int:
    """M53: MACs of the later passes that a tile takes in one sweep with the first."""
    return sum(one.later_macs for one in plan.passes if isinstance(one, OneSweep))


def slot_counts(job: Job, plan: TilePlan, again: bool = False) -> Counter[str]:
    """M11: slots of one tile's passes after the first, as issued and as others would issue them.

    again: for a further input block, in which only folds that issue slots of their own count (M52).
    """
    slots, lanes = len(plan.tile.slots), len(plan.tile.lanes)
    counts: Counter[str] = Counter()
    for one in plan.passes[1:]:
        if again and (job.dataflow == "os" or not isinstance(one, FoldByFold)):
            continue
        counts["lsb_slots_issued"] += len(one.issue.slots)
        everything = [[1] * lanes for _ in range(slots)]
        own = plan.mask if job.passes[one.index].gated else None
        for mask in one.masks(own, everything):
            counts["lsb_slots_dense"] += slots
            counts["lsb_slots_ideal"] += len(ideal(mask, job.columns).slots)
            counts["lsb_slots_fullest_lane"] += fullest_lane(mask)
    return counts


def output_bits_of(
    layer: Mapping[str, Any],
    arch: Mapping[str, Any],
    scheme: Scheme,
    next_layer: Mapping[str, Any] | None = None,
) -> int:
    """M23: the width at which outputs leave: the config's, the next layer's or the layer's own."""
    if arch.get("output_bits") is not None:
        return arch["output_bits"]
    reader = layer_of(layer if next_layer is None else next_layer)
    return stored_bits(passes_of(reader, scheme), "activation")
