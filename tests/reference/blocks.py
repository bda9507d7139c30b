"""M40: the blocks of a loop nest on the stepped array, and the counts of a layer so mapped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from .array import Ledger, Sequencer, SystolicArray, Wave, wanted_of
from .mapping import Item, Job, LayerMask, Run, Tile, TilePass, TilePlan, channel_order
from .nests import SUM_BITS, Block, Nest, Transfers, Walk
from .plans import plan_tile
from .ports import BufferUse
from .sram import (
    counted_per_mac,
    operand_bytes,
    output_accesses,
    output_bytes,
    reads_lanes,
    sums_of_macs,
    tile_accesses,
)
from .turns import DramTime
from .turns import turn as cycles_of_turn

WAYS = ("read", "write")


@dataclass(frozen=True)
class LaneGroup:
    """One lane group of a turn, planned for each of the turn's C blocks with that block's job."""

    plans: Sequence[tuple[Job, TilePlan]]
    begins_sums: bool  # the first of the turn's C blocks is the first of its sums
    ends_sums: bool  # the last of them is the last

    @property
    def plan(self) -> TilePlan:
        """What the passes issue, alike in every C block."""
        return self.plans[0][1]

    def output_bytes(self, whole: bool, leaves: bool, output_bits: int) -> Counter[str]:
        """M22: of the output buffer; whole: the turn has all input channels of its sums."""
        job, plan = self.plans[0]
        if whole and len(self.plans) == 1 and counted_per_mac(job):
            return output_bytes(job, *output_accesses(job, plan, [], output_bits))
        if counted_per_mac(job):  # M47
            sums = len(plan.tile.slots) * len(plan.tile.lanes)
            each_way = [
                sums_of_macs(one) * SUM_BITS for _, plan in self.plans for one in plan.passes
            ]
            if leaves:
                each_way.append(sums * (output_bits if self.ends_sums else SUM_BITS))
            if job.gated:
                each_way.append(sums)
            return output_bytes(job, each_way, each_way)
        every = list(self.accesses(whole, leaves, output_bits))
        reads, writes = ([bits for *_, own, bits in every if own == way] for way in WAYS)
        return output_bytes(job, reads, writes)

    def accesses(
        self, whole: bool, leaves: bool, output_bits: int
    ) -> Iterator[tuple[int, int, str, int]]:
        """Every access to the output buffer: the C block of the turn and the pass that it belongs
        to, its way, its bits."""
        job, plan = self.plans[0]
        if whole and len(self.plans) == 1:
            visits = [one.visits(job.reduction_folds(one.index)) for one in plan.passes]
            yield from ((0, *each) for each in tile_accesses(job, plan, visits, output_bits))
            return
        sums = len(plan.tile.slots) * len(plan.tile.lanes)
        begins, last = self.begins_sums, len(self.plans) - 1
        for index, one in enumerate(plan.passes):
            for in_block, (own, _) in enumerate(self.plans):
                for _ in range(one.visits(own.reduction_folds(index))):
                    if not begins:
                        yield in_block, index, "read", one.entries * SUM_BITS
                    begins = False
                    yield in_block, index, "write", one.entries * SUM_BITS
        if leaves:
            happens = [one.index for one in plan.passes if one.happens]
            yield last, happens[-1], "read", sums * SUM_BITS
        if job.gated:
            yield last, job.leading - 1, "read", sums
            yield last, job.leading - 1, "write", sums


@dataclass(frozen=True)
class Turn:
    """What M25 has for a tile: a block's lane groups, with all C blocks where a mask steers."""

    group: int
    lane_groups: Sequence[LaneGroup]
    transfers: Transfers

    @property
    def lanes(self) -> tuple[int, list[Item]]:
        """What stands on the lanes, with the group whose inputs it takes."""
        return self.group, [lane for own in self.lane_groups for lane in own.plan.tile.lanes]

    def pieces(self, job: Job, trails: bool) -> Iterator[tuple[LaneGroup, int, TilePass]]:
        """The leading or the trailing passes on the array, in order, each of which C block."""
        if not job.gated:
            for own in self.lane_groups:
                for in_block, (_, plan) in enumerate(own.plans):
                    yield from ((own, in_block, one) for one in plan.passes)
            return
        indices = range(job.leading, len(job.passes)) if trails else range(job.leading)
        for index in indices:
            for in_block in range(len(self.lane_groups[0].plans)):
                for own in self.lane_groups:
                    yield own, in_block, own.plans[in_block][1].passes[index]


def happening(lane_groups: Sequence[LaneGroup]) -> list[int]:
    """The passes of a turn that issue anything."""
    passes = range(len(lane_groups[0].plan.passes))
    return [index for index in passes if any(own.plan.passes[index].happens for own in lane_groups)]


@dataclass(frozen=True)
class NestRun:
    """One run of a layer that is mapped by a nest."""

    job: Job
    run: Run
    nest: Nest
    output_bits: int
    mask: LayerMask | None
    calibration: LayerMask | None

    @cached_property
    def walk(self) -> Walk:
        """The walk of any group: all are alike but for their masks."""
        return Walk(self.job, self.run, self.nest, self.output_bits)

    @cached_property
    def turns(self) -> list[Turn]:
        """The turns of the run, group after group."""
        turns = []
        for group in range(self.job.layer.groups):
            channels = channel_order(self.job, group, self.calibration)
            planned = [self._lane_groups(group, channels, blocks) for blocks in self.walk.turns]
            happens = [happening(own) for own in planned]
            moved = self.walk.transfers(happens)
            turns += [Turn(group, *each) for each in zip(planned, moved, strict=True)]
        return turns

    def _lane_groups(
        self, group: int, channels: Sequence[int], blocks: Sequence[Block]
    ) -> list[LaneGroup]:
        takes, width = blocks[0].takes, self.job.layer.out_size[1]
        positions = [
            (image, row * width + column)
            for image in takes["N"]
            for row in takes["P"]
            for column in takes["Q"]
        ]
        slots: list[Item] = list(positions)
        lanes: list[Item] = [channels[k] for k in takes["K"]]
        if not self.job.slots_are_positions:
            slots, lanes = lanes, slots
        parts = [replace(self.job, in_channels=block.takes["C"]) for block in blocks]
        lane_groups = []
        for first in range(0, len(lanes), self.job.columns):
            own = lanes[first : first + self.job.columns]
            tile = Tile(self.run, group, first, slots, own, 0, first, len(slots), len(lanes))
            plans = [(part, plan_tile(part, tile, self.mask)) for part in parts]
            begins = takes["C"].start == 0
            ends = blocks[-1].takes["C"].stop == self.walk.sizes["C"]
            lane_groups.append(LaneGroup(plans, begins_sums=begins, ends_sums=ends))
        return lane_groups

    @cached_property
    def stays(self) -> bool:
        """M18: the array keeps its lanes' operands from block to block."""
        alone = all(len(turn.lane_groups) == 1 for turn in self.turns)
        return self.job.operands_stay and alone and len(self.walk.pieces["C"]) == 1

    @cached_property
    def opens(self) -> list[bool]:
        """Whether each turn has other lanes than the one before."""
        return [True] + [own.lanes != before.lanes for before, own in pairwise(self.turns)]

    def counts(self) -> Counter[str]:
        """The counts of the run, but `macs` and those of slots."""
        cycles, ledger = self._stepped()
        counts: Counter[str] = Counter()
        for kind, of_kind in sum(cycles, Counter()).items():
            counts[f"{kind}_cycles"] = of_kind
        for kind in ("msb", "lsb"):
            counts[f"{kind}_macs"] = ledger.macs[kind]
            counts[f"{kind}_busy_pe_cycles"] = ledger.busy_pe_cycles[kind]
        compute = [sum(own.values()) for own in cycles]
        counts["cycles"] = self._cycles_with_dram(compute)
        counts["dram_stall_cycles"] = counts["cycles"] - sum(compute)
        counts["stall_cycles"] = counts["port_stall_cycles"] + counts["dram_stall_cycles"]
        for turn, opens in zip(self.turns, self.opens, strict=True):
            counts.update(self._bytes(turn, opens))
        return counts

    def _bytes(self, turn: Turn, opens: bool) -> Counter[str]:
        moved = turn.transfers
        counts = Counter(dram_write_bytes=moved.written)
        for operand, read in moved.reads.items():
            counts[f"dram_{operand}_read_bytes"] += read
            counts["dram_read_bytes"] += read
        read_streams = (*moved.opening, *moved.leading, *moved.trailing)
        counts["dram_read_row_misses"] = sum(map(self.dram_time.pages, read_streams))
        counts["dram_write_row_misses"] = self.dram_time.pages(moved.written)
        for own in turn.lane_groups:
            for part, plan in own.plans:
                counts.update(operand_bytes(part, plan, self.stays, opens))
            counts.update(own.output_bytes(*self.ends_of(turn), self.output_bits))
        return counts

    def ends_of(self, turn: Turn) -> tuple[bool, bool]:
        """Whether a turn has all input channels of its sums, and whether any leave with it."""
        return len(self.walk.pieces["C"]) == 1, turn.transfers.written > 0

    @property
    def dram_time(self) -> DramTime:
        """How long DRAM takes."""
        return DramTime(self.job.arch["memory"]["dram"], self.job.arch.get("clock_mhz", 500))

    def _stepped(self) -> tuple[list[Counter[str]], Ledger]:
        """The cycles of every kind in each turn, and the ledger of all MACs."""
        job = self.job
        outputs = self.run.images * job.layer.out_channels * job.layer.positions_per_step
        plans = [plan for turn in self.turns for own in turn.lane_groups for _, plan in own.plans]
        ledger = Ledger(len(job.passes), outputs, job.layer.reduction, wanted=wanted_of(job, plans))
        array = SystolicArray(job.rows, job.columns, job.gate_latency_cycles, ledger)
        cycles: list[Counter[str]] = [Counter() for _ in range(len(self.turns) + job.interleaved)]
        for wave in BlockSequencer(job, [], array, self.output_bits, self).waves():
            if wave.kind != "port_stall":
                array.cycle(wave)
            cycles[wave.turn][wave.kind] += 1
        ledger.check([own.plan for own in self.sums_once()])
        return cycles, ledger

    def pe_macs(self) -> Counter[tuple[int, int, int]]:
        """M27: the MACs of each pass in each PE, by pass, row and column."""
        return self._stepped()[1].pe_macs

    def sums_once(self) -> Iterator[LaneGroup]:
        """The lane groups of turns that begin sums: every output once."""
        for turn in self.turns:
            yield from (own for own in turn.lane_groups if own.begins_sums)

    def sums_again(self) -> Iterator[LaneGroup]:
        """The lane groups of all other turns."""
        for turn in self.turns:
            yield from (own for own in turn.lane_groups if not own.begins_sums)

    def _cycles_with_dram(self, compute: Sequence[int]) -> int:
        """M25, with turns of blocks."""
        memory = self.job.arch["memory"]
        time = self.dram_time.cycles
        moved = [turn.transfers for turn in self.turns]
        if not memory["double_buffered"]:
            total = 0
            for cycles, own in zip(compute, moved, strict=True):
                read = own.opening + own.leading + own.trailing
                total += cycles_of_turn(0, time(read)) + cycles
                total += cycles_of_turn(0, time([own.written]))
            return total
        behind = int(self.job.interleaved)
        beside: list[list[int]] = [[] for _ in compute]
        for number, own in enumerate(moved):
            beside[number] += own.leading
            beside[number + behind] += own.trailing
            if number > 0:
                beside[number - 1] += own.opening
            if number + 1 < len(moved):
                beside[number + behind + 1].append(own.written)
        total = cycles_of_turn(0, time(moved[0].opening))
        if memory.get("overlap", "turns") == "runs":  # M47
            compute, beside = [sum(compute)], [[each for own in beside for each in own]]
        for cycles, streams in zip(compute, beside, strict=True):
            total += cycles_of_turn(cycles, time(streams))
        return total + cycles_of_turn(0, time([moved[-1].written]))


@dataclass(frozen=True)
class BlockSequencer(Sequencer):
    """Feeds the turns of a nest to the array."""

    of: NestRun

    def waves(self) -> Iterator[Wave]:
        """M19 with blocks for tiles."""
        array, turn = self.array, 0
        decided: dict[int, int] = {}
        for number, trails in self.parts():
            turn = number + 1 if trails and self.job.interleaved else number
            opens = self.of.opens[number]
            for lanes, in_block, one in self.of.turns[number].pieces(self.job, trails):
                while trails and array.answered < decided[number]:
                    yield Wave("bubble", turn)
                part, _ = lanes.plans[in_block]
                waves, use = (
                    self.pass_waves(turn, one, opens),
                    self.use(number, lanes, in_block, one),
                )
                yield from self.through_ports(part, one, waves, use)
            if not trails:
                decided[number] = array.entered_to_work
            if self.shares_one_buffer and (trails or not self.job.gated):
                yield from self.until_sums_left(turn)
        yield from self.until_sums_left(turn)

    def use(self, number: int, lanes: LaneGroup, in_block: int, one: TilePass) -> BufferUse:
        """M22: what a pass of a C block moves of the lanes' operand, and of sums."""
        moved = lanes.accesses(*self.of.ends_of(self.of.turns[number]), self.output_bits)
        return BufferUse(
            len(lanes.plan.tile.lanes)
            * reads_lanes(one, self.operands_stay, self.of.opens[number]),
            sum(bits for block, index, _, bits in moved if (block, index) == (in_block, one.index)),
        )

    def parts(self) -> Iterator[tuple[int, bool]]:
        """The turns' leading passes, and their trailing ones, in order."""
        overtaken: list[int] = []
        for number in range(len(self.of.turns)):
            if self.operands_stay and self.of.opens[number]:
                yield from ((other, True) for other in overtaken)
                overtaken = []
            yield number, False
            if self.job.gated and not self.job.interleaved:
                yield number, True
            yield from ((other, True) for other in overtaken)
            overtaken = [number] if self.job.interleaved else []
        yield from ((other, True) for other in overtaken)

    @property
    def operands_stay(self) -> bool:
        return self.of.stays
