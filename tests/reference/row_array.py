"""M46: row stationary, stepped PE by PE: rows of kernels that slide, and sums that go up.

Every PE holds its words by name and says when it has no room. Every MAC is ticked off, and sums
move from PE to PE one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .mapping import Run, Tile, TilePass, TilePlan
from .memory import Dram
from .row_sets import OutputRow, RowJob
from .schedulers import everything
from .sram import counted_per_mac
from .turns import cycles_with_dram, dram_counts

PARTIAL_SUM_BITS = 32

Name = tuple[int, ...]


@dataclass
class PE:
    """One PE: what its register files hold, and how many words went into and out of them."""

    room: Mapping[str, int]
    weights: set[Name] = field(default_factory=set)
    window: set[Name] = field(default_factory=set)
    sums: Counter[Name] = field(default_factory=Counter)
    accesses: int = 0

    def take_weights(self, weights: set[Name]) -> int:
        """Takes the weights of a fold in place of the last one's; returns how many came."""
        assert len(weights) <= self.room["weight_words"], "no room for the weights"
        self.weights = weights
        self.accesses += len(weights)
        return len(weights)

    def slide(self, window: set[Name]) -> None:
        """The window of all its channels moves on."""
        assert len(window) <= self.room["activation_words"], "no room for the window"
        self.window = window
        self.sums.clear()  # they have gone up

    def multiply(self, weight: Name, activation: Name) -> None:
        assert weight in self.weights, "a weight is not there"
        assert activation in self.window, "an activation is not there"
        self.sums[weight[0],] += 1
        assert len(self.sums) <= self.room["sum_words"], "no room for the sums"


@dataclass(frozen=True)
class RowTile:
    """A tile: output rows (image, row) and output channels."""

    job: RowJob
    tile: Tile
    rows: Sequence[OutputRow]

    @property
    def outputs(self) -> int:
        return len(self.tile.slots) * len(self.tile.lanes)

    @property
    def strips(self) -> list[Sequence[OutputRow]]:
        size = self.job.sets.set_columns
        return [self.rows[i : i + size] for i in range(0, len(self.rows), size)]

    @property
    def elements(self) -> int:
        """What all its strips read of activations."""
        return sum(map(self.job.strip_elements, self.strips))

    @property
    def loads(self) -> bool:
        """M18: whether its folds load weights."""
        return self.tile.opens_lane_group or not self.job.operands_stay

    def plan(self) -> TilePlan:
        """The tile as DRAM sees it: one dense pass over all of its slots."""
        issue = everything(len(self.tile.slots), len(self.tile.lanes))
        return TilePlan(self.tile, None, [TilePass(0, issue, [], self.job.reduction)])


def row_tiles(job: RowJob, run: Run) -> Iterator[RowTile]:
    """The tiles of a run: group by group, lane group by lane group, whole strips at a time."""
    layer, sets = job.layer, job.sets
    out_h, out_w = layer.out_size
    every = [(image, row) for image in range(run.images) for row in range(out_h)]
    lanes, window = sets.filters * sets.beside, job.window_strips(sets) * sets.set_columns
    for group in range(layer.groups):
        channels = list(range(group * layer.group_channels, (group + 1) * layer.group_channels))
        for first_lane in range(0, len(channels), lanes):
            for first_row in range(0, len(every), window):
                own = every[first_row : first_row + window]
                tile = Tile(
                    run=run,
                    group=group,
                    lane_group=first_lane // lanes,
                    slots=[(i, y * out_w + x) for i, y in own for x in range(out_w)],
                    lanes=channels[first_lane : first_lane + lanes],
                    first_slot=first_row * out_w,
                    first_lane=first_lane,
                    run_slots=len(every) * out_w,
                    run_lanes=len(channels),
                )
                yield RowTile(job, tile, own)


@dataclass(frozen=True)
class Place:
    """A row of PEs of a set in one fold: where it is, its kernel row, and what it turns with."""

    row: int
    column: int
    tap_row: int
    channels: Sequence[int]
    filters: Sequence[int]


@dataclass
class RowArray:
    """The array of one run: its PEs, the MACs that are done, and the counts."""

    job: RowJob
    done: set[Name] = field(default_factory=set)
    pes: dict[tuple[int, int], PE] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def cycles(self) -> int:
        return sum(self.counts[f"{kind}_cycles"] for kind in ("msb", "bubble", "port_stall"))

    def pe(self, row: int, column: int) -> PE:
        assert 0 <= row < self.job.rows and 0 <= column < self.job.columns, "no such PE"
        return self.pes.setdefault((row, column), PE(self.job.files))

    def places(self, tile: RowTile, fold: int) -> list[Place]:
        """The rows of PEs of all sets, sets across above each other."""
        sets, height, found = self.job.sets, self.job.layer.kernel_rows, []
        side_by_side = self.job.columns // sets.set_columns
        inputs, lanes = list(range(self.job.layer.group_in_channels)), list(tile.tile.lanes)
        for beside in range(sets.beside):
            stack, place = divmod(beside, side_by_side)
            first_lane = beside * sets.filters
            for across in range(sets.across):
                first = (fold * sets.across + across) * sets.channels
                found += [
                    Place(
                        (stack * sets.across + across) * height + tap_row,
                        place * sets.set_columns,
                        tap_row,
                        inputs[first : first + sets.channels],
                        lanes[first_lane : first_lane + sets.filters],
                    )
                    for tap_row in range(height)
                ]
        assert len({(one.row, one.column) for one in found}) == len(found), "two sets in one place"
        return found

    def run_tile(self, tile: RowTile, last: bool) -> None:
        """All folds of a tile; its sums have left before something else takes their place."""
        alone = self.job.arch["array"]["overlap"] == "none"
        steady_before = self.counts["msb_cycles"]
        folds = self.job.folds_of(self.job.sets)
        for number in range(folds):
            places = self.places(tile, number)
            if tile.loads:
                self.counts["bubble_cycles"] += self.job.load_cycles(self.job.sets)
                self._load(tile, places)
            for strip in tile.strips:
                self._strip(strip, places)
            self._send_up(tile, places)
            if alone or (number == folds - 1 and (last or self._one_buffer)):
                self.counts["bubble_cycles"] += self.job.rows - 1
        steady = self.counts["msb_cycles"] - steady_before
        self.counts["port_stall_cycles"] += max(0, self._port_cycles(tile) - steady)

    @property
    def _one_buffer(self) -> bool:
        return not self.job.arch["memory"]["double_buffered"]

    def _port_cycles(self, tile: RowTile) -> int:
        """Cycles in which the activation buffer's ports bring all that the strips read."""
        left, cycles = tile.elements * self.job.passes[0].activation_bits, 0
        while left > 0:
            left -= self.job.buffer_port_bits("activation_sram")
            cycles += 1
        return cycles

    def _load(self, tile: RowTile, places: Sequence[Place]) -> None:
        width = range(self.job.layer.columns.kernel)
        for one in places:
            held = {
                (f, c, one.tap_row, x) for f in one.filters for c in one.channels for x in width
            }
            for used in range(min(self.job.sets.set_columns, len(tile.rows))):
                self.counts["network_words"] += self.pe(one.row, one.column + used).take_weights(
                    held
                )

    def _strip(self, strip: Sequence[OutputRow], places: Sequence[Place]) -> None:
        """A strip of output rows slides by: in every step all PEs take the same turn."""
        macs, cycles = self.job.rate(0)
        self._bring_rows(strip, places)
        for out_column in range(self.job.layer.out_size[1]):
            self._slide(out_column, strip, places)
            for tap_column in range(self.job.layer.columns.kernel):
                for first in range(0, self.job.sets.channels, macs):
                    for turn in range(self.job.sets.filters):
                        self.counts["msb_cycles"] += cycles
                        for one in places:
                            channels = one.channels[first : first + macs]
                            filters = one.filters[turn : turn + 1]
                            if channels and filters:
                                where = (out_column, tap_column)
                                self._work(strip, one, filters[0], channels, where)

    def _bring_rows(self, strip: Sequence[OutputRow], places: Sequence[Place]) -> None:
        for one in places:
            if not one.filters:
                continue
            for used, (_, out_row) in enumerate(strip):
                if self.job.under_kernel(0, out_row)[one.tap_row] is not None:
                    brought = self.job.row_pixels * len(one.channels)
                    self.pe(one.row, one.column + used).accesses += brought
                    self.counts["network_words"] += brought

    def _slide(self, out_column: int, strip: Sequence[OutputRow], places: Sequence[Place]) -> None:
        layer = self.job.layer
        left = out_column * layer.columns.stride
        span = range(left, left + layer.columns.dilation * (layer.columns.kernel - 1) + 1)
        for one in places:
            for used, _ in enumerate(strip):
                window = {(channel, x) for channel in one.channels for x in span}
                self.pe(one.row, one.column + used).slide(window)

    def _work(
        self,
        strip: Sequence[OutputRow],
        one: Place,
        filter_: int,
        channels: Sequence[int],
        where: tuple[int, int],
    ) -> None:
        """One step of a row of PEs: L MACs of each PE's own output, in T cycles."""
        (out_column, tap_column), (_, cycles), layer = where, self.job.rate(0), self.job.layer
        x = out_column * layer.columns.stride + tap_column * layer.columns.dilation
        for used, (image, out_row) in enumerate(strip):
            pe = self.pe(one.row, one.column + used)
            for channel in channels:
                weight = (filter_, channel, one.tap_row, tap_column)
                mac = (image, out_row, out_column, *weight)
                assert mac not in self.done, "a MAC is done twice"
                self.done.add(mac)
                pe.multiply(weight, (channel, x))
            self.counts["msb_busy_pe_cycles"] += cycles
            pe.accesses += 4 * cycles

    def _send_up(self, tile: RowTile, places: Sequence[Place]) -> None:
        """Every output's sum goes up through the PEs of its column that have worked on it."""
        for one in places:
            above = [
                other
                for other in places
                if (other.column, other.filters) == (one.column, one.filters)
                and other.row < one.row
                and other.channels
            ]
            if one.channels and above:  # all but the top one pass it on
                self.counts["network_words"] += len(tile.tile.slots) * len(one.filters)


def row_counts(job: RowJob, run: Run, output_bits: int) -> Counter[str]:
    """The counts of one run, but `macs`."""
    assert len(job.passes) == 1, "only layers of one pass run so"
    array, dram = RowArray(job), Dram(job, run, output_bits)
    tiles = list(row_tiles(job, run))
    compute, streams = [], []
    for number, tile in enumerate(tiles):
        before = array.cycles
        array.run_tile(tile, last=number == len(tiles) - 1)
        array.counts.update(_buffer_bytes(job, tile, output_bits))
        compute.append(array.cycles - before)
        streams.append(dram.streams(tile.plan()))
    outputs = sum(tile.outputs for tile in tiles)
    assert len(array.done) == outputs * job.layer.reduction, "a MAC is left out"
    counts = array.counts
    counts["msb_macs"] = len(array.done)
    counts["register_file_words"] = sum(pe.accesses for pe in array.pes.values())
    counts["cycles"] = cycles_with_dram(job, compute, [None] * len(compute), streams)
    counts["dram_stall_cycles"] = counts["cycles"] - sum(compute)
    counts["stall_cycles"] = counts["port_stall_cycles"] + counts["dram_stall_cycles"]
    counts.update(dram_counts(job, streams))
    return counts


def _buffer_bytes(job: RowJob, tile: RowTile, output_bits: int) -> Counter[str]:
    """M22, with strips in place of vectors; or M47's accesses, one a MAC."""
    (one,), visits = job.passes, job.folds_of(job.sets)
    weights = job.layer.reduction * len(tile.tile.lanes) if tile.loads else 0
    activations = tile.elements
    sums = tile.outputs * (output_bits if visits == 1 else visits * PARTIAL_SUM_BITS)
    if counted_per_mac(job):
        activations = weights = tile.outputs * job.layer.reduction
        sums = tile.outputs * (PARTIAL_SUM_BITS + output_bits)
    total: Counter[str] = Counter()
    for column, buffer, bits in (
        ("activation_sram_read", "activation", activations * one.activation_bits),
        ("weight_sram_read", "weight", weights * one.weight_bits),
        ("output_sram_read", "output", sums),
        ("output_sram_write", "output", sums),
    ):
        port_bits = job.arch["memory"][f"{buffer}_sram"]["port_bits"]
        total[f"{column}_bytes"] += -(-bits // port_bits) * port_bits // 8
    return total
