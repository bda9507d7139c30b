"""Words that cross the ports of the on-chip buffers (MODEL.md M22)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig
from pgsim.mapping import Counts, Tiling
from pgsim.timing.buffers import sum_visits
from pgsim.timing.cycles import PassTiming
from pgsim.timing.edges import operands_stay
from pgsim.workload import LayerShape

PARTIAL_SUM_BITS = 32


@dataclass(frozen=True)
class SRAMTraffic:
    """Whole port words that tiles read and write, int64 arrays that broadcast to the tiles."""

    activation_read_words: Counts
    weight_read_words: Counts
    output_read_words: Counts
    output_write_words: Counts


def sram_traffic(
    shape: LayerShape,
    arch: ArchConfig,
    tiling: Tiling,
    passes: tuple[PassTiming, ...],
    output_bits: int,
) -> SRAMTraffic:
    """Return what every tile reads and writes at the ports of the buffers. Source: MODEL.md M22."""
    memory = arch.memory
    if tiling.slots_are_positions:
        slot_port, lane_port = memory.activation_sram.port_bits, memory.weight_sram.port_bits
    else:
        slot_port, lane_port = memory.weight_sram.port_bits, memory.activation_sram.port_bits
    slot_words = lane_words = np.zeros((1, 1, 1, 1), np.int64)
    loads = lane_operand_loads(arch, tiling, passes)
    for timing, count in zip(passes, loads, strict=True):
        slot_bits, lane_bits = timing.activation_bits, timing.weight_bits
        if not tiling.slots_are_positions:
            slot_bits, lane_bits = lane_bits, slot_bits
        slot_read = timing.issue.vectors * shape.reduction * slot_bits
        lane_read = count * tiling.lane_group_lanes[:, None] * shape.reduction * lane_bits
        slot_words = slot_words - (-slot_read // slot_port)
        lane_words = lane_words - (-lane_read // lane_port)
    visits = sum_visits(shape, arch, tiling, passes)
    sum_bits = _sum_bits(arch, tiling, passes, visits, output_bits)
    output_words = -(-sum_bits // memory.output_sram.port_bits)
    by_role = (slot_words, lane_words)
    activation_words, weight_words = by_role if tiling.slots_are_positions else by_role[::-1]
    return SRAMTraffic(activation_words, weight_words, output_words, output_words)


def lane_operand_loads(
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
    """Return the bits that every tile reads from the output buffer, and as many it writes (M22).

    visits: how often each pass's sums come to the buffer (`buffers.sum_visits`).
    """
    outputs = tiling.outputs
    mask = outputs if passes[-1].gated else np.zeros_like(outputs)
    first_sums = outputs * visits[0]
    later_sums = sum(
        timing.issue.entries * count for timing, count in zip(passes[1:], visits[1:], strict=True)
    )
    # The first visit reads nothing, but finished sums are read once more on their way out.
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
