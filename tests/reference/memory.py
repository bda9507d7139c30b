"""M23, M24: the DRAM transfers of every tile, listed and rounded one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from .layers import bits_of, stored_bits
from .mapping import Job, Run, Tile, TilePlan
from .schedulers import active_entries

AS_LARGE_AS_NEEDED = 2**61  # bits of a weight buffer whose weights stay (M55)


class Streams(NamedTuple):
    """Bytes of each stream of one tile: what is read ahead, and on demand; outputs written."""

    activations: int
    weights: int
    demand: int
    outputs: int


@dataclass
class Dram:
    """M23, M24: walks the tiles of one run and lists the bytes that each reads and writes."""

    job: Job
    run: Run
    output_bits: int
    group: int = -1
    held_by_group: set[int] = field(default_factory=set)
    held_by_lane_group: set[int] = field(default_factory=set)
    held_input_bits: set[int] = field(default_factory=set)  # of the lane group's activations

    # What the run is made of.

    @property
    def activation_bits(self) -> int:
        """Bits of an activation that the passes use."""
        return stored_bits(self.job.passes, "activation")

    @property
    def weight_bits(self) -> int:
        """Bits of a weight that the passes use."""
        return stored_bits(self.job.passes, "weight")

    @property
    def missing_weight_bits(self) -> int:
        """M55: bits of a weight that the passes use and that are not on chip yet."""
        on_chip = self.job.weights_on_chip or frozenset()
        return len(bits_of(self.job.passes, "weight") - on_chip)

    @cached_property
    def bits_on_demand(self) -> set[int]:
        """M24: the bits of an activation that wait for the gate: no dense pass uses them."""
        if self.job.arch["memory"]["lsb_fetch"] != "on_demand":
            return set()
        every = [part for one in self.job.passes for part in one.parts or (one,)]
        dense = [one for one in every if not one.gated]
        return bits_of(self.job.passes, "activation") - bits_of(dense, "activation")

    @property
    def group_input(self) -> int:
        """Elements of one group's input in the run."""
        return self.run.images * self.job.layer.group_in_channels * self.job.layer.pixels

    def usable_bits(self, buffer: str) -> int:
        if buffer == "weight_sram" and self.job.weights_on_chip is not None:
            return AS_LARGE_AS_NEEDED
        bits = self.job.arch["memory"][buffer]["kib"] * 8192
        return bits // 2 if self.job.arch["memory"]["double_buffered"] else bits

    @property
    def burst_bits(self) -> int:
        return self.job.arch["memory"]["dram"]["burst_bytes"] * 8

    def bytes_of(self, bits: int) -> int:
        """One transfer, in whole bursts."""
        return -(-bits // self.burst_bits) * self.burst_bits // 8

    def share(self, bits: int, first: int, count: int, whole: int) -> int:
        """Bits that items first .. first + count - 1 of `whole` fetch of a tensor."""
        return bits * (first + count) // whole - bits * first // whole

    # What stays in the buffers.

    @property
    def weights_kept_over_steps(self) -> bool:
        """Whether an earlier time step of the batch has fetched the layer's weights for good."""
        layer = self.job.layer
        bits = layer.out_channels * layer.reduction * self.weight_bits
        return self.run.step > 0 and bits <= self.usable_bits("weight_sram")

    @property
    def slots_resident(self) -> bool:
        layer = self.job.layer
        if self.job.slots_are_positions:
            return self.group_input * self.activation_bits <= self.usable_bits("activation_sram")
        bits = layer.group_channels * layer.reduction * self.weight_bits
        return bits <= self.usable_bits("weight_sram")

    def lanes_fetched_once(self, tile: Tile) -> bool:
        elements = self.job.layer.reduction * len(tile.lanes)
        if self.job.slots_are_positions:
            fits = elements * self.weight_bits <= self.usable_bits("weight_sram")
        else:
            footprint = min(elements, self.group_input) * self.activation_bits
            fits = footprint <= self.usable_bits("activation_sram")
        return fits or self.job.operands_stay

    @property
    def row_fetches(self) -> int:
        """How often input pixels are fetched as slots: once, or by every kernel row."""
        layer = self.job.layer
        row_bits = layer.columns.size * layer.group_in_channels * self.activation_bits
        room = self.usable_bits("activation_sram")
        spanned = (layer.frames.kernel - 1) * layer.rows.size + layer.rows.kernel
        if spanned * row_bits <= room:
            return 1
        return layer.frames.kernel if layer.kernel_rows * row_bits <= room else layer.kernel_rows

    # The transfers.

    def transfers(self, plan: TilePlan) -> tuple[int, int]:
        """Bytes that one tile reads and writes."""
        *read, written = self.streams(plan)
        return sum(read), written

    def streams(self, plan: TilePlan) -> Streams:
        """Bytes of each stream of one tile."""
        tile = plan.tile
        if tile.group != self.group:
            self.group, self.held_by_group = tile.group, set()
        if tile.opens_lane_group:
            self.held_by_lane_group = set()
        if self.job.slots_are_positions:
            weights, inputs = self.weights_as_lanes(plan), self.input_as_slots(tile)
        else:
            weights, inputs = self.weights_as_slots(plan), self.input_as_lanes(plan)
        written = len(tile.slots) * len(tile.lanes) * self.output_bits
        demand = self.bursts_on_demand(plan)
        return Streams(sum(inputs), sum(weights), sum(demand), self.bytes_of(written))

    def weights_as_lanes(self, plan: TilePlan) -> Iterator[int]:
        """All their planes once, or by every executed pass its own."""
        if self.weights_kept_over_steps:
            return
        tile = plan.tile
        weights = self.job.layer.reduction * len(tile.lanes)
        if self.lanes_fetched_once(tile):
            if tile.opens_lane_group:
                yield self.bytes_of(weights * self.missing_weight_bits)
            return
        for one in plan.passes:
            if one.happens:
                yield self.bytes_of(weights * self.job.passes[one.index].weight_bits)

    def input_as_lanes(self, plan: TilePlan) -> Iterator[int]:
        """As weights; what is fetched on demand comes in bursts of its own."""
        tile = plan.tile

        def fetch(bits_each: int) -> int:
            bits = self.group_input * bits_each
            return self.bytes_of(self.share(bits, tile.first_lane, len(tile.lanes), tile.run_lanes))

        if self.lanes_fetched_once(tile):
            if tile.opens_lane_group:
                self.held_input_bits = set()
            wanted = {
                bit
                for one in plan.passes
                if one.happens
                for bit in self.job.passes[one.index].activation.covers
            }
            fetched = wanted - self.bits_on_demand - self.held_input_bits
            self.held_input_bits |= fetched
            yield fetch(len(fetched))
            return
        for one in plan.passes:
            if one.happens:
                plane = self.job.passes[one.index].activation
                yield fetch(len(set(plane.covers) - self.bits_on_demand))

    def input_as_slots(self, tile: Tile) -> Iterator[int]:
        if tile.lane_group > 0 and self.slots_resident:
            return
        bits = self.group_input * (self.activation_bits - len(self.bits_on_demand))
        for _ in range(self.row_fetches):
            yield self.bytes_of(self.share(bits, tile.first_slot, len(tile.slots), tile.run_slots))

    def weights_as_slots(self, plan: TilePlan) -> Iterator[int]:
        if self.weights_kept_over_steps or (plan.tile.lane_group > 0 and self.slots_resident):
            return
        reduction = self.job.layer.reduction
        weights = len(plan.tile.slots) * reduction
        fits = weights * self.weight_bits <= self.usable_bits("weight_sram")
        if self.slots_resident or fits:
            yield self.bytes_of(weights * self.missing_weight_bits)
            return
        for one in plan.passes:
            bits = self.job.passes[one.index].weight_bits
            yield self.bytes_of(one.read_elements * bits)

    def bursts_on_demand(self, plan: TilePlan) -> Iterator[int]:
        """M24: the bursts that the tile's gated outputs need and no buffer holds, once for all
        gated passes."""
        fetches = self.row_fetches if self.job.slots_are_positions else 1
        held = self.held_bursts(plan.tile)
        needed = {
            burst for pixel in self.needed_pixels(plan) for burst in self.bursts_of_pixel(pixel)
        }
        for _ in needed - held:
            yield fetches * self.burst_bits // 8
        held |= needed

    def held_bursts(self, tile: Tile) -> set[int]:
        """The set of bursts that the tile finds in the buffer and leaves its own in."""
        if self.job.slots_are_positions:
            return self.held_by_group if self.slots_resident else self.held_by_lane_group
        return self.held_by_group if self.lanes_fetched_once(tile) else set()

    def needed_pixels(self, plan: TilePlan) -> set[int]:
        """Pixels of the run, image after image, under the kernels of the tile's gated outputs."""
        layer, pixels = self.job.layer, set()
        for (image, position), taps in (plan.pixels or {}).items():
            for pixel, important in zip(layer.window_pixels(position), taps, strict=True):
                if pixel is not None and important:
                    pixels.add(image * layer.pixels + pixel)
        for entry in active_entries(plan.mask or []):
            image, _, position = plan.tile.output(*entry)
            for pixel in layer.window_pixels(position):
                if pixel is not None:
                    pixels.add(image * layer.pixels + pixel)
        return pixels

    def bursts_of_pixel(self, pixel: int) -> range:
        pixel_bits = self.job.layer.group_in_channels * len(self.bits_on_demand)
        first_bit, last_bit = pixel * pixel_bits, (pixel + 1) * pixel_bits - 1
        return range(first_bit // self.burst_bits, last_bit // self.burst_bits + 1)
