"""What the on-chip buffers can hold, and so what is fetched once and what again (MODEL.md M23)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.arch import SRAM, ArchConfig, Memory
from pgsim.mapping import Counts, Tiling
from pgsim.timing.cycles import PassTiming
from pgsim.timing.edges import operands_stay
from pgsim.workload import LayerShape


def usable_bits(memory: Memory, sram: SRAM) -> int:
    """Return the bits of a buffer that one tile may use (U of MODEL.md), at least 1."""
    return max(1, int(sram.kib * 8192 / (2 if memory.double_buffered else 1)))


def stored_bits(passes: tuple[PassTiming, ...]) -> int:
    """Return the bits of an activation on chip: all planes that the passes read."""
    return sum(timing.activation_bits for timing in passes)


def run_inputs(shape: LayerShape, tiling: Tiling) -> int:
    """Return the elements of one group's input in one run."""
    return shape.group_inputs * tiling.batch


def fetched_once(
    shape: LayerShape, arch: ArchConfig, tiling: Tiling, passes: tuple[PassTiming, ...]
) -> npt.NDArray[np.bool_]:
    """Say of each lane group whether the operands of its lanes are fetched once (M23)."""
    memory, elements = arch.memory, tiling.lane_group_lanes * shape.reduction
    if tiling.slots_are_positions:
        fits = elements * passes[0].weight_bits <= usable_bits(memory, memory.weight_sram)
    else:
        footprint = np.minimum(elements, run_inputs(shape, tiling)) * stored_bits(passes)
        fits = footprint <= usable_bits(memory, memory.activation_sram)
    return fits | operands_stay(arch.array, passes)


def sum_visits(
    shape: LayerShape, arch: ArchConfig, tiling: Tiling, passes: tuple[PassTiming, ...]
) -> tuple[Counts, ...]:
    """Return how often each pass's sums come to the output buffer, (lane groups, windows) each.

    Once per reduction fold. Under `os` a window of several folds whose lane operands the buffer
    cannot hold takes the reduction in pieces that it can, one after the other over all folds, and
    the sums wait in between (M22).
    """
    memory = arch.memory
    if arch.array.dataflow != "os":
        return tuple(np.full((1, 1), timing.reduction_folds, np.int64) for timing in passes)
    in_pieces = ~fetched_once(shape, arch, tiling, passes)[:, None] & (
        tiling.window_slots > arch.array.rows
    )
    sram = memory.weight_sram if tiling.slots_are_positions else memory.activation_sram
    room = usable_bits(memory, sram)
    visits = []
    for timing in passes:
        bits = timing.weight_bits if tiling.slots_are_positions else timing.activation_bits
        pieces = -(-tiling.lane_group_lanes * shape.reduction * bits // room)
        visits.append(np.where(in_pieces, pieces[:, None], 1))
    return tuple(visits)
