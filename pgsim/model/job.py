"""A job: one layer under one scheme on one design, and what all rules ask about it."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from pgsim.arch import ArchConfig, Array, Counts, Dataflow, Rate
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Cut, Nest, Tiling, cuts, tiles_of
from pgsim.model.kindred import anew, of_any_channels, of_every_batch, with_fields
from pgsim.schemes import ACTIVATIONS, WEIGHTS, Operand, Passes, leading, union
from pgsim.workload import LayerShape, LayerTrace


@dataclass(frozen=True)
class Job:
    """A layer, its passes, the design, and the images of a batch; all else follows.

    output_bits: the width at which finished outputs leave (M23). first: whether the layer is the
    first of its network (M47). nest: the loop nest by which the layer is mapped (M40), None for the
    fixed order. window: slots of a window in the fixed order, None for as many as there is room for
    (M8, M41). tiles: those of the nest's blocks. inputs_stay, output_stays: whether they are in
    the activation buffer before and after the layer (M42), and retained_bits: what all tensors take
    there that stay meanwhile. weights_on_chip: which bits of every weight are on chip before the
    layer, as a word, where weights stay there (M55); None where they come from DRAM.
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
    weights_on_chip: int | None = None
    output_stays: bool = False
    retained_bits: int = 0
    tiles: BlockTiles | None = field(default=None, compare=False)

    @of_every_batch
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
            return self.in_tiles(tiles)
        if channels not in self._of_channels:
            layer = anew(self.layer, shape=_of_channels(self.shape, channels))
            self._of_channels[channels] = with_fields(self, {"layer": layer}, of_any_channels)
        return self._of_channels[channels].in_tiles(tiles)

    def of_each(self, channels: Counts, tiles: BlockTiles | None = None) -> Job:
        """Return layers of so many input channels each, in some tiles, as if they were one layer.

        What depends on input channels is an array of it, (layers, 1, 1, 1): layer by layer where
        tiles have runs. What broadcasts to tiles is found of all layers at once.
        """
        layer = anew(self.layer, shape=_of_channels(self.shape, channels[:, None, None, None]))
        return with_fields(self, {"layer": layer, "tiles": tiles}, of_any_channels)

    @lazy
    def _of_channels(self) -> dict[int, Job]:
        """The jobs of some of its input channels that anybody asked for."""
        return {}

    def in_tiles(self, tiles: BlockTiles | None) -> Job:
        """Return the layer in some tiles, with all that it knows of any."""
        return with_fields(self, {"tiles": tiles})

    def by(self, nest: Nest | None = None, window: int | None = None) -> Job:
        """Return the layer mapped by a nest, or in such windows, with all that it knows of any."""
        return with_fields(self, {"nest": nest, "window": window})

    def on(self, arch: ArchConfig) -> Job:
        """Return the layer on a design, mapped as it is."""
        return anew(self, arch=arch)

    def of_batch(self, batch: int) -> Job:
        """Return the job for batches of so many images."""
        if batch == self.batch:
            return self
        nest = None if self.nest is None else self.nest.of_batch(batch)
        return with_fields(self, {"batch": batch, "nest": nest})

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
    def batches_together(self) -> int:
        """Batches of the layer that a batch of the design is: of products, one an image (M60)."""
        return self.arch.batch // self.shape.kind.images_together(self.arch.batch)

    @property
    def written_bits(self) -> int:
        """Bits of an output that go to DRAM; none if the tensor stays on chip (M42)."""
        return 0 if self.output_stays else self.output_bits

    @property
    def alike(self) -> Hashable:
        """All that decides its ledger: layers that agree are simulated once."""
        like = self.layer if self.varies else self.shape.geometry
        # Of a buffer in which all inputs stay, what else is there decides nothing (M42).
        retained = 0 if self.inputs_stay else self.retained_bits
        stays = (self.inputs_stay, self.output_stays, retained, self.weights_on_chip)
        zeros = self.shape.zeros if self.arch.pe.zero_gating else None
        mapped = (self.nest, self.window)
        return (like, zeros, self.passes, self.output_bits, self.flow, mapped, stays)

    @of_any_channels
    def slot_operand(self) -> Operand:
        """The operand that feeds the array's slots."""
        return self.arch.lanes.slot_operand

    @of_any_channels
    def lane_operand(self) -> Operand:
        """The operand that feeds the array's lanes."""
        return self.arch.lanes.lane_operand

    @of_any_channels
    def leading(self) -> int:
        """Passes before the first that waits for a gate; all of them where none does (M19)."""
        return leading(self.passes)

    @of_any_channels
    def gated(self) -> bool:
        """Whether a mask steers any pass."""
        return any(each.gated for each in self.passes)

    @of_any_channels
    def decides(self) -> bool:
        """Whether a gate decides about the layer's own sums, and passes wait for it (M19)."""
        return self.leading < len(self.passes)

    @of_any_channels
    def predicts(self) -> bool:
        """Whether the passes before a gate decides have an array of their own (M59)."""
        return self.decides and self.arch.array.predictor_share > 0

    def array_of(self, index: int) -> Array:
        """Return the array that takes a pass (M59)."""
        array = self.arch.array
        return array.predictor if self.predicts and index < self.leading else array.executor

    def slot_port_bits(self, index: int) -> int:
        """Return the bits that the ports of the slots' operand bring to a pass's array in a cycle.

        Two arrays share them as they share the rows, in whole bits (M21, M59).
        """
        array, bits = self.arch.array, self.arch.memory.buffers[self.slot_operand.name].cycle_bits
        if not self.predicts:
            return bits
        predictor_bits = max(1, bits * array.predictor_rows // array.rows)
        return predictor_bits if index < self.leading else bits - predictor_bits

    @property
    def scheduled(self) -> bool:
        """Whether a scheduler chooses what any pass issues."""
        return any(each.scheduled for each in self.passes)

    @property
    def gated_inputs(self) -> bool:
        """Whether the mask is of input pixels, and known beforehand (M52)."""
        return self.gated and not self.decides

    @of_any_channels
    def varies(self) -> bool:
        """Whether images differ: in their masks, or in values that the PEs go by (M58)."""
        return self.gated or self.arch.pe.by_values

    @of_any_channels
    def flow(self) -> Dataflow:
        """What moves through the array in this layer, and what stays."""
        return self.arch.first_dataflow if self.first else self.arch.dataflow

    @of_every_batch
    def rates(self) -> tuple[Rate, ...]:
        """How the array takes each pass (M5, M10, M15)."""
        return tuple(self._rate(each.every_part) for each in self.passes)

    @lazy
    def part_rates(self) -> tuple[Rate, ...]:
        """The same of each pass of the scheme, those apart that are taken step by step (M53)."""
        return tuple(self._rate((each,)) for plan in self.passes for each in plan.every_part)

    def always_cycles(self, index: int) -> int:
        """Return the cycles of a step that has no important pixel, of a pass of parts (M53)."""
        return self._rate(self.passes[index].always).cycles

    def _rate(self, parts: Passes) -> Rate:
        """Return how the array takes passes one after the other in each step."""
        pe = self.arch.pe
        rates = [pe.macs_and_cycles(each.activation_bits, each.weight_bits) for each in parts]
        cycles = sum(cycles for _, cycles in rates)
        return self.flow.rate(self.shape, self.arch.array.rows, rates[0][0], cycles)

    @lazy
    def slot_rates(self) -> tuple[Rate, ...]:
        """The same of a slot as it is counted: in each fold, under a mask of input pixels (M52)."""
        by_fold = self.gated_inputs and self.flow.holds_lane_operand
        return tuple(
            replace(rate, reduction_folds=1) if by_fold and plan.gated else rate
            for rate, plan in zip(self.rates, self.passes, strict=True)
        )

    @of_every_batch
    def operands_stay(self) -> bool:
        """Whether the array keeps its operands over all tiles of a lane group (M18)."""
        if not self.flow.holds_lane_operand:
            return False
        alike = {
            (rate.macs, self.lane_operand.plane(each))
            for rate, each in zip(self.rates, self.passes, strict=True)
        }
        return len(alike) == 1 and self.rates[0].reduction_folds == 1

    @of_any_channels
    def activation_bits(self) -> int:
        """Bits of an activation that the passes use, and buffers hold (M23)."""
        return ACTIVATIONS.stored_bits(self.passes)

    @of_any_channels
    def weight_bits(self) -> int:
        """Bits of a weight that the passes use, and buffers hold (M23)."""
        return WEIGHTS.stored_bits(self.passes)

    @property
    def weights_stay(self) -> bool:
        """Whether weights stay on chip once they were fetched (M55)."""
        return self.weights_on_chip is not None

    @of_any_channels
    def fetched_weight_bits(self) -> int:
        """Bits of a weight that are not on chip yet, and that DRAM brings."""
        used = union(each.weight for each in self.passes)
        return (used & ~(self.weights_on_chip or 0)).bit_count()

    @of_any_channels
    def ahead(self) -> int:
        """Bits of an activation that are fetched ahead of need (M24), as a word."""
        return self.arch.memory.planes.ahead(
            part for each in self.passes for part in each.every_part
        )

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
        return self.decides and self.arch.memory.all_ports and self.demand_bits > 0

    @lazy
    def run_inputs(self) -> int:
        """Elements of one group's input in one run (M23)."""
        return self.shape.group_inputs * self.batch


def _of_channels(shape: LayerShape, channels: int | Counts) -> LayerShape:
    """Return a layer with so many input channels in a group, or several at once.

    There are fewer than it has, so that all else fits them and nothing has to be checked again.
    """
    fields = {name: getattr(shape, name) for name in LayerShape.model_fields}
    return LayerShape.model_construct(**fields | {"in_channels": channels * shape.groups})
