"""M6-M10: runs, slots and lanes, windows, tiles, and the folds of one pass of one tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from .by_values import Fold, Operands, SteppedFold, stepped_fold
from .folds import OperandStationaryFold, OutputStationaryFold, short_first
from .layers import VALUE_KINDS, Layer, Pass, macs_and_cycles
from .schedulers import Issue

LayerMask = Sequence[Sequence[Sequence[int]]]  # [image][channel][position], 0 or 1
Position = tuple[int, int]  # (image of the run, position of the image in the run)
Item = int | Position  # what a slot or lane stands for: a channel, or a position


@dataclass(frozen=True)
class Job:
    """One layer under one scheme on one architecture: what every section asks about."""

    layer: Layer
    passes: list[Pass]
    arch: Mapping[str, Any]
    first: bool = False  # of its network
    in_channels: range | None = None  # of a group: those of a C block, else all
    operands: Operands | None = None  # where cycles depend on them (M58)
    weights_on_chip: frozenset[int] | None = None  # M55: bits of every weight, where weights stay

    @property
    def rows(self) -> int:
        return self.arch["array"]["rows"]

    @property
    def columns(self) -> int:
        return self.arch["array"]["columns"]

    @property
    def predictor_rows(self) -> int:
        """M59: the whole rows nearest to their share, of two as near the more."""
        wanted = Fraction(str(self.arch["array"].get("predictor_share", 0))) * self.rows
        return max(range(self.rows + 1), key=lambda rows: (-abs(rows - wanted), rows))

    @property
    def predicts(self) -> bool:
        """M59: whether the passes before the gate run beside those behind it."""
        return self.gated and self.predictor_rows > 0

    def rows_of(self, index: int) -> int:
        """M59: the rows of the array that takes a pass."""
        if self.predicts and index < self.leading:
            return self.predictor_rows
        return self.rows - self.predictor_rows

    @property
    def dataflow(self) -> str:
        return self.arch["array"]["dataflow"]

    @property
    def steered(self) -> bool:
        """Whether a mask steers any of the passes."""
        return any(one.gated for one in self.passes)

    @property
    def gated(self) -> bool:
        """Whether a gate decides about the layer's own sums."""
        return self.steered and self.layer.gate == "output"

    @property
    def gated_inputs(self) -> bool:
        """M52: whether the mask is of the layer's input pixels, and known beforehand."""
        return self.steered and self.layer.gate == "input"

    @property
    def leading(self) -> int:
        """M19: how many passes come before the first gated one; the gate compares their sum."""
        gated = [one.gated for one in self.passes]
        return gated.index(True) if self.gated else len(gated)

    def is_important(self, run: Run, masks: LayerMask, place: Position, tap: int) -> bool:
        """M52: whether a pixel under a kernel tap is important; padding is not."""
        image, position = place
        pixel = self.layer.window_pixels(position)[tap]
        if pixel is None:
            return False
        return bool(masks[run.first_image + image][0][run.step * self.layer.pixels + pixel])

    @property
    def gate_latency_cycles(self) -> int:
        """M19: registers between the sum of the last PE and the scheduler's answer."""
        return self.arch["lsb"].get("gate_latency_cycles", 0)

    @property
    def interleaved(self) -> bool:
        """M19: the leading passes of tile i + 1 precede the trailing ones of tile i, because a
        second buffer holds their sums."""
        in_folds = self.arch["array"]["overlap"] == "folds"
        return self.gated and in_folds and self.arch["memory"]["double_buffered"]

    @property
    def slots_are_positions(self) -> bool:
        """M7."""
        by_channel = self.dataflow == "os" and self.arch["array"]["lanes"] == "channels"
        return by_channel or self.dataflow in ("ws", "bitfusion")

    def rate(self, index: int) -> tuple[int, int]:
        """(L, T) of a pass, or of a long step of several (M53)."""
        pe = self.arch["array"]["pe"]
        every = self.passes[index].parts or (self.passes[index],)
        rates = [macs_and_cycles(pe, one.activation_bits, one.weight_bits) for one in every]
        assert len({macs for macs, _ in rates}) == 1, "a step takes passes of several L"
        return rates[0][0], sum(cycles for _, cycles in rates)

    def short_cycles(self, index: int) -> int:
        """M53: the cycles of a step that takes the dense passes alone."""
        pe = self.arch["array"]["pe"]
        dense = [one for one in self.passes[index].parts if not one.gated]
        return sum(macs_and_cycles(pe, p.activation_bits, p.weight_bits)[1] for p in dense)

    @property
    def taps_apart(self) -> bool:
        """M10, M47: whether no fold holds input channels of two kernel taps."""
        by_im2col = self.first and self.arch["array"].get("first_layer") == "im2col"
        return self.dataflow == "bitfusion" and not by_im2col

    @cached_property
    def taps(self) -> list[list[int]]:
        """The reduction indices of each kernel tap.

        They count the kernel taps, and within a tap the group's input channels.
        """
        depth = self.layer.group_in_channels
        channels = range(depth) if self.in_channels is None else self.in_channels
        return [[tap * depth + channel for channel in channels] for tap in range(self.layer.taps)]

    @property
    def reduction(self) -> list[int]:
        """All reduction indices."""
        return [index for tap in self.taps for index in tap]

    @cached_property
    def places(self) -> dict[int, int]:
        """Where each reduction index stands among all of them."""
        return {index: place for place, index in enumerate(self.reduction)}

    @cached_property
    def chunks(self) -> list[list[list[Sequence[int]]]]:
        """M10: of every pass, per reduction fold, the indices that each array row holds."""
        spans = self.taps if self.taps_apart else [self.reduction]
        chunks_of_passes = []
        for index in range(len(self.passes)):
            macs, _ = self.rate(index)
            held = [short_first(span, macs) for span in spans]
            chunks_of_passes.append([f for rows in held for f in short_first(rows, self.rows)])
        return chunks_of_passes

    def reduction_folds(self, index: int) -> int:
        return 1 if self.dataflow == "os" else len(self.chunks[index])

    @cached_property
    def operands_stay(self) -> bool:
        """M18: the operands held by the array outlive a pass and a tile: the whole reduction is
        there at once, and every pass wants the same plane of it in the same places."""
        indices = range(len(self.passes))
        if self.dataflow == "os" or any(self.reduction_folds(i) > 1 for i in indices):
            return False
        held = {one.activation if self.dataflow == "is" else one.weight for one in self.passes}
        return len(held) == len({self.rate(i)[0] for i in indices}) == 1

    @cached_property
    def window(self) -> int:
        """M8: slots of one window."""
        output_bits = self.arch["memory"]["output_sram"]["kib"] * 8192
        if self.arch["memory"]["double_buffered"]:
            output_bits //= 2
        cap = max(1, output_bits // (32 * self.columns))
        if self.dataflow == "os":
            cap = max(self.rows, cap - cap % self.rows)
        chosen = self.arch["lsb"]["window"]
        if chosen == "auto" or len(self.passes) == 1:
            return cap
        assert chosen <= cap and (self.dataflow != "os" or chosen % self.rows == 0), "bad window"
        return chosen


@dataclass(frozen=True)
class Run:
    """M6: one batch of a layer, or one time step of one batch."""

    first_image: int
    images: int
    step: int


def runs_of(job: Job, images: int) -> Iterator[Run]:
    # Of a product of two activations each image has its own second operand (M60).
    batch = 1 if job.layer.op == "matmul" else job.arch["batch"]
    for first in range(0, images, batch):
        for step in range(job.layer.time_steps):
            yield Run(first, min(batch, images - first), step)


@dataclass(frozen=True)
class Tile:
    """M9: one (run, group, lane group, window), with what its slots and lanes stand for."""

    run: Run
    group: int
    lane_group: int
    slots: Sequence[Item]
    lanes: Sequence[Item]
    first_slot: int
    first_lane: int
    run_slots: int  # slots of the run and group, over all windows
    run_lanes: int  # lanes of the run and group, over all lane groups

    @property
    def opens_lane_group(self) -> bool:
        return self.first_slot == 0

    def output(self, slot: int, lane: int) -> tuple[int, int, int]:
        """(image of the run, channel, position of that image) of a slot and lane of the tile."""
        one, other = self.slots[slot], self.lanes[lane]
        if isinstance(one, int):
            one, other = other, one
        assert isinstance(one, tuple) and isinstance(other, int)
        (image, position), channel = one, other
        return image, channel, position

    def mask_of_fold(self, job: Job, masks: LayerMask, elements: Sequence[int]) -> list[list[int]]:
        """M52: the slots x lanes of a fold that holds these elements of the reduction."""
        taps = sorted({k // job.layer.group_in_channels for k in elements})

        def bit(slot: int, lane: int) -> int:
            image, _, position = self.output(slot, lane)
            return int(
                any(job.is_important(self.run, masks, (image, position), tap) for tap in taps)
            )

        lanes = range(len(self.lanes))
        return [[bit(slot, lane) for lane in lanes] for slot in range(len(self.slots))]

    def mask(self, layer: Layer, masks: LayerMask) -> list[list[int]]:
        """The tile's slots x lanes cut of the layer's mask."""
        first_position = self.run.step * layer.positions_per_step

        def bit(slot: int, lane: int) -> int:
            image, channel, position = self.output(slot, lane)
            return masks[self.run.first_image + image][channel][first_position + position]

        lanes = range(len(self.lanes))
        return [[bit(slot, lane) for lane in lanes] for slot in range(len(self.slots))]


def channel_order(job: Job, group: int, calibration: LayerMask | None) -> list[int]:
    """M7: a group's channels; where they are lanes and it is asked for, densest first."""
    size = job.layer.group_channels
    channels = list(range(group * size, (group + 1) * size))
    by_density = job.arch["lsb"]["lane_order"] == "density" and job.slots_are_positions
    if not (by_density and job.gated):  # without a mask to balance, the order changes nothing
        return channels
    assert calibration is not None, "lane_order density needs calibration images"
    ones = {c: sum(sum(image[c]) for image in calibration) for c in channels}
    return sorted(channels, key=lambda c: (-ones[c], c))


def tiles_of(job: Job, run: Run, calibration: LayerMask | None) -> Iterator[Tile]:
    """M9: the tiles of a run in the order in which they execute."""
    width = job.columns
    positions = [(i, p) for i in range(run.images) for p in range(job.layer.positions_per_step)]
    for group in range(job.layer.groups):
        channels = channel_order(job, group, calibration)
        slots, lanes = (positions, channels) if job.slots_are_positions else (channels, positions)
        for first_lane in range(0, len(lanes), width):
            for first_slot in range(0, len(slots), job.window):
                yield Tile(
                    run=run,
                    group=group,
                    lane_group=first_lane // width,
                    slots=slots[first_slot : first_slot + job.window],
                    lanes=lanes[first_lane : first_lane + width],
                    first_slot=first_slot,
                    first_lane=first_lane,
                    run_slots=len(slots),
                    run_lanes=len(lanes),
                )


@dataclass(frozen=True)
class TilePass:
    """One pass of one tile: what it issues, and its folds on the array."""

    index: int
    issue: Issue
    folds: list[Fold]
    reduction: Sequence[int]

    @property
    def happens(self) -> bool:
        """M15: a pass that issues nothing has no fold, edge or traffic."""
        return bool(self.issue.slots)

    @property
    def entries(self) -> int:
        """The outputs that the pass computes."""
        return sum(map(len, self.issue.slots))

    @property
    def read_elements(self) -> int:
        """Elements of the slots' operand that the pass reads."""
        return self.issue.vectors * len(self.reduction)

    @property
    def lane_elements(self) -> int:
        """Elements of each lane's operand that the pass loads, or streams once."""
        return len(self.reduction)

    @property
    def done_macs(self) -> int:
        """MACs that PEs do."""
        return self.entries * len(self.reduction)

    def visits(self, folds: int) -> int:
        """How often the pass's entries come to the output buffer, if each does in every fold."""
        return folds

    def masks(self, mask: list[list[int]] | None, everything: list[list[int]]) -> Iterator[Any]:
        """The masks that the pass is scheduled by."""
        yield everything if mask is None else mask


@dataclass(frozen=True)
class TilePlan:
    """A tile with its passes, and its mask where a gate decides about its outputs."""

    tile: Tile
    mask: list[list[int]] | None
    passes: list[TilePass]
    pixels: Mapping[Position, Sequence[bool]] | None = None  # M52: which taps of a place count


def output_index(job: Job, image: int, channel: int, position: int) -> int:
    return (image * job.layer.out_channels + channel) * job.layer.positions_per_step + position


def outputs_of(job: Job, tile: Tile, issue: Issue) -> list[dict[int, int]]:
    """The outputs of a run that each issue slot's columns work on."""
    return [
        {column: output_index(job, *tile.output(*entry)) for column, entry in issue_slot.items()}
        for issue_slot in issue.slots
    ]


def folds_of(job: Job, tile: Tile, index: int, issue: Issue) -> list[Fold]:
    """M10, M15: the folds of what a pass issues."""
    outputs = outputs_of(job, tile, issue)
    if job.dataflow != "os":
        held = job.chunks[index] if outputs else []
        return [OperandStationaryFold(outputs, issue.members, chunks) for chunks in held]
    macs, _ = job.rate(index)
    steps = short_first(job.reduction, macs)
    held = job.rows_of(index)
    rows = zip(short_first(outputs, held), short_first(issue.members, held), strict=True)
    if job.arch["array"]["pe"]["kind"] in VALUE_KINDS:
        return [stepped(job, tile, index, *each, steps) for each in rows]
    return [OutputStationaryFold(slots, members, steps) for slots, members in rows]


def stepped(
    job: Job,
    tile: Tile,
    index: int,
    issue: Sequence[Mapping[int, int]],
    members: Sequence[Sequence[int]],
    chunks: Sequence[Sequence[int]],
) -> SteppedFold:
    """M58: a fold of all lanes of some slots, stepped on the integers that its PEs hold."""
    assert job.operands is not None, "these PEs need integers"
    one, layer, pe = job.passes[index], job.layer, job.arch["array"]["pe"]
    first_position = tile.run.step * layer.positions_per_step
    where = [tile.output(slots[0], 0) for slots in members]
    activations = [
        job.operands.row(
            layer, one, tile.run.first_image + image, first_position + position, channel
        )
        for image, channel, position in where
    ]
    channels = [tile.output(members[0][0], lane)[1] for lane in range(len(tile.lanes))]
    weights = [job.operands.column(layer, one, channel) for channel in channels]
    turns = -(-one.weight_bits // pe["max_weight_bits"])
    turns = 1 if pe["kind"] == "laconic" else turns
    if pe["kind"] == "zero_skip":
        turns *= -(-one.activation_bits // pe["max_activation_bits"])
    return stepped_fold(pe, turns, SteppedFold(issue, members, chunks), activations, weights)
