"""How the costs of nests compare (MODEL.md M41)."""

from __future__ import annotations

from pgsim.kernels.compiled import kernel

_ROUNDING = 1e-12  # a count that the largest layers have once is no less of their energy


@kernel(inner=True)
def _differ(one, other):
    """Say whether two numbers are more apart than sums of floats in another order."""
    return abs(one - other) > _ROUNDING * abs(other)


@kernel
def better(one, other):
    """Say whether a cost is less than another, and whether it is the same (MODEL.md M41)."""
    if _differ(one.value, other.value):
        return one.value < other.value, False
    if one.bursts != other.bursts:
        return one.bursts < other.bursts, False
    if one.cycles != other.cycles:
        return one.cycles < other.cycles, False
    if _differ(one.energy_pj, other.energy_pj):
        return one.energy_pj < other.energy_pj, False
    return one.volume > other.volume, one.volume == other.volume


@kernel(inner=True)
def value_of(prices, cycles, bursts, energy_pj):
    """Return what is to be least; prices: what has the powers of `Prices`."""
    value = 1.0
    if prices.cycle_power:
        value *= cycles
    if prices.burst_power:
        value *= bursts
    if prices.energy_power:
        value *= energy_pj
    return value


@kernel(inner=True)
def moves(machine, bursts):
    """Return the cycles that bursts take at least, rounded up."""
    return -(-bursts * machine.burst_numerator // machine.burst_denominator)


@kernel(inner=True)
def parts_of(machine, burst_bits, bursts):
    """Return the parts of a cycle that a stream of so many bursts takes (MODEL.md M44)."""
    parts = bursts * machine.burst_parts
    if machine.page_parts:
        parts += -(-bursts * burst_bits // machine.page_bits) * machine.page_parts
    return parts


@kernel(inner=True)
def cycles_of(machine, parts):
    """Return the cycles of a transfer of some streams, rounded up."""
    return -(-parts // machine.cycle_parts)
