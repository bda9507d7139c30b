"""Windows: how many slots the output buffer holds sums for, and what a file may ask for (M8)."""

from __future__ import annotations

from pgsim.arch.sections import Array, Memory

PARTIAL_SUM_BITS = 32


def window_capacity(array: Array, memory: Memory) -> int:
    """Return the most slots of a window: what the output buffer holds at 32-bit sums (M8)."""
    bits = memory.usable_bits(memory.output_sram)
    slots = bits // (PARTIAL_SUM_BITS * array.columns)
    unit = array.flow.window_unit(array.rows)
    return max(slots // unit, 1) * unit


def window_refusal(window: int, array: Array, memory: Memory) -> str | None:
    """Return why a window's number of slots is refused, and the nearest one that is not (M8)."""
    capacity = window_capacity(array, memory)
    step = array.flow.window_unit(array.rows)
    if window <= capacity and window % step == 0:
        return None
    closest = min(max((window + step // 2) // step, 1) * step, capacity)
    rule = f"a multiple of array.rows ({step}), " if step > 1 else ""
    half = "half of " if memory.double_buffered else ""
    return (
        f"value {window}: expected auto or {rule}at most {capacity} slots, which is what {half}"
        f"the output buffer holds. The nearest is {closest}."
    )


def density_refusal(array: Array) -> str:
    """Return why an array's lanes cannot be ordered by density (M7)."""
    chosen = array.dataflow
    if len(array.flow.lanes) > 1:
        chosen += f" with lanes: {array.lane_kind.name}"
    return (
        f"value 'density': expected raster: density orders channels, and lanes are "
        f"{array.lane_kind.name} under {chosen}."
    )
