"""Counts that would not fit: layers and designs are refused before they are simulated.

All is estimated from above in Python's integers, which do not wrap: what is let through is counted
exactly in int64, every product on the way included.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pgsim.arch import ArchConfig, Counts
from pgsim.errors import InputError
from pgsim.lazy import lazy
from pgsim.model.fetches import FETCHES
from pgsim.model.job import Job
from pgsim.model.ports import slot_reads
from pgsim.model.room import check_room
from pgsim.schemes import ACTIVATIONS, OPERANDS, WEIGHTS

_MOST = 2**62  # int64, with room for sums of a few

Estimate = tuple[str, int]  # what is counted, and how many there are at most


def check_counts(jobs: Sequence[Job], images: int) -> None:
    """Refuse layers whose counts over all images would not fit 64-bit integers, or memory.

    Raises InputError naming the layer, or the network if only its sums are too large, the count and
    what would help.
    """
    totals: dict[str, int] = {}
    for job in jobs:
        own = job.of_batch(min(images, job.batch))
        check_room(own, images, len(jobs))
        size = Size(own, images)
        if roughly(size) * len(jobs) <= _MOST:  # all layers but a few: their sums fit as well
            continue
        where = f"layer {job.shape.name!r} on {job.arch.name}"
        for what, count in _counts(size):
            _check(where, what, count, images)
            totals[what] = totals.get(what, 0) + count
        for what, count in _steps(size):
            _check(where, what, count, images)
    for what, count in totals.items():
        _check(f"all layers on {jobs[0].arch.name}", what, count, images)


def roughly(size: Size) -> int:
    """Return a number that no count of a layer exceeds, found in a few products.

    It takes every output's every element for a fold of its own, of the longest edges, and every
    tile for one that fetches all there is.
    """
    array, moved = _rough_tile(size)
    return size.tiles * (array + moved * rough_burst_size(size.job.arch))


def most_burst_size(job: Job, images: int, layers: int) -> int:
    """Return the largest `rough_burst_size` at which all counts fit, of a network of such layers.

    It is below 0 where it takes more than a few products to say that they do.
    """
    size = Size(job.of_batch(min(images, job.batch)), images)
    array, moved = _rough_tile(size)
    return (_MOST // (layers * size.tiles) - array) // moved


def rough_burst_size(arch: ArchConfig) -> int:
    """Return a number that neither a burst's bytes nor its cycles and a page's exceed."""
    return max(arch.memory.dram.burst_bytes, sum(map(math.ceil, arch.dram_cycles)))


def _rough_tile(size: Size) -> tuple[int, int]:
    """Return what no count of a tile exceeds: of the array, and how many bursts it moves."""
    job, arch = size.job, size.job.arch
    (lanes, windows), reduction = job.cuts, job.shape.reduction
    columns, port = arch.array.columns, arch.memory.buffers[job.slot_operand.name]
    cycles = sum(rate.output_cycles for rate in job.rates)
    edges = 4 * (arch.array.rows + columns) + arch.lsb.gate_latency_cycles + 4
    bits = max(port.cycle_bits, 1024 * columns)
    passes = len(job.passes) + 1
    array = lanes.size * windows.largest * (cycles + passes * reduction * edges) * bits
    elements = FETCHES[ACTIVATIONS.name].group_elements(job) * job.shape.kernel_size[0]
    elements += FETCHES[WEIGHTS.name].group_elements(job) * columns
    return array, 2 * passes * (16 * elements + 64)


def _check(where: str, what: str, count: int, images: int) -> None:
    if count > _MOST:
        raise InputError(
            f"{where}: {count} {what} over {images} images are more than pgsim counts "
            f"({_MOST}): simulate fewer images, or cut the layer"
        )


@dataclass(frozen=True)
class Size:
    """How large a job is over so many images, none of its tiles held."""

    job: Job
    images: int

    @lazy
    def outputs(self) -> int:
        return self.images * self.job.shape.outputs

    @lazy
    def batches(self) -> int:
        return -(-self.images // self.job.batch)

    @lazy
    def nests(self) -> int:
        """Runs of all batches times groups: each is cut into the same tiles."""
        return self.batches * self.job.shape.runs_per_batch * self.job.shape.groups

    @lazy
    def tiles(self) -> int:
        return self.batches * self.job.batch_tiles

    @lazy
    def window(self) -> Counts:
        """Slots of the longest window, as dataflows take it: int64 ()."""
        return np.array(self.job.cuts[1].largest)

    @lazy
    def folds(self) -> list[int]:
        """Folds of each pass in a tile."""
        job = self.job
        return [
            int(job.flow.folds(self.window, job.array_of(index).rows, rate))
            for index, rate in enumerate(job.rates)
        ]

    @lazy
    def pass_cycles(self) -> list[int]:
        """Cycles of each pass in a tile, as if no port made it wait."""
        array, flow = self.job.arch.array, self.job.flow
        return [
            folds
            * (int(array.fold_spacing(flow.fold_cycles(self.window, rate))) + rate.load_cycles)
            for folds, rate in zip(self.folds, self.job.rates, strict=True)
        ]

    @lazy
    def slot_bits(self) -> int:
        """Bits of operand vectors that feed the slots; a gated output may read one of its own."""
        job = self.job
        bits = sum(job.slot_operand.bits(each) for each in job.passes)
        return self.outputs * job.shape.reduction * bits

    @lazy
    def slot_word_bits(self) -> int:
        """The same in whole words where vectors are read in those; an element lies in three."""
        job = self.job
        if not job.arch.memory.all_ports:
            return self.slot_bits
        vectors = self.outputs * len(job.passes)
        port = job.arch.memory.buffers[job.slot_operand.name].port_bits
        return vectors * 3 * job.shape.reduction * port

    @lazy
    def port_waits(self) -> int:
        """Cycles that ports are waited for, bank after bank where banks are looked at."""
        job, memory = self.job, self.job.arch.memory
        slots, lanes = (memory.buffers[each.name] for each in (job.slot_operand, job.lane_operand))
        roundings = len(job.passes) * self.tiles
        if not memory.all_ports:
            slowest = min(job.slot_port_bits(index) for index in range(len(job.passes)))
            return self.slot_bits // slowest + roundings
        words = self.slot_word_bits // slots.port_bits
        sums = 2 * _sum_bits(self) // memory.output_sram.cycle_bits
        return words + _lane_bits(self) // lanes.cycle_bits + sums + 3 * roundings

    @lazy
    def dram_bursts(self) -> int:
        """Bursts of both operands and of the outputs."""
        job = self.job
        bits = self.outputs * job.output_bits
        return _as_lanes(self) + _as_slots(self) + bits // _burst_bits(job) + self.tiles


def _counts(size: Size) -> Iterator[Estimate]:
    """What ledgers and tables hold, and so what is summed over layers."""
    job = size.job
    array, dram = job.arch.array, job.arch.memory.dram
    yield "MACs", len(job.passes) * size.images * job.shape.macs
    yield "busy PE cycles", size.outputs * sum(rate.output_cycles for rate in job.rates)
    tile_cycles = sum(size.pass_cycles) + 2 * array.skew_cycles + job.arch.lsb.gate_latency_cycles
    moves = math.ceil(size.dram_bursts * sum(job.arch.dram_cycles))  # a burst opens a page at most
    yield "cycles", size.tiles * (tile_cycles + 4) + size.port_waits + moves
    yield "bytes of DRAM", size.dram_bursts * dram.burst_bytes
    words = max(each.port_bits for each in job.arch.memory.buffers.values())
    rounding = (len(job.passes) + 1) * size.tiles * words
    yield "bits of SRAM", size.slot_word_bits + _lane_bits(size) + _sum_bits(size) + rounding
    if job.arch.array.register_files.words:
        yield "words of register files", _register_words(size)
    if job.gated:
        yield from _gating(size)


def _register_words(size: Size) -> int:
    """Words of register files, of which those sent to PEs are a part (M46)."""
    job, (lanes, _) = size.job, size.job.cuts
    loaded = size.tiles * lanes.largest * job.shape.reduction * job.arch.array.columns
    accesses = 4 * sum(rate.output_cycles for rate in job.rates)
    return size.outputs * (accesses + 2 * job.shape.reduction) + loaded


def _gating(size: Size) -> Iterator[Estimate]:
    job, columns = size.job, size.job.arch.array.columns
    yield "half bits of further operand vectors", 2 * columns * size.slot_bits
    banks = job.arch.scheduler.table_banks(columns)
    folds = sum(rate.reduction_folds for rate in job.rates)
    yield "words of the issue table", size.tiles * int(size.window) * folds * banks


def _steps(size: Size) -> Iterator[Estimate]:
    """Numbers on the way to counts, of one run or tile each."""
    job = size.job
    for name in OPERANDS:
        bits = sum(OPERANDS[name].bits(each) for each in job.passes)
        yield f"{name} bits", FETCHES[name].group_elements(job) * bits
        yield f"{name} bits of MACs", size.outputs * job.shape.reduction * bits
    port = job.arch.memory.buffers[job.slot_operand.name]
    for index, cycles in enumerate(size.pass_cycles):
        brought = cycles * port.cycle_bits
        if brought > _MOST and not slot_reads(job, index).port_is_faster:
            yield "bits that a port brings", brought


def _lane_bits(size: Size) -> int:
    """Bits of lane operands that cross their port (M22)."""
    job, (lanes, _) = size.job, size.job.cuts
    one = np.ones((), np.int64)
    folds = [folds * one for folds in size.folds]
    loads = job.flow.lane_loads(folds, one, stay=False)
    bits = sum(
        int(each) * job.lane_operand.bits(plan)
        for each, plan in zip(loads, job.passes, strict=True)
    )
    read = size.tiles * lanes.largest * job.shape.reduction * bits
    lane_bits = sum(job.lane_operand.bits(each) for each in job.passes)
    macs = size.outputs * job.shape.reduction * lane_bits
    return job.arch.memory.convention.operands(read, lambda: macs)


def _sum_bits(size: Size) -> int:
    """Bits of sums and masks that go to the output buffer (M22)."""
    job, (lanes, _) = size.job, size.job.cuts
    room, visits = FETCHES[job.lane_operand.name].usable_bits(job), 0
    for plan, rate in zip(job.passes, job.rates, strict=True):
        bits = lanes.largest * job.shape.reduction * job.lane_operand.bits(plan)
        visits += int(job.flow.sum_visits(rate, np.array(-(-bits // room))))
    return size.outputs * (32 * (visits + 1) + job.output_bits + 1)


def _as_slots(size: Size) -> int:
    """Bursts of the operand that feeds the slots (M23, M24)."""
    job, (lanes, windows) = size.job, size.job.cuts
    fetch = FETCHES[job.slot_operand.name]
    bits = sum(
        job.slot_operand.bits(each) * (lanes.largest if each.gated else 1) for each in job.passes
    )
    whole = fetch.group_elements(job) * bits // _burst_bits(job)
    pieces = (len(job.passes) + 1) * (windows.pieces + 1)
    return size.nests * lanes.pieces * fetch.row_fetches(job) * (whole + pieces)


def _as_lanes(size: Size) -> int:
    """Bursts of the operand that feeds the lanes (M23, M24)."""
    job, (lanes, windows) = size.job, size.job.cuts
    fetch = FETCHES[job.lane_operand.name]
    bits = sum(job.lane_operand.bits(each) for each in job.passes)
    bits += fetch.demand_bits(job) * lanes.pieces  # what a tile demands may be anywhere
    whole = fetch.group_elements(job) * bits // _burst_bits(job)
    pieces = (len(job.passes) + 1) * (lanes.pieces + 1)
    return size.nests * windows.pieces * (whole + pieces)


def _burst_bits(job: Job) -> int:
    return 8 * job.arch.memory.dram.burst_bytes
