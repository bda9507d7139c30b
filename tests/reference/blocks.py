"""M40: the blocks of a loop nest on the stepped array, and the counts of a layer so mapped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from .array import Ledger, Sequencer, SystolicArray, Wave
from .mapping import Item, Job, LayerMask, Run, Tile, TilePass, TilePlan, channel_order, plan_tile
from .nests import SUM_BITS, Block, Nest, Transfers, Walk
from .sram import counted_per_mac, operand_bytes, output_accesses, output_bytes
from .turns import turn as cycles_of_turn


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
        if whole and len(self.plans) == 1:
            visits = [job.reduction_folds(one.index) for one in plan.passes]
            return output_bytes(job, *output_accesses(job, plan, visits, output_bits))
        sums = len(plan.tile.slots) * len(plan.tile.lanes)
        if counted_per_mac(job):  # M47
            each_way = [one.entries * SUM_BITS for _, plan in self.plans for one in plan.passes]
            if leaves:
                each_way.append(sums * (output_bits if self.ends_sums else SUM_BITS))
            if job.gated:
                each_way.append(sums)
            return output_bytes(job, each_way, each_way)
        writes = [
            one.entries * SUM_BITS
            for own, plan in self.plans
            for one in plan.passes
            for _ in range(own.reduction_folds(one.index))
        ]
        reads = writes[1:] if self.begins_sums else list(writes)
        if leaves:
            reads.append(sums * SUM_BITS)
        if job.gated:
            reads.append(sums)
            writes.append(sums)
        return output_bytes(job, reads, writes)


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

    def pieces(self, job: Job, trails: bool) -> Iterator[tuple[Job, TilePass]]:
        """The leading or the trailing passes on the array, in order."""
        if not job.gated:
            for own in self.lane_groups:
                for part, plan in own.plans:
                    yield from ((part, one) for one in plan.passes)
            return
        indices = range(job.leading, len(job.passes)) if trails else range(job.leading)
        for index in indices:
            for in_block in range(len(self.lane_groups[0].plans)):
                for own in self.lane_groups:
                    part, plan = own.plans[in_block]
                    yield part, plan.passes[index]


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
        for own in turn.lane_groups:
            for part, plan in own.plans:
                counts.update(operand_bytes(part, plan, self.stays, opens))
            whole, leaves = len(self.walk.pieces["C"]) == 1, moved.written > 0
            counts.update(own.output_bytes(whole, leaves, self.output_bits))
        return counts

    def _stepped(self) -> tuple[list[Counter[str]], Ledger]:
        """The cycles of every kind in each turn, and the ledger of all MACs."""
        job = self.job
        outputs = self.run.images * job.layer.out_channels * job.layer.positions_per_step
        ledger = Ledger(len(job.passes), outputs, job.layer.reduction)
        array = SystolicArray(job.rows, job.columns, job.gate_latency_cycles, ledger)
        cycles: list[Counter[str]] = [Counter() for _ in range(len(self.turns) + job.interleaved)]
        for wave in BlockSequencer(job, [], array, self).waves():
            if wave.kind != "port_stall":
                array.cycle(wave)
            cycles[wave.turn][wave.kind] += 1
        ledger.check([own.plan for own in self.sums_once()])
        return cycles, ledger

    def sums_once(self) -> Iterator[LaneGroup]:
        """The lane groups of turns that begin sums: every output once."""
        for turn in self.turns:
            yield from (own for own in turn.lane_groups if own.begins_sums)

    def _cycles_with_dram(self, compute: Sequence[int]) -> int:
        """M25, with turns of blocks."""
        memory = self.job.arch["memory"]
        speed = memory["dram"]["bytes_per_cycle"]
        moved = [turn.transfers for turn in self.turns]
        if not memory["double_buffered"]:
            total = 0
            for cycles, own in zip(compute, moved, strict=True):
                read = own.opening + own.leading + own.trailing
                total += cycles_of_turn(0, read, speed) + cycles
                total += cycles_of_turn(0, own.written, speed)
            return total
        behind = int(self.job.interleaved)
        beside = [0] * len(compute)
        for number, own in enumerate(moved):
            beside[number] += own.leading
            beside[number + behind] += own.trailing
            if number > 0:
                beside[number - 1] += own.opening
            if number + 1 < len(moved):
                beside[number + behind + 1] += own.written
        total = cycles_of_turn(0, moved[0].opening, speed)
        for cycles, read in zip(compute, beside, strict=True):
            total += cycles_of_turn(cycles, read, speed)
        return total + cycles_of_turn(0, moved[-1].written, speed)


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
            for part, one in self.of.turns[number].pieces(self.job, trails):
                while trails and array.answered < decided[number]:
                    yield Wave("bubble", turn)
                yield from self.through_port(part, one, self.pass_waves(turn, one, opens))
            if not trails:
                decided[number] = array.entered_to_work
            if self.shares_one_buffer and (trails or not self.job.gated):
                yield from self.until_sums_left(turn)
        yield from self.until_sums_left(turn)

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
