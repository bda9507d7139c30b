"""A job: one layer under one scheme on one design, and what all rules ask about it."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pgsim.arch import ArchConfig, Dataflow, Rate
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Cut, Nest, Tiling, cuts, tiles_of
from pgsim.schemes import ACTIVATIONS, WEIGHTS, Operand, Pass, Passes, leading, union
from pgsim.workload import LayerShape, LayerTrace


@dataclass(frozen=True)
class Job:
    """A layer, its passes, the design, and the images of a batch; all else follows.

    output_bits: the width at which finished outputs leave (M23). first: whether the layer is the
    first of its network (M47). nest: the loop nest by which the layer is mapped (M40), None for the
    fixed order. window: slots of a window in the fixed order, None for as many as there is room for
    (M8, M41). tiles: those of the nest's blocks. inputs_stay, output_stays: whether they are in
    the activation buffer before and after the layer (M42), and retained_bits: what all tensors take
    there that stay meanwhile.
    """

    layer: LayerTrace
    passes: Passes
    arch: ArchConfig
    output_bits: int
    batch: int
    first: bool = False
    nest: Nest | None = None
    window: int | None = None
    inputs_stay: bool = False
    output_stays: bool = False
    retained_bits: int = 0
    tiles: BlockTiles | None = field(default=None, compare=False)

    @lazy
    def shape(self) -> LayerShape:
        """The layer's geometry and widths."""
        return self.layer.shape

    @lazy
    def cuts(self) -> tuple[Cut, Cut]:
        """How the lanes and the slots of one run and group are cut; holds nothing by tile."""
        return cuts(self.shape, self.arch, self.batch, len(self.passes), self.window)

    @lazy
    def batch_tiles(self) -> int:
        """Tiles of a batch; of a nest's blocks, those of the largest for each."""
        runs_and_groups = self.shape.runs_per_batch * self.shape.groups
        if self.nest is not None:
            _, lanes = self.arch.lanes.slots_and_lanes(
                self.nest.block_positions, self.nest.block_channels
            )
            own = math.prod(self.nest.trips) * -(-lanes // self.arch.array.columns)
            return runs_and_groups * own
        lane_groups, windows = self.cuts
        return runs_and_groups * lane_groups.pieces * windows.pieces

    def of_channels(self, channels: int, tiles: BlockTiles | None = None) -> Job:
        """Return the job of a layer with so many input channels in a group, in some tiles."""
        if channels == self.shape.in_channels_per_group:
            return replace(self, tiles=tiles)
        layer = replace(self.layer, shape=_of_channels(self.shape, channels))
        return replace(self, layer=layer, tiles=tiles)

    def of_batch(self, batch: int) -> Job:
        """Return the job for batches of so many images."""
        if batch == self.batch:
            return self
        nest = None if self.nest is None else self.nest.of_batch(batch)
        job = replace(self, batch=batch, nest=nest)
        vars(job).update({name: getattr(self, name) for name in _OF_EVERY_BATCH})
        return job

    @property
    def largest_window(self) -> int:
        """Slots of the longest window, or of the largest block of a nest."""
        if self.nest is None:
            return self.cuts[1].largest
        slots, _ = self.arch.lanes.slots_and_lanes(
            self.nest.block_positions, self.nest.block_channels
        )
        return slots

    @lazy
    def tiling(self) -> Tiling | BlockTiles:
        """How a batch is cut into tiles."""
        if self.tiles is not None:
            return self.tiles
        return tiles_of(self.shape, self.arch, self.batch, *self.cuts)

    @property
    def written_bits(self) -> int:
        """Bits of an output that go to DRAM; none if the tensor stays on chip (M42)."""
        return 0 if self.output_stays else self.output_bits

    @property
    def alike(self) -> Hashable:
        """All that decides its ledger: layers that agree are simulated once."""
        like = self.layer if self.varies else self.shape.geometry
        stays = (self.inputs_stay, self.output_stays, self.retained_bits)
        zeros = self.shape.zeros if self.arch.pe.zero_gating else None
        mapped = (self.nest, self.window)
        return (like, zeros, self.passes, self.output_bits, self.flow, mapped, stays)

    @lazy
    def slot_operand(self) -> Operand:
        """The operand that feeds the array's slots."""
        return self.arch.lanes.slot_operand

    @lazy
    def lane_operand(self) -> Operand:
        """The operand that feeds the array's lanes."""
        return self.arch.lanes.lane_operand

    @lazy
    def leading(self) -> int:
        """Passes before the first gated one; all of them where none is gated (M19)."""
        return leading(self.passes)

    @lazy
    def gated(self) -> bool:
        """Whether a mask steers any pass."""
        return self.leading < len(self.passes)

    @property
    def varies(self) -> bool:
        """Whether images differ: in their masks, or in values that the PEs go by (M58)."""
        return self.gated or self.arch.pe.by_values

    @lazy
    def flow(self) -> Dataflow:
        """What moves through the array in this layer, and what stays."""
        return self.arch.first_dataflow if self.first else self.arch.dataflow

    @lazy
    def rates(self) -> tuple[Rate, ...]:
        """How the array takes each pass (M5, M10, M15)."""
        return tuple(self._rate(each) for each in self.passes)

    def _rate(self, pass_: Pass) -> Rate:
        macs, cycles = self.arch.pe.macs_and_cycles(pass_.activation_bits, pass_.weight_bits)
        return self.flow.rate(self.shape, self.arch.array.rows, macs, cycles)

    @lazy
    def operands_stay(self) -> bool:
        """Whether the array keeps its operands over all tiles of a lane group (M18)."""
        if not self.flow.holds_lane_operand:
            return False
        alike = {
            (rate.macs, self.lane_operand.plane(each))
            for rate, each in zip(self.rates, self.passes, strict=True)
        }
        return len(alike) == 1 and self.rates[0].reduction_folds == 1

    @lazy
    def activation_bits(self) -> int:
        """Bits of an activation that the passes use, and buffers hold (M23)."""
        return ACTIVATIONS.stored_bits(self.passes)

    @lazy
    def weight_bits(self) -> int:
        """Bits of a weight that the passes use, and buffers hold (M23)."""
        return WEIGHTS.stored_bits(self.passes)

    @lazy
    def ahead(self) -> int:
        """Bits of an activation that are fetched ahead of need (M24), as a word."""
        on_demand = self.arch.memory.on_demand
        return union(each.activation for each in self.passes if not (on_demand and each.gated))

    @property
    def ahead_bits(self) -> int:
        """How many bits of an activation are fetched ahead of need."""
        return self.ahead.bit_count()

    @property
    def demand_bits(self) -> int:
        """Bits of an activation that are fetched as gated outputs need them (M24)."""
        return self.activation_bits - self.ahead_bits

    @property
    def demands_late(self) -> bool:
        """Whether bits on demand are asked for only when a tile's mask is known (M24)."""
        return self.arch.memory.all_ports and self.demand_bits > 0

    @lazy
    def run_inputs(self) -> int:
        """Elements of one group's input in one run (M23)."""
        return self.shape.group_inputs * self.batch


# What is alike in every batch of a layer.
_OF_EVERY_BATCH = (
    "shape",
    "leading",
    "gated",
    "flow",
    "slot_operand",
    "lane_operand",
    "rates",
    "operands_stay",
    "activation_bits",
    "weight_bits",
    "ahead",
)


@lru_cache(maxsize=256)  # a search asks for the same few again and again
def _of_channels(shape: LayerShape, channels: int) -> LayerShape:
    """Return a layer with so many input channels in a group."""
    return shape.replace(in_channels=channels * shape.groups)
