"""M22, M47: the accesses of every tile to the three buffers, listed and rounded one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from .by_values import Fold, SteppedFold
from .folds import VariableFold
from .mapping import Job, Tile, TilePass, TilePlan
from .memory import Dram
from .pixels import FoldByFold, OneSweep
from .schedulers import Issue

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


def bits_of_macs(job: Job, one: TilePass, operand: str) -> int:
    """M47: bits of an operand, as often as a MAC of the pass takes one."""
    if isinstance(one, OneSweep):
        return one.mac_bits[operand]
    plane = getattr(job.passes[one.index], operand)
    return one.done_macs * plane.bits


def slot_bits(job: Job, index: int) -> int:
    """Bits of one element of the operand that feeds the slots, in one pass."""
    one = job.passes[index]
    return one.activation_bits if job.slots_are_positions else one.weight_bits


def bits_of_step(job: Job, one: TilePass, fold: Fold, step: int) -> int:
    """Bits of an element of the slots' operand that a step takes; more in a long one (M53)."""
    return sum(widths_of_step(job, one, fold, step))


def widths_of_step(job: Job, one: TilePass, fold: Fold, step: int) -> tuple[int, ...]:
    """The same of each plane that lies on its own."""
    if not isinstance(one, OneSweep):
        return (slot_bits(job, one.index),)
    assert isinstance(fold, VariableFold)
    return one.bits if fold.is_long(step) else one.bits[:1]


def words_of_step(
    job: Job, one: TilePass, fold: Fold, step: int, elements: Sequence[int]
) -> set[tuple[int, int, int]]:
    """M43: the words (plane, stretch, word of it) that a step needs of one operand vector."""
    return {
        (plane, *word)
        for plane, bits in enumerate(widths_of_step(job, one, fold, step))
        for word in words_of(job, bits, elements)
    }


def reads_of_pass(job: Job, one: TilePass) -> Iterator[int]:
    """Bits that a pass reads of the operand of the slots."""
    if not isinstance(one, OneSweep):
        yield one.read_elements * slot_bits(job, one.index)
        return
    for fold in one.folds:
        for step in range(fold.steps):
            yield fold.elements(step) * bits_of_step(job, one, fold, step)


def words_of(job: Job, bits: int, elements: Iterable[int]) -> set[tuple[int, int]]:
    """M43: the words (stretch, word of it) that hold elements of so many bits of one vector."""
    buffer = "activation_sram" if job.slots_are_positions else "weight_sram"
    port_bits = job.arch["memory"][buffer]["port_bits"]
    stretch = len(job.taps[0]) if job.slots_are_positions else len(job.reduction)
    return {
        (place // stretch, bit // port_bits)
        for place in (job.places[k] for k in elements)
        for bit in range(place % stretch * bits, (place % stretch + 1) * bits)
    }


def slot_reads(job: Job, plan: TilePlan) -> Iterator[int]:
    """Bits of each read of the operand that feeds the slots: one per executed pass; or, under
    `ports: all`, one per word."""
    for one in plan.passes:
        if one.happens and counted_per_mac(job):
            slots_from = "activation" if job.slots_are_positions else "weight"
            yield bits_of_macs(job, one, slots_from)
        elif isinstance(one, OneSweep) and job.arch["memory"].get("ports", "slots") == "all":
            for fold in one.folds:
                elements = [k for chunk in fold.chunks for k in chunk]
                for step in range(fold.steps):
                    yield from [1] * len(words_of_step(job, one, fold, step, elements))
        elif one.happens and job.arch["memory"].get("ports", "slots") == "all":
            for issue, piece in pieces_read(job, one):
                words = len(words_of(job, slot_bits(job, one.index), piece)) * issue.vectors
                yield from [1] * words
        elif one.happens:
            yield sum(reads_of_pass(job, one))


def pieces_read(job: Job, one: TilePass) -> Iterator[tuple[Issue, Sequence[int]]]:
    """Elements of the reduction that are read together, and for whom."""
    if isinstance(one, FoldByFold):
        yield from zip(one.issues, one.elements, strict=True)
    elif job.dataflow == "os":
        yield one.issue, job.reduction
    else:
        for fold in job.chunks[one.index]:
            yield one.issue, [k for row in fold for k in row]


def lane_bits(job: Job, index: int) -> int:
    """Bits of one element of the operand that feeds the lanes, in one pass."""
    one = job.passes[index]
    return one.weight_bits if job.slots_are_positions else one.activation_bits


def reads_lanes(one: TilePass, stays: bool, opens: bool) -> bool:
    """Whether a pass reads the operand of the lanes, in whatever fold.

    `stays`: whether the array keeps them, and only a tile that `opens` a lane group loads.
    """
    return one.happens and (not stays or (opens and one.index == 0))


def lane_reads(job: Job, plan: TilePlan, stays: bool, opens: bool) -> Iterator[int]:
    """Bits of each read of the operand that feeds the lanes: per fold, or per load."""
    for one in plan.passes:
        element_bits = len(plan.tile.lanes) * lane_bits(job, one.index)
        operand_bits = one.lane_elements * element_bits
        if one.happens and counted_per_mac(job):
            lanes_from = "weight" if job.slots_are_positions else "activation"
            yield bits_of_macs(job, one, lanes_from)
        elif reads_lanes(one, stays, opens):
            yield sum(
                fold.weights_read * element_bits if isinstance(fold, SteppedFold) else operand_bits
                for fold in (one.folds if job.dataflow == "os" else one.folds[:1])
            )


def sums_of_macs(one: TilePass) -> int:
    """M47: sums that the MACs of a pass add to, once for the whole reduction."""
    return one.touched if isinstance(one, FoldByFold) else one.entries


def output_accesses(
    job: Job, plan: TilePlan, visits: Sequence[int], output_bits: int
) -> tuple[list[int], list[int]]:
    """Bits of the reads and of the writes of the output buffer; visits: of each pass."""
    outputs = len(plan.tile.slots) * len(plan.tile.lanes)
    if counted_per_mac(job):
        each_way = [sums_of_macs(one) * PARTIAL_SUM_BITS for one in plan.passes]
        each_way.append(outputs * output_bits)  # as DRAM takes them
        each_way += [outputs] * job.gated
        return each_way, each_way
    every = list(tile_accesses(job, plan, visits, output_bits))
    return tuple([bits for _, own, bits in every if own == way] for way in ("read", "write"))


def tile_accesses(
    job: Job, plan: TilePlan, visits: Sequence[int], output_bits: int
) -> Iterator[tuple[int, str, int]]:
    """Every access to the output buffer: the pass that it belongs to, its way, its bits."""
    outputs = len(plan.tile.slots) * len(plan.tile.lanes)
    last = [one.index for one in plan.passes if one.happens][-1]
    if job.gated:
        yield job.leading - 1, "read", outputs
        yield job.leading - 1, "write", outputs
    if visits[0] == 1 and (len(job.passes) == 1 or accumulators_keep_sums(job, plan.tile)):
        yield last, "read", outputs * output_bits
        yield last, "write", outputs * output_bits
        return
    for one in plan.passes:
        for visit in range(visits[one.index]):
            if one.index > 0 or visit > 0:  # the very first sums are not added to anything
                yield one.index, "read", one.entries * PARTIAL_SUM_BITS
            yield one.index, "write", one.entries * PARTIAL_SUM_BITS
    yield last, "read", outputs * PARTIAL_SUM_BITS


def sum_visits(job: Job, plan: TilePlan, index: int) -> int:
    """How often a pass's sums come to the output buffer: once per reduction fold; under `os` once
    per piece of the reduction, as many lane operands at a time as the buffer holds."""
    if job.dataflow != "os":
        return plan.passes[index].visits(job.reduction_folds(index))
    dram = Dram(job, plan.tile.run, 0)
    if len(plan.tile.slots) <= job.rows_of(index) or dram.lanes_fetched_once(plan.tile):
        return 1
    room = dram.usable_bits("weight_sram" if job.slots_are_positions else "activation_sram")
    pieces, left = 1, job.layer.reduction * len(plan.tile.lanes) * lane_bits(job, index)
    while left > room:
        pieces, left = pieces + 1, left - room
    return pieces


def accumulators_keep_sums(job: Job, tile: Tile) -> bool:
    """Whether every pass finds its slots' sums where the first pass left them, in the PEs."""
    if job.predicts:
        return False  # another array goes on with them
    in_place = not job.steered or job.arch["lsb"]["scheduler"] in ("dense", "skip")
    return job.dataflow == "os" and len(tile.slots) <= job.rows_of(0) and in_place
