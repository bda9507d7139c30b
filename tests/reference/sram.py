"""M22, M47: the accesses of every tile to the three buffers, listed and rounded one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .array import slot_bits
from .mapping import Job, Tile, TilePass, TilePlan
from .memory import Dram

PARTIAL_SUM_BITS = 32


def sram_bytes(job: Job, plan: TilePlan, output_bits: int) -> Counter[str]:
    """M22: bytes of one tile's accesses to the three buffers."""
    total = operand_bytes(job, plan, job.operands_stay, plan.tile.opens_lane_group)
    visits = [sum_visits(job, plan, one.index) for one in plan.passes]
    reads, writes = output_accesses(job, plan, visits, output_bits)
    return total + output_bytes(job, reads, writes)


def operand_bytes(job: Job, plan: TilePlan, stays: bool, opens: bool) -> Counter[str]:
    """M22: bytes of both operands; stays, opens: as `lane_reads` has them."""
    slots_from, lanes_from = "activation_sram", "weight_sram"
    if not job.slots_are_positions:
        slots_from, lanes_from = lanes_from, slots_from
    total: Counter[str] = Counter()
    for bits in slot_reads(job, plan):
        total[f"{slots_from}_read_bytes"] += in_words(job, slots_from, bits)
    for bits in lane_reads(job, plan, stays, opens):
        total[f"{lanes_from}_read_bytes"] += in_words(job, lanes_from, bits)
    return total


def output_bytes(job: Job, reads: Sequence[int], writes: Sequence[int]) -> Counter[str]:
    """M22: bytes of a tile's reads and writes of the output buffer, each rounded once."""
    return Counter(
        output_sram_read_bytes=in_words(job, "output_sram", sum(reads)),
        output_sram_write_bytes=in_words(job, "output_sram", sum(writes)),
    )


def in_words(job: Job, buffer: str, bits: int) -> int:
    """Bytes of whole words of a buffer's ports."""
    port_bits = job.arch["memory"][buffer]["port_bits"]
    return -(-bits // port_bits) * port_bits // 8


def counted_per_mac(job: Job) -> bool:
    """M47: whether every MAC counts a read of each of its operands."""
    return job.arch["memory"].get("counting") == "per_mac"


def elements_of_macs(job: Job, one: TilePass) -> int:
    """M47: elements of an operand, as often as a MAC of the pass takes one."""
    return sum(len(job.reduction) for issue_slot in one.issue.slots for _ in issue_slot)


def slot_reads(job: Job, plan: TilePlan) -> Iterator[int]:
    """Bits of each read of the operand that feeds the slots: one per executed pass."""
    for one in plan.passes:
        if one.happens and counted_per_mac(job):
            yield elements_of_macs(job, one) * slot_bits(job, one.index)
        elif one.happens:
            vector_bits = len(job.reduction) * slot_bits(job, one.index)
            yield sum(vector_bits for _ in range(one.issue.vectors))


def lane_bits(job: Job, index: int) -> int:
    """Bits of one element of the operand that feeds the lanes, in one pass."""
    one = job.passes[index]
    return one.weight_bits if job.slots_are_positions else one.activation_bits


def lane_reads(job: Job, plan: TilePlan, stays: bool, opens: bool) -> Iterator[int]:
    """Bits of each read of the operand that feeds the lanes: per fold, or per load.

    `stays`: whether the array keeps them, and only a tile that `opens` a lane group loads.
    """
    for one in plan.passes:
        if not one.happens:
            continue
        operand_bits = len(job.reduction) * len(plan.tile.lanes) * lane_bits(job, one.index)
        if counted_per_mac(job):
            yield elements_of_macs(job, one) * lane_bits(job, one.index)
        elif job.dataflow == "os":
            yield sum(operand_bits for _ in one.folds)
        elif not stays or (opens and one.index == 0):
            yield operand_bits


def output_accesses(
    job: Job, plan: TilePlan, visits: Sequence[int], output_bits: int
) -> tuple[list[int], list[int]]:
    """Bits of the reads and of the writes of the output buffer; visits: of each pass."""
    outputs = len(plan.tile.slots) * len(plan.tile.lanes)
    reads, writes = [], []
    if job.gated:
        reads.append(outputs)
        writes.append(outputs)
    if counted_per_mac(job):
        each_way = [one.entries * PARTIAL_SUM_BITS for one in plan.passes]
        each_way.append(outputs * output_bits)  # as DRAM takes them
        return reads + each_way, writes + each_way
    if visits[0] == 1 and (len(job.passes) == 1 or accumulators_keep_sums(job, plan.tile)):
        reads.append(outputs * output_bits)
        writes.append(outputs * output_bits)
        return reads, writes
    for one in plan.passes:
        for visit in range(visits[one.index]):
            if one.index > 0 or visit > 0:  # the very first sums are not added to anything
                reads.append(one.entries * PARTIAL_SUM_BITS)
            writes.append(one.entries * PARTIAL_SUM_BITS)
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
    """Whether every pass finds its slots' sums where the first pass left them, in the PEs."""
    in_place = not job.gated or job.arch["lsb"]["scheduler"] in ("dense", "skip")
    return job.dataflow == "os" and len(tile.slots) <= job.rows and in_place
