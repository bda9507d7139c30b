"""Where the promised saving goes: totals that telescope from the baseline to the gated design."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from pgsim.arch import Counts, Rate
from pgsim.results import LayerResult, Result

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
        own.shape.name: _totals(base, own)
        for base, own in zip(baseline.layer_results, gated.layer_results, strict=True)
    }
    network = [sum(column, start=Fraction(0)) for column in zip(*layers.values(), strict=True)]
    return layers | {"network": network}


def _totals(base: LayerResult, own: LayerResult) -> list[Fraction]:
    count, computed = own.ledger.total(), own.computed()
    baseline = Fraction(int(base.cycles.sum()))
    bits = sum(plan.activation_bits * plan.weight_bits * done for plan, done in computed)
    packed = [
        _packed_cycles(own, rate, done)
        for rate, (_, done) in zip(own.job.rates, computed, strict=True)
    ]
    totals = [baseline, baseline * bits / (64 * count["outputs"]), sum(packed, start=Fraction(0))]
    later = own.ledger.passes[1:]
    for slots in (
        [each.slots_ideal for each in later],
        [each.slots_fullest_lane for each in later],
        [each.slots_issued for each in later],
    ):
        totals.append(count["msb_cycles"] + _issued_cycles(own, slots))
    totals.append(Fraction(count["msb_cycles"] + count["lsb_cycles"]))
    for part in ("port_stall_cycles", "bubble_cycles", "dram_stall_cycles"):
        totals.append(totals[-1] + count[part])
    return totals


def _packed_cycles(own: LayerResult, rate: Rate, outputs: int) -> Fraction:
    """Return a pass's cycles if its MACs filled every PE in every cycle."""
    return Fraction(outputs * own.shape.reduction * rate.cycles, rate.macs * own.job.arch.pes)


def _issued_cycles(own: LayerResult, slots: Sequence[Counts]) -> Fraction:
    """Return the steady cycles of the later passes' slots, parts of a fold in proportion."""
    flow, rows = own.job.flow, own.job.arch.array.rows
    later = zip(own.job.rates[1:], slots, strict=True)
    return sum(
        (flow.issued_cycles(int(each.sum()), rows, rate) for rate, each in later),
        start=Fraction(0),
    )
