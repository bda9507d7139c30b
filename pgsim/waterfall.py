"""Where the promised saving goes: totals that telescope from the baseline to the gated design."""

from __future__ import annotations

from fractions import Fraction

from pgsim.arch import ArchConfig, macs_and_cycles
from pgsim.mapping import pe_steps, reduction_folds
from pgsim.schemes import Pass
from pgsim.tables import LayerResult, Result
from pgsim.workload import LayerShape

STEPS = {
    "baseline": "uniform 8-bit activations and weights on the same array",
    "promise": "times average bits x weight bits / 64",
    "rounding": "the PE's real operand widths, packing perfect",
    "edges": "whole folds: rows, columns and reduction not filled",
    "lane imbalance": "every lane drains its own entries without waiting",
    "scheduler": "the slots that the scheduler really issues",
    "whole folds": "issued slots rounded up to folds of the array's rows (os)",
    "port stalls": "the array waits for SRAM ports",
    "bubbles": "the array waits for its own pipeline",
    "DRAM stalls": "the array waits for DRAM: the design's cycles",
}


def waterfall(baseline: Result, gated: Result) -> dict[str, list[Fraction]]:
    """Return the exact totals of STEPS, in cycles, by layer and for `network`.

    baseline, gated: the same trace and images on the same array. Each total is computed, none is
    fitted; the first is the baseline's cycles and the last the gated design's.
    Source: MODEL.md M30.
    """
    layers = {
        own.shape.name: _totals(base, own, gated.arch)
        for base, own in zip(baseline.layer_results, gated.layer_results, strict=True)
    }
    network = [sum(column, start=Fraction(0)) for column in zip(*layers.values(), strict=True)]
    return layers | {"network": network}


def _totals(base: LayerResult, own: LayerResult, arch: ArchConfig) -> list[Fraction]:
    count = {name: int(values.sum()) for name, values in own.counts.items()}
    shape, used = own.shape, own.computed(count)
    baseline = Fraction(int(base.cycles.sum()))
    bits = sum(each.activation_bits * each.weight_bits * computed for each, computed in used)
    totals = [baseline, baseline * bits / (64 * count["outputs"])]
    totals.append(
        sum(
            (_packed_cycles(shape, arch, each, computed) for each, computed in used),
            start=Fraction(0),
        )
    )
    for slots in ("lsb_slots_ideal", "lsb_slots_fullest_lane", "lsb_slots_issued"):
        issued = _issued_cycles(shape, arch, own.passes[-1], count[slots])
        totals.append(count["msb_cycles"] + issued)
    totals.append(Fraction(count["msb_cycles"] + count["lsb_cycles"]))
    for part in ("port_stall_cycles", "bubble_cycles", "dram_stall_cycles"):
        totals.append(totals[-1] + count[part])
    return totals


def _packed_cycles(shape: LayerShape, arch: ArchConfig, pass_: Pass, outputs: int) -> Fraction:
    """Return a pass's cycles if its MACs filled every PE in every cycle."""
    array = arch.array
    macs, cycles = macs_and_cycles(array.pe, pass_.activation_bits, pass_.weight_bits)
    return Fraction(outputs * shape.reduction * cycles, macs * array.rows * array.columns)


def _issued_cycles(shape: LayerShape, arch: ArchConfig, pass_: Pass, slots: int) -> Fraction:
    """Return the steady cycles of issued slots, `os` folds taken in proportion to their slots."""
    array = arch.array
    macs, cycles = macs_and_cycles(array.pe, pass_.activation_bits, pass_.weight_bits)
    if array.dataflow == "os":
        return Fraction(slots * pe_steps(shape, array, macs) * cycles, array.rows)
    return Fraction(slots * reduction_folds(shape, array, macs) * cycles)
