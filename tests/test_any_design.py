"""Layers and designs far beyond any that is built are refused, or counted right.

A plain run takes some hundred; more are asked for by

    PGSIM_ANY_DESIGN_SEEDS=10000 python -m pytest tests/test_any_design.py
"""

from __future__ import annotations

import os
from math import ceil
from typing import Any

import numpy as np
import pytest
from any_design import AnyDesign, any_design
from designs import design
from reference.layers import Layer, Pass, layer_of, macs_and_cycles, passes_of

from pgsim import ArchConfig, GateTrace, InputError, simulate
from pgsim.workload import layer_shape

SEEDS = int(os.environ.get("PGSIM_ANY_DESIGN_SEEDS", "100"))
CHUNK = 50


def accepted(case: AnyDesign) -> tuple[GateTrace, ArchConfig, dict[str, Any]] | None:
    """The trace, the design and the row of what pgsim accepts; None where it refuses."""
    try:
        layer, arch = layer_shape(case.layer), design(case.changes)
        masks = {}
        if layer.gate != "none":
            size = (case.images, layer.mask_channels, layer.mask_positions)
            masks[layer.name] = np.random.default_rng(layer.macs).random(size) < 0.2
        trace = GateTrace.from_masks(masks, [layer], images=case.images)
        (row,) = simulate(trace, arch, case.scheme).rows
    except InputError as error:
        assert str(error)
        return None
    return trace, arch, row


def outputs_of(layer: Layer) -> int:
    return layer.out_channels * layer.positions_per_step * layer.time_steps


def rows_of_first(trace: GateTrace, case: AnyDesign, arch: ArchConfig) -> int:
    """The rows of the array that takes the first pass (M59)."""
    rows: int = arch.array.rows
    predictor = round(rows * case.changes.get("array.predictor_share", 0))
    decides = trace.layers[0].shape.gate == "output" and case.scheme == "pg"
    return predictor if predictor and decides else rows - predictor


def first_pass(case: AnyDesign, arch: ArchConfig, rows: int) -> tuple[int, int]:
    """Steady cycles and busy PE cycles of the first pass, which is dense: M15, M27 in products."""
    layer, pe = layer_of(case.layer), case.changes
    first: Pass = passes_of(layer, case.scheme)[0]
    keys = {key.removeprefix("array.pe."): value for key, value in pe.items()}
    macs, cycles = macs_and_cycles(keys, first.activation_bits, first.weight_bits)
    taps_apart = arch.array.dataflow == "bitfusion" and arch.array.first_layer != "im2col"
    taps = layer.taps if taps_apart else 1
    elements = layer.reduction // taps
    busy = outputs_of(layer) * case.images * taps * -(-elements // macs) * cycles
    steady = 0
    batches, rest = divmod(case.images, arch.batch)
    for times, images in ((batches, arch.batch), (1, rest)):
        if not images or not times:
            continue
        slots, lanes = images * layer.positions_per_step, layer.group_channels
        if arch.lanes.name == "positions":
            slots, lanes = lanes, slots
        of_passes = len(passes_of(layer, case.scheme))
        window = arch.window if of_passes > 1 else arch.window_capacity
        whole, last = divmod(slots, window)
        if arch.array.dataflow == "os":
            folds = whole * -(-window // rows) + -(-last // rows)
            each = folds * -(-elements // macs) * cycles
        else:
            each = taps * -(-elements // (arch.array.rows * macs)) * slots * cycles
        runs = times * layer.time_steps * layer.groups
        steady += runs * -(-lanes // arch.array.columns) * each
        # SCALE-Sim misses a cycle of each run and group; of a single PE under os it is no bubble.
        steady -= runs * (arch.array.convention == "scalesim" and not edge(arch))
    return steady, busy


def edge(arch: ArchConfig) -> int:
    """The bubbles of a fold that runs alone (M16)."""
    loading = arch.array.rows * (arch.array.dataflow != "os")
    return loading + arch.array.rows + arch.array.columns - 2


def check(case: AnyDesign) -> bool:
    """Check what is accepted against products of Python's integers; whether it was."""
    found = accepted(case)
    if found is None:
        return False
    trace, arch, row = found
    counts = {name: value for name, value in row.items() if isinstance(value, int)}
    wrong = {name: value for name, value in counts.items() if not 0 <= value < 2**63}
    assert not wrong
    layer = layer_of(case.layer)
    assert row["outputs"] == case.images * outputs_of(layer)
    assert row["macs"] == case.images * outputs_of(layer) * layer.reduction
    steady, busy = first_pass(case, arch, rows_of_first(trace, case, arch))
    assert (row["msb_cycles"], row["msb_busy_pe_cycles"]) == (steady, busy)
    parts = ("msb_cycles", "lsb_cycles", "bubble_cycles", "port_stall_cycles", "dram_stall_cycles")
    assert row["cycles"] == sum(row[name] for name in parts) - row["both_cycles"]
    # DRAM moves no more than its bytes a cycle, but for a part of one in each cycle's rounding.
    moved = row["dram_read_bytes"] + row["dram_write_bytes"]
    assert row["cycles"] * arch.memory.dram.bytes_per_cycle * (1 + 1e-12) >= moved
    for column in ("pe_utilization", "msb_pe_utilization", "lsb_pe_utilization"):
        assert not row[column] < 0 and not row[column] > 1 + 1e-12, column
    slots = arch.memory.buffers[arch.lanes.slot_operand.name]
    read = row[f"{arch.lanes.slot_operand.name}_sram_read_bytes"]
    gated = case.scheme == "pg" and trace.layers[0].shape.gate != "none"
    at_ports = arch.memory.counting == "per_read"
    # No port limits `ideal`, as no hardware is.
    if at_ports and not (gated and arch.scheduler.name == "ideal"):
        assert 8 * read <= row["cycles"] * slots.banks * slots.port_bits
    return True


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_what_is_accepted_is_counted_right(first: int) -> None:
    seeds = range(first, min(first + CHUNK, SEEDS))
    taken = sum(check(any_design(seed)) for seed in seeds)
    assert taken >= len(seeds) / 8  # or else refusals hide what is to be checked


def test_a_tenth_of_all_designs_is_drawn_beyond_int32() -> None:
    large = [seed for seed in range(100) if ceil(macs_of(any_design(seed))) > 2**31]
    assert len(large) >= 10


def macs_of(case: AnyDesign) -> int:
    layer = layer_of(case.layer)
    return case.images * outputs_of(layer) * layer.reduction
