"""Words that cross the ports of the on-chip buffers (MODEL.md M22)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig
from pgsim.mapping import Counts, Tiling
from pgsim.timing.buffers import sum_visits
from pgsim.timing.cycles import PassTiming
from pgsim.timing.edges import operands_stay
from pgsim.workload import LayerShape

PARTIAL_SUM_BITS = 32


def sram_words(
    shape: LayerShape,
    arch: ArchConfig,
    tiling: Tiling,
    passes: tuple[PassTiming, ...],
    output_bits: int,
) -> dict[str, Counts]:
    """Return the whole port words of every tile by buffer, int64 that broadcast to the tiles.

    Source: MODEL.md M22.
    """
    memory = arch.memory
    slot_sram, lane_sram = "activation_sram", "weight_sram"
    if not tiling.slots_are_positions:
        slot_sram, lane_sram = lane_sram, slot_sram
    slot_words = lane_words = np.zeros((1, 1, 1, 1), np.int64)
    loads = _lane_operand_loads(arch, tiling, passes)
    for timing, count in zip(passes, loads, strict=True):
        slot_bits, lane_bits = timing.activation_bits, timing.weight_bits
        if not tiling.slots_are_positions:
            slot_bits, lane_bits = lane_bits, slot_bits
        slot_read = timing.issue.vectors * shape.reduction * slot_bits
        lane_read = count * tiling.lane_group_lanes[:, None] * shape.reduction * lane_bits
        slot_words = slot_words - (-slot_read // getattr(memory, slot_sram).port_bits)
        lane_words = lane_words - (-lane_read // getattr(memory, lane_sram).port_bits)
    visits = sum_visits(shape, arch, tiling, passes)
    sum_bits = _sum_bits(arch, tiling, passes, visits, output_bits)
    output_words = -(-sum_bits // memory.output_sram.port_bits)
    return {
        f"{slot_sram}_read_words": slot_words,
        f"{lane_sram}_read_words": lane_words,
        "output_sram_read_words": output_words,
        "output_sram_write_words": output_words,
    }


def _lane_operand_loads(
    arch: ArchConfig, tiling: Tiling, passes: tuple[PassTiming, ...]
) -> tuple[Counts, ...]:
    """Return how often each pass of a tile reads the operands of its lanes.

    Under `os` every fold streams them; elsewhere every executed pass loads them, or only the first
    pass of a lane group's first tile where they stay. Source: MODEL.md M18, M22.
    """
    if arch.array.dataflow == "os":
        return tuple(timing.folds for timing in passes)
    if not operands_stay(arch.array, passes):
        return tuple(timing.executed for timing in passes)
    first = (np.arange(tiling.window_slots.size) == 0).astype(np.int64)[None, None, None, :]
    return (first, *(np.zeros_like(first) for _ in passes[1:]))


def _sum_bits(
    arch: ArchConfig,
    tiling: Tiling,
    passes: tuple[PassTiming, ...],
    visits: tuple[Counts, ...],
    output_bits: int,
) -> Counts:
    """Return the bits that every tile writes to the output buffer, and as many it reads (M22).

    A visit writes every sum; it reads what the visit before left, and the last sums are read once
    more on their way out, in place of the first visit's read.

    visits: how often each pass's sums come to the buffer (`buffers.sum_visits`).
    """
    outputs = tiling.outputs
    mask = outputs if passes[-1].gated else np.zeros_like(outputs)
    first_sums = outputs * visits[0]
    later_sums = sum(
        timing.issue.entries * count for timing, count in zip(passes[1:], visits[1:], strict=True)
    )
    sum_bits = (first_sums + later_sums) * PARTIAL_SUM_BITS
    finished = _finished_in_the_array(arch, tiling, passes, visits)
    bits: Counts = np.where(finished, outputs * output_bits, sum_bits) + mask
    return bits


def _finished_in_the_array(
    arch: ArchConfig, tiling: Tiling, passes: tuple[PassTiming, ...], visits: tuple[Counts, ...]
) -> npt.NDArray[np.bool_]:
    """Say of each tile whether its sums are finished before they leave the array (M22)."""
    if len(passes) == 1:
        at_once: npt.NDArray[np.bool_] = visits[0] == 1
        return at_once
    in_order = not passes[1].gated or arch.lsb.scheduler in ("dense", "skip")
    one_fold = tiling.window_slots <= arch.array.rows
    return one_fold & (arch.array.dataflow == "os" and in_order)
