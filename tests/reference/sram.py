"""M22: the accesses of every tile to the three buffers, listed and rounded one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from .mapping import Job, Tile, TilePass, TilePlan
from .memory import Dram

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
    for way in ("read", "write"):
        bits = [own for _, each, own in tile_accesses(job, plan, output_bits) if each == way]
        accesses.append((f"output_sram_{way}_bytes", "output_sram", sum(bits)))
    total: Counter[str] = Counter()
    for column, buffer, bits in accesses:
        port_bits = job.arch["memory"][buffer]["port_bits"]
        total[column] += -(-bits // port_bits) * port_bits // 8
    return total


def slot_bits(job: Job, index: int) -> int:
    """Bits of one element of the operand that feeds the slots, in one pass."""
    one = job.passes[index]
    return one.activation_bits if job.slots_are_positions else one.weight_bits


def words_of(job: Job, index: int, elements: Iterable[int]) -> set[tuple[int, int]]:
    """M43: the words (stretch, word of it) that hold elements of one operand vector."""
    layer, bits = job.layer, slot_bits(job, index)
    buffer = "activation_sram" if job.slots_are_positions else "weight_sram"
    port_bits = job.arch["memory"][buffer]["port_bits"]
    stretch = layer.group_in_channels if job.slots_are_positions else layer.reduction
    return {
        (k // stretch, bit // port_bits)
        for k in elements
        for bit in range(k % stretch * bits, (k % stretch + 1) * bits)
    }


def slot_reads(job: Job, plan: TilePlan) -> Iterator[int]:
    """Bits of each read of the operand that feeds the slots: one per executed pass; or, under
    `ports: all`, one per word."""
    for one in plan.passes:
        if one.happens and job.arch["memory"].get("ports", "slots") == "all":
            pieces = [range(job.layer.reduction)]
            if job.dataflow != "os":
                pieces = [[k for row in fold for k in row] for fold in job.chunks[one.index]]
            for piece in pieces:
                words = len(words_of(job, one.index, piece)) * one.issue.vectors
                yield from [1] * words
        elif one.happens:
            vector_bits = job.layer.reduction * slot_bits(job, one.index)
            yield sum(vector_bits for _ in range(one.issue.vectors))


def lane_bits(job: Job, index: int) -> int:
    """Bits of one element of the operand that feeds the lanes, in one pass."""
    one = job.passes[index]
    return one.weight_bits if job.slots_are_positions else one.activation_bits


def reads_lanes(job: Job, plan: TilePlan, one: TilePass) -> bool:
    """Whether a pass reads the operand of the lanes, in whatever fold."""
    held = job.dataflow != "os" and job.operands_stay
    return one.happens and (not held or (plan.tile.opens_lane_group and one.index == 0))


def lane_reads(job: Job, plan: TilePlan) -> Iterator[int]:
    """Bits of each read of the operand that feeds the lanes: per fold, or per load."""
    for one in plan.passes:
        if reads_lanes(job, plan, one):
            operand_bits = job.layer.reduction * len(plan.tile.lanes) * lane_bits(job, one.index)
            yield sum(operand_bits for _ in one.folds) if job.dataflow == "os" else operand_bits


def tile_accesses(job: Job, plan: TilePlan, output_bits: int) -> Iterator[tuple[int, str, int]]:
    """Every access to the output buffer: the pass that it belongs to, its way, its bits."""
    outputs = len(plan.tile.slots) * len(plan.tile.lanes)
    folds = [sum_visits(job, plan, one.index) for one in plan.passes]
    last = [one.index for one in plan.passes if one.happens][-1]
    if job.gated:
        yield job.leading - 1, "read", outputs
        yield job.leading - 1, "write", outputs
    if folds[0] == 1 and (len(job.passes) == 1 or accumulators_keep_sums(job, plan.tile)):
        yield last, "read", outputs * output_bits
        yield last, "write", outputs * output_bits
        return
    for one in plan.passes:
        for fold in range(folds[one.index]):
            if one.index > 0 or fold > 0:  # the very first sums are not added to anything
                yield one.index, "read", one.entries * PARTIAL_SUM_BITS
            yield one.index, "write", one.entries * PARTIAL_SUM_BITS
    yield last, "read", outputs * PARTIAL_SUM_BITS


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
