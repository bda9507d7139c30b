"""Where the promised saving goes: totals that telescope from a baseline to the gated design.

All totals are fractions: integers of the ledger, and prices as the binary floats that they are. So
nothing is rounded on the way, and the last total is the design's own to the last digit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

from pgsim.arch import Counts, Rate
from pgsim.cost import energy_prices, exact_energies
from pgsim.results import COLUMNS, LayerResult, Result

Totals = list[Fraction]

CYCLES = {
    "baseline": "the baseline's cycles",
    "promise": "times useful bit operations, over the baseline's",
    "rounding": "the PE's real operand widths, packing perfect",
    "edges": "whole folds: rows, columns and reduction not filled",
    "lane imbalance": "every lane drains its own entries without waiting",
    "scheduler": "the slots that the scheduler really issues",
    "whole folds": "issued slots rounded up to folds of the array's rows (os)",
    "port stalls": "the array waits for SRAM ports",
    "bubbles": "the array waits for its own pipeline",
    "DRAM stalls": "the array waits for DRAM: the design's cycles",
}
_PART_STEPS = {
    "energy_pe_pj": ("PEs", "MACs, operand registers and idle PEs"),
    "energy_gating_pj": ("gating", "comparators, scheduler, selectors, issue tables"),
    "energy_sram_pj": ("SRAM", "on-chip buffers"),
    "energy_dram_pj": ("DRAM", "DRAM transfers"),
    "energy_leakage_pj": ("leakage", "leakage over all cycles"),
}
ENERGY = {
    "baseline": "the baseline's energy",
    "promise": CYCLES["promise"],
    **{name: f"{meaning}, beyond their promise" for name, meaning in _PART_STEPS.values()},
}


@dataclass(frozen=True)
class Waterfall:
    """One account of a saving.

    Attributes
    ----------
    against : str
        The baseline's name.
    quantity : str
        `cycles` or `energy_pj`.
    steps : mapping of str to str
        Each step's meaning, first to last.
    totals : mapping of str to list of Fraction
        The total of each step by layer, and for `network`; over all images.
    """

    against: str
    quantity: str
    steps: Mapping[str, str]
    totals: Mapping[str, Totals]

    @property
    def unit(self) -> str:
        """The unit of its totals."""
        return COLUMNS[self.quantity].unit

    @property
    def spent(self) -> str:
        """What is accounted for, in a word."""
        return self.quantity.removesuffix("_pj")

    @property
    def network(self) -> dict[str, Fraction]:
        """The network's total of every step."""
        return dict(zip(self.steps, self.totals["network"], strict=True))

    def changes(self, layer: str = "network") -> dict[str, Fraction]:
        """Return what every step but the first adds to the total before it."""
        pairs = pairwise(self.totals[layer])
        return {
            step: after - before
            for step, (before, after) in zip(list(self.steps)[1:], pairs, strict=True)
        }


def waterfalls(baselines: Mapping[str, Result], gated: Result) -> tuple[Waterfall, ...]:
    """Return the accounts of cycles and of energy from each baseline to the gated design.

    baselines: the same trace and images on the same array, by name. Source: MODEL.md M30.
    """
    return tuple(
        Waterfall(name, quantity, steps, _by_layer(totals, baseline, gated))
        for quantity, steps, totals in (
            ("cycles", CYCLES, _cycles),
            ("energy_pj", ENERGY, _energy),
        )
        for name, baseline in baselines.items()
    )


@dataclass(frozen=True)
class _Pair:
    """One layer on the baseline and on the gated design, each with its result."""

    baseline: Result
    base: LayerResult
    gated: Result
    own: LayerResult

    @property
    def promise(self) -> Fraction:
        """Useful bit operations, the gated design's over the baseline's."""
        return Fraction(bit_operations(self.own), bit_operations(self.base))


def _by_layer(
    totals: Callable[[_Pair], Totals], baseline: Result, gated: Result
) -> dict[str, Totals]:
    layers = {
        own.shape.name: totals(_Pair(baseline, base, gated, own))
        for base, own in zip(baseline.layer_results, gated.layer_results, strict=True)
    }
    network = [sum(column, start=Fraction(0)) for column in zip(*layers.values(), strict=True)]
    return layers | {"network": network}


def _cycles(pair: _Pair) -> Totals:
    own, later = pair.own, pair.own.ledger.passes[1:]
    count, baseline = own.ledger.total(), Fraction(int(pair.base.cycles.sum()))
    packed = [
        _packed_cycles(own, rate, done)
        for rate, (_, done) in zip(own.job.part_rates, own.computed(), strict=True)
    ]
    totals = [baseline, baseline * pair.promise, sum(packed, start=Fraction(0))]
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


def _energy(pair: _Pair) -> Totals:
    base, own = _parts(pair.baseline, pair.base), _parts(pair.gated, pair.own)
    total = sum(base.values(), start=Fraction(0))
    beyond = [own[part] - base[part] * pair.promise for part in _PART_STEPS]
    return [total, *accumulate(beyond, initial=total * pair.promise)]


def _parts(result: Result, layer: LayerResult) -> dict[str, Fraction]:
    """Return what each part of a design spends on a layer, exactly."""
    return exact_energies(energy_prices(result.costs, result.gated), layer.ledger)


def bit_operations(layer: LayerResult) -> int:
    """Return bits of activations times bits of weights, over the MACs of all passes (M4)."""
    return sum(each.activation_bits * each.weight_bits * macs for each, macs in layer.computed())


def _packed_cycles(own: LayerResult, rate: Rate, macs: int) -> Fraction:
    """Return a pass's cycles if its MACs filled every PE in every cycle."""
    return Fraction(macs * rate.cycles, rate.macs * own.job.arch.pes)


def _issued_cycles(own: LayerResult, slots: Sequence[Counts]) -> Fraction:
    """Return the steady cycles of the later passes' slots, parts of a fold in proportion."""
    flow, rows = own.job.flow, own.job.arch.array.rows
    later = zip(own.job.slot_rates[1:], slots, strict=True)
    return sum(
        (flow.issued_cycles(int(each.sum()), rows, rate) for rate, each in later),
        start=Fraction(0),
    )
