"""M22-M24: the transfers of every tile, listed and rounded one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .array import slot_bits
from .mapping import Job, Run, Tile, TilePass, TilePlan
from .schedulers import active_entries

PARTIAL_SUM_BITS = 32


def sram_bytes(job: Job, plan: TilePlan, output_bits: int) -> Counter[str]:
    """M22: bytes of one tile's accesses to the three buffers."""
    slots_from, lanes_from = "activation_sram", "weight_sram"
    if not job.slots_are_positions:
        slots_from, lanes_from = lanes_from, slots_from
    accesses = [
        *((f"{slots_from}_read_bytes", slots_from, bits) for bits in slot_reads(job, plan)),
        *((f"{lanes_from}_read_bytes", lanes_from, bits) for bits in lane_reads(job, plan)),
    ]
    reads, writes = output_accesses(job, plan, output_bits)
    accesses.append(("output_sram_read_bytes", "output_sram", sum(reads)))
    accesses.append(("output_sram_write_bytes", "output_sram", sum(writes)))
    total: Counter[str] = Counter()
    for column, buffer, bits in accesses:
        port_bits = job.arch["memory"][buffer]["port_bits"]
        total[column] += -(-bits // port_bits) * port_bits // 8
    return total


def slot_reads(job: Job, plan: TilePlan) -> Iterator[int]:
    """Bits of each read of the operand that feeds the slots: one per executed pass."""
    for one in plan.passes:
        if one.happens:
            vector_bits = job.layer.reduction * slot_bits(job, one.index)
            yield sum(vector_bits for _ in range(one.issue.vectors))


def lane_bits(job: Job, index: int) -> int:
    """Bits of one element of the operand that feeds the lanes, in one pass."""
    one = job.passes[index]
    return one.weight_bits if job.slots_are_positions else one.activation_bits


def lane_reads(job: Job, plan: TilePlan) -> Iterator[int]:
    """Bits of each read of the operand that feeds the lanes: per fold, or per load."""
    for one in plan.passes:
        if not one.happens:
            continue
        operand_bits = job.layer.reduction * len(plan.tile.lanes) * lane_bits(job, one.index)
        if job.dataflow == "os":
            yield sum(operand_bits for _ in one.folds)
        elif not job.operands_stay or (plan.tile.opens_lane_group and one.index == 0):
            yield operand_bits


def output_accesses(job: Job, plan: TilePlan, output_bits: int) -> tuple[list[int], list[int]]:
    """Bits of the reads and of the writes of the output buffer."""
    outputs = len(plan.tile.slots) * len(plan.tile.lanes)
    folds = [sum_visits(job, plan, one.index) for one in plan.passes]
    reads, writes = [], []
    if job.gated:
        reads.append(outputs)
        writes.append(outputs)
    if folds[0] == 1 and (len(job.passes) == 1 or accumulators_keep_sums(job, plan.tile)):
        reads.append(outputs * output_bits)
        writes.append(outputs * output_bits)
        return reads, writes
    for one in plan.passes:
        entries = sum(len(issue_slot) for issue_slot in one.issue.slots)
        for fold in range(folds[one.index]):
            if one.index > 0 or fold > 0:  # the very first sums are not added to anything
                reads.append(entries * PARTIAL_SUM_BITS)
            writes.append(entries * PARTIAL_SUM_BITS)
    reads.append(outputs * PARTIAL_SUM_BITS)
    return reads, writes


def sum_visits(job: Job, plan: TilePlan, index: int) -> int:
    """How often a pass's sums come to the output buffer: once per reduction fold; under `os` once
    per piece of the reduction, as many lane operands at a time as the buffer holds."""
    if job.dataflow != "os":
        return job.reduction_folds(index)
    dram = Dram(job, plan.tile.run, 0)
    if len(plan.tile.slots) <= job.rows or dram.lanes_fetched_once(plan.tile):
        return 1
    room = dram.usable_bits("weight_sram" if job.slots_are_positions else "activation_sram")
    pieces, left = 1, job.layer.reduction * len(plan.tile.lanes) * lane_bits(job, index)
    while left > room:
        pieces, left = pieces + 1, left - room
    return pieces


def accumulators_keep_sums(job: Job, tile: Tile) -> bool:
    """Whether the LSB pass finds its slots' sums where the MSB pass left them, in the PEs."""
    in_place = not job.gated or job.arch["lsb"]["scheduler"] in ("dense", "skip")
    return job.dataflow == "os" and len(tile.slots) <= job.rows and in_place


@dataclass
class Dram:
    """M23, M24: walks the tiles of one run and lists the bytes that each reads and writes."""

    job: Job
    run: Run
    output_bits: int
    group: int = -1
    held_by_group: set[int] = field(default_factory=set)
    held_by_lane_group: set[int] = field(default_factory=set)

    # What the run is made of.

    @property
    def stored_bits(self) -> int:
        return sum(one.activation_bits for one in self.job.passes)

    @property
    def planes_fetched_apart(self) -> bool:
        return self.job.gated and self.job.arch["memory"]["lsb_fetch"] == "on_demand"

    @property
    def fetched_whole_bits(self) -> int:
        """Bits per activation that a fetch of whole activations moves."""
        return self.job.passes[0].activation_bits if self.planes_fetched_apart else self.stored_bits

    @property
    def group_input(self) -> int:
        """Elements of one group's input in the run."""
        return self.run.images * self.job.layer.group_in_channels * self.job.layer.pixels

    def usable_bits(self, buffer: str) -> int:
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
    def weight_bits(self) -> int:
        return self.job.passes[0].weight_bits

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
            return self.group_input * self.stored_bits <= self.usable_bits("activation_sram")
        bits = layer.group_channels * layer.reduction * self.weight_bits
        return bits <= self.usable_bits("weight_sram")

    def lanes_fetched_once(self, tile: Tile) -> bool:
        elements = self.job.layer.reduction * len(tile.lanes)
        if self.job.slots_are_positions:
            fits = elements * self.weight_bits <= self.usable_bits("weight_sram")
        else:
            footprint = min(elements, self.group_input) * self.stored_bits
            fits = footprint <= self.usable_bits("activation_sram")
        return fits or self.job.operands_stay

    @property
    def row_fetches(self) -> int:
        """How often input pixels are fetched as slots: once, or by every kernel row."""
        layer = self.job.layer
        row_bits = layer.in_size[1] * layer.group_in_channels * self.stored_bits
        kernel_rows = layer.kernel[0]
        fits = kernel_rows * row_bits <= self.usable_bits("activation_sram")
        return 1 if fits else kernel_rows

    # The transfers.

    def transfers(self, plan: TilePlan) -> tuple[int, int]:
        """Bytes that one tile reads and writes."""
        tile = plan.tile
        if tile.group != self.group:
            self.group, self.held_by_group = tile.group, set()
        if tile.opens_lane_group:
            self.held_by_lane_group = set()
        if self.job.slots_are_positions:
            reads = [*self.weights_as_lanes(plan), *self.input_as_slots(tile)]
        else:
            reads = [*self.input_as_lanes(plan), *self.weights_as_slots(plan)]
        if self.planes_fetched_apart:
            reads += self.lsb_bursts(plan)
        written = len(tile.slots) * len(tile.lanes) * self.output_bits
        return sum(reads), self.bytes_of(written)

    def fetches(self, one: TilePass) -> range:
        """The fetches of a lane operand that no buffer holds: one per executed pass."""
        return range(int(one.happens))

    def weights_as_lanes(self, plan: TilePlan) -> Iterator[int]:
        if self.weights_kept_over_steps:
            return
        tile = plan.tile
        fetch = self.bytes_of(self.job.layer.reduction * len(tile.lanes) * self.weight_bits)
        if self.lanes_fetched_once(tile):
            if tile.opens_lane_group:
                yield fetch
            return
        for one in plan.passes:
            for _ in self.fetches(one):
                yield fetch

    def input_as_lanes(self, plan: TilePlan) -> Iterator[int]:
        tile = plan.tile

        def fetch(bits_each: int) -> int:
            bits = self.group_input * bits_each
            return self.bytes_of(self.share(bits, tile.first_lane, len(tile.lanes), tile.run_lanes))

        if self.lanes_fetched_once(tile):
            if tile.opens_lane_group:
                yield fetch(self.fetched_whole_bits)
            return
        for one in plan.passes:
            if one.index > 0 and self.planes_fetched_apart:
                continue
            for _ in self.fetches(one):
                yield fetch(self.job.passes[one.index].activation_bits)

    def input_as_slots(self, tile: Tile) -> Iterator[int]:
        if tile.lane_group > 0 and self.slots_resident:
            return
        bits = self.group_input * self.fetched_whole_bits
        for _ in range(self.row_fetches):
            yield self.bytes_of(self.share(bits, tile.first_slot, len(tile.slots), tile.run_slots))

    def weights_as_slots(self, plan: TilePlan) -> Iterator[int]:
        if self.weights_kept_over_steps or (plan.tile.lane_group > 0 and self.slots_resident):
            return
        vector_bits = self.job.layer.reduction * self.weight_bits
        window_bits = len(plan.tile.slots) * vector_bits
        yield self.bytes_of(window_bits)
        if not self.slots_resident and window_bits > self.usable_bits("weight_sram"):
            for one in plan.passes[1:]:
                yield self.bytes_of(one.issue.vectors * vector_bits)

    def lsb_bursts(self, plan: TilePlan) -> Iterator[int]:
        """M24: the LSB plane's bursts that the tile's gated outputs need and no buffer holds."""
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
        for entry in active_entries(plan.mask or []):
            image, _, position = plan.tile.output(*entry)
            for pixel in layer.window_pixels(position):
                if pixel is not None:
                    pixels.add(image * layer.pixels + pixel)
        return pixels

    def bursts_of_pixel(self, pixel: int) -> range:
        lsb_bits = self.job.passes[1].activation_bits
        pixel_bits = self.job.layer.group_in_channels * lsb_bits
        first_bit, last_bit = pixel * pixel_bits, (pixel + 1) * pixel_bits - 1
        return range(first_bit // self.burst_bits, last_bit // self.burst_bits + 1)
