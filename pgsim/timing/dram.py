"""Bursts that cross the DRAM interface (MODEL.md M23, M24)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch import ArchConfig
from pgsim.kernels.demand import Nesting, Plane, demand_by_lanes, demand_by_slots
from pgsim.mapping import Counts, Tiling, Words
from pgsim.timing.buffers import fetched_once, run_inputs, stored_bits, usable_bits
from pgsim.timing.cycles import PassTiming
from pgsim.workload import LayerShape


@dataclass(frozen=True)
class Transfers:
    """What decides a layer's DRAM traffic; `tiles` is the shape of an array of all tiles."""

    shape: LayerShape
    arch: ArchConfig
    tiling: Tiling
    tiles: tuple[int, int, int, int]
    passes: tuple[PassTiming, ...]
    output_bits: int

    @property
    def burst_bits(self) -> int:
        """Bits of one burst."""
        return self.arch.memory.dram.burst_bytes * 8

    @property
    def on_demand(self) -> bool:
        """Whether the LSB plane is fetched as gated outputs need it (M24)."""
        return self.passes[-1].gated and self.arch.memory.lsb_fetch == "on_demand"

    @property
    def fetched_bits(self) -> int:
        """Bits of an activation that are fetched ahead of need."""
        return self.passes[0].activation_bits if self.on_demand else stored_bits(self.passes)

    @property
    def inputs(self) -> int:
        """Elements of one group's input in one run."""
        return run_inputs(self.shape, self.tiling)

    @property
    def input_is_resident(self) -> bool:
        """Whether the activation buffer holds a group's whole input."""
        memory = self.arch.memory
        bits = self.inputs * stored_bits(self.passes)
        return bits <= usable_bits(memory, memory.activation_sram)

    @property
    def weight_buffer_bits(self) -> int:
        """Usable bits of the weight buffer."""
        return usable_bits(self.arch.memory, self.arch.memory.weight_sram)

    @property
    def fetched_once(self) -> npt.NDArray[np.bool_]:
        """Of each lane group, whether the operands of its lanes are fetched once."""
        return fetched_once(self.shape, self.arch, self.tiling, self.passes)

    def bursts(self, bits: Counts) -> Counts:
        """Round each transfer up to whole bursts."""
        return -(-bits // self.burst_bits)


def dram_bursts(layer: Transfers, rows: Words | None, lanes: Counts) -> dict[str, Counts]:
    """Return the bursts of every tile by direction, int64 that broadcast to the tiles.

    rows, lanes: the mask and the lanes' order as the schedulers take them, for the LSB plane on
    demand; rows is None where no pass has a mask. Source: MODEL.md M23, M24.
    """
    if layer.tiling.slots_are_positions:
        activations, weights = _slot_activations(layer), _lane_weights(layer)
    else:
        activations, weights = _lane_activations(layer), _slot_weights(layer)
    if layer.on_demand and rows is not None:
        activations = activations + _lsb_plane(layer, rows, lanes)
    return {
        "dram_activation_read_bursts": activations,
        "dram_weight_read_bursts": weights * _steps_with_weights(layer),
        "dram_write_bursts": layer.bursts(layer.tiling.outputs * layer.output_bits),
    }


def _lane_weights(layer: Transfers) -> Counts:
    """Weights where lanes are channels: a lane group's, once or in every executed pass."""
    bits = layer.tiling.lane_group_lanes * layer.shape.reduction * layer.passes[0].weight_bits
    again = sum(timing.executed for timing in layer.passes)
    once = layer.fetched_once[:, None]
    fetches = np.where(once, _first(layer.tiling.window_slots.size), again)
    return fetches * layer.bursts(bits)[:, None]


def _lane_activations(layer: Transfers) -> Counts:
    """Activations where lanes are positions: a lane group's share, once or in every pass."""
    windows = layer.tiling.window_slots.size
    first = _shares(layer.inputs * layer.fetched_bits, layer.tiling.lane_group_lanes)
    bursts = _first(windows) * layer.bursts(first)[:, None]
    again = np.zeros((1, 1, 1, 1), np.int64)
    for timing in layer.passes:
        if timing.gated and layer.on_demand:
            continue
        share = _shares(layer.inputs * timing.activation_bits, layer.tiling.lane_group_lanes)
        again = again + timing.executed * layer.bursts(share)[:, None]
    return np.where(layer.fetched_once[:, None], bursts, again)


def _slot_activations(layer: Transfers) -> Counts:
    """Activations where slots are positions: a window's share, for one lane group or for all."""
    share = _shares(layer.inputs * layer.fetched_bits, layer.tiling.window_slots)
    return _fetching_lane_groups(layer, layer.input_is_resident) * (
        layer.bursts(share) * _fetches_of_a_row(layer)
    )


def _slot_weights(layer: Transfers) -> Counts:
    """Weights where slots are channels: a window's, for one lane group or for all."""
    usable = layer.weight_buffer_bits
    channel_bits = layer.shape.reduction * layer.passes[0].weight_bits
    resident = layer.tiling.slots * channel_bits <= usable
    bursts = _fetching_lane_groups(layer, resident) * layer.bursts(
        layer.tiling.window_slots * channel_bits
    )
    if len(layer.passes) > 1 and not resident:
        too_large = layer.tiling.window_slots * channel_bits > usable
        bursts = bursts + too_large * layer.bursts(layer.passes[1].issue.vectors * channel_bits)
    return bursts


def _lsb_plane(layer: Transfers, rows: Words, lanes: Counts) -> Counts:
    """Return the bursts of the LSB plane that gated outputs need (M24)."""
    shape, tiling = layer.shape, layer.tiling
    in_h, in_w = shape.in_size or (shape.positions or 1, 1)
    out_h, out_w = (1, 1) if shape.op == "recurrent" else shape.out_size
    plane = Plane(
        tiling.batch,
        *(in_h, in_w, out_h, out_w),
        *(*shape.kernel, *shape.stride, *shape.padding, *shape.dilation),
        shape.in_channels_per_group * layer.passes[1].activation_bits,
        layer.burst_bits,
    )
    nesting = Nesting(tiling.runs, tiling.groups)
    bounds = (lanes, *tiling.bounds)
    if tiling.slots_are_positions:
        bursts = demand_by_slots(rows, bounds, nesting, plane, layer.input_is_resident)
        return tiling.by_tile(bursts) * _fetches_of_a_row(layer)
    held = layer.fetched_once
    return tiling.by_tile(demand_by_lanes(rows, bounds, nesting, plane, held))


def _fetches_of_a_row(layer: Transfers) -> int:
    """Return how often an input row is fetched: kernel_h times if that many rows do not fit."""
    in_w = layer.shape.in_size[1] if layer.shape.in_size else 1
    row_bits = in_w * layer.shape.in_channels_per_group * stored_bits(layer.passes)
    kernel_h, memory = layer.shape.kernel[0], layer.arch.memory
    usable = usable_bits(memory, memory.activation_sram)
    return kernel_h if kernel_h * row_bits > usable else 1


def _fetching_lane_groups(layer: Transfers, resident: bool) -> Counts:
    """1 for each lane group that fetches the slot operand: the first, or all; (lane groups, 1)."""
    lane_groups = layer.tiling.lane_group_lanes.size
    return (_first(lane_groups) if resident else np.ones(lane_groups, np.int64))[:, None]


def _steps_with_weights(layer: Transfers) -> Counts:
    """1 for each run of a batch that fetches weights; int64 that broadcasts to (runs, 1, 1, 1)."""
    bits = layer.shape.out_channels * layer.shape.reduction * layer.passes[0].weight_bits
    fits = bits <= layer.weight_buffer_bits
    if layer.shape.op != "recurrent" or not fits:
        return np.ones((1, 1, 1, 1), np.int64)
    first = np.resize(_first(layer.tiling.runs), layer.tiles[0])
    return first[:, None, None, None]


def _first(size: int) -> Counts:
    """Return one 1 and then zeros, int64 (size,)."""
    first: Counts = np.zeros(size, np.int64)
    first[0] = 1
    return first


def _shares(total: int, parts: Counts) -> Counts:
    """Cut `total` bits in proportion to `parts`, so that the pieces add up to it (M23)."""
    ends = np.cumsum(parts)
    each, rest = divmod(total, int(ends[-1]))
    upto = each * ends + rest * ends // ends[-1]  # total * ends would overflow sooner
    shares: Counts = np.diff(upto, prepend=0)
    return shares
