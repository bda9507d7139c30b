"""Words that cross the ports of the on-chip buffers (MODEL.md M22)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig
from pgsim.mapping import Counts, Tiling
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
    read_bits, write_bits = _output_bits(arch, tiling, passes, output_bits)
    port = memory.output_sram.port_bits
    by_role = (slot_words, lane_words)
    activation_words, weight_words = by_role if tiling.slots_are_positions else by_role[::-1]
    output_words = (-(-read_bits // port), -(-write_bits // port))
    return SRAMTraffic(activation_words, weight_words, *output_words)


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


def _output_bits(
    arch: ArchConfig, tiling: Tiling, passes: tuple[PassTiming, ...], output_bits: int
) -> tuple[Counts, Counts]:
    """Return the bits that every tile reads from and writes to the output buffer (M22)."""
    outputs, first = tiling.outputs, passes[0]
    gated = len(passes) > 1 and passes[1].gated
    mask = outputs if gated else np.zeros_like(outputs)
    reads = outputs * (first.reduction_folds - 1) + outputs  # the last read is the finished sum's
    writes = outputs * first.reduction_folds
    for timing in passes[1:]:
        reads = reads + timing.issue.entries * timing.reduction_folds
        writes = writes + timing.issue.entries * timing.reduction_folds
    keeps, finished = _accumulators_keep_sums(arch, tiling, passes), outputs * output_bits
    return (
        np.where(keeps, finished, reads * PARTIAL_SUM_BITS) + mask,
        np.where(keeps, finished, writes * PARTIAL_SUM_BITS) + mask,
    )


def _accumulators_keep_sums(
    arch: ArchConfig, tiling: Tiling, passes: tuple[PassTiming, ...]
) -> npt.NDArray[np.bool_]:
    """Say of each window whether its sums stay in the accumulators until finished (M22)."""
    if len(passes) == 1:
        return np.full(tiling.window_slots.size, passes[0].reduction_folds == 1)
    in_order = not passes[1].gated or arch.lsb.scheduler in ("dense", "skip")
    one_fold = tiling.window_slots <= arch.array.rows
    return one_fold & (arch.array.dataflow == "os" and in_order)
