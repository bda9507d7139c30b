"""Windows: how many slots the output buffer holds sums for, and what a file may ask for (M8)."""

from __future__ import annotations

from pgsim.arch.memory import Memory
from pgsim.arch.sections import Array

PARTIAL_SUM_BITS = 32


def window_capacity(array: Array, memory: Memory) -> int:
    """Return the most slots of a window: what the output buffer holds at 32-bit sums (M8).

    0 where it holds none, which `buffer_refusal` refuses.
    """
    bits = memory.usable_bits(memory.output_sram)
    slots = bits // (PARTIAL_SUM_BITS * array.columns)
    unit = array.flow.window_unit(array.rows)
    return slots // unit * unit


def buffer_refusal(array: Array, memory: Memory) -> str | None:
    """Return why an output buffer is refused: the shortest window's sums do not fit (M8)."""
    if window_capacity(array, memory) > 0:
        return None
    slots = array.flow.window_unit(array.rows)
    bits = PARTIAL_SUM_BITS * array.columns * slots
    return (
        f"value {memory.output_sram.kib:.12g}: expected at least "
        f"{bits * memory.halves / 8192:.12g}: {'half of it' if memory.double_buffered else 'it'} "
        f"holds a window of {slots} slots, {array.columns} sums of {PARTIAL_SUM_BITS} bits each."
    )


def window_refusal(window: int, array: Array, memory: Memory) -> str | None:
    """Return why a window's number of slots is refused, and the nearest one that is not (M8)."""
    capacity = window_capacity(array, memory)
    if not capacity:
        return None  # the buffer is refused
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


def density_refusal(lane_order: str, array: Array) -> str:
    """Return why an array's lanes cannot be ordered so, by the density of channels (M7)."""
    chosen = array.dataflow
    if len(array.flow.lanes) > 1:
        chosen += f" with lanes: {array.lane_kind.name}"
    return (
        f"value {lane_order!r}: expected raster: density orders channels, and lanes are "
        f"{array.lane_kind.name} under {chosen}."
    )
