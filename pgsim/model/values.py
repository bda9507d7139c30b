"""Passes on PEs whose cycles depend on the values of operands (MODEL.md M58)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pgsim.arch import Array, Counts, FoldWork
from pgsim.errors import InputError
from pgsim.model.bank_reads import fold_words
from pgsim.model.blocks import Block
from pgsim.model.issue import dense_issue
from pgsim.model.job import Job
from pgsim.model.pass_timing import PassTiming
from pgsim.model.passes import Timings
from pgsim.model.ports import NO_RATES
from pgsim.schemes import OPERANDS, Plane
from pgsim.workload.operands import Integers, LayerOperands, reductions_by_tap

_MOST_ELEMENTS = 2**21  # of folds looked at together


class Windows(NamedTuple):
    """What folds take in every window, int64 (windows,) of one run, group and lane group, or tiles.

    first: cycles of the first fold. steady, busy, terms, weights_read: of all folds, as `FoldWork`
    has them. end: from the first step to the end of the last. alone: of folds that run alone, with
    their edges. slots_late, lanes_late: of each operand, where all else is in time (M21, M43).
    """

    first: Counts
    steady: Counts
    busy: Counts
    terms: Counts
    end: Counts
    alone: Counts
    slots_late: Counts
    lanes_late: Counts
    weights_read: Counts


@dataclass(frozen=True, kw_only=True)
class ValueTiming(PassTiming):
    """A pass whose folds take as long as their values say.

    fold_cycles: of the first fold, which is all that the pass before it waits for (M17).
    windows: of all folds of every tile.
    """

    windows: Windows

    @property
    def steady_cycles(self) -> Counts:
        """Cycles in which a step enters the array."""
        return self.windows.steady

    @property
    def busy_pe_cycles(self) -> Counts:
        """PE cycles in which a lane of the PE has a term."""
        return self.windows.busy

    @property
    def terms(self) -> Counts:
        """Terms that all lanes add up."""
        return self.windows.terms

    def loaded_elements(self, loads: Counts) -> Counts:
        """Return the elements of each lane's weights that are not left out."""
        return self.windows.weights_read

    def held_cycles(self, array: Array) -> Counts:
        """Return the cycles from its first step to the end of its last; alone, of its edges."""
        return self.windows.end if array.folds_overlap else self.alone_cycles

    def end_cycles(self) -> Counts:
        """Return the same, without the edge of the last fold."""
        return self.windows.end

    def lanes_late_cycles(self, job: Job) -> Counts:
        """Return by how much the operands of the lanes are late, which may be below 0 (M43)."""
        return self.windows.lanes_late


def check_known(jobs: Sequence[Job]) -> None:
    """Raise InputError for the first layer that should run value by value, and has no values."""
    for job in jobs:
        if job.arch.pe.by_values:
            _check_values(job)


def _check_values(job: Job) -> None:
    """Raise InputError for a layer whose values are not known, or not those that a pass takes."""
    where = (
        f"layer {job.shape.name!r} on {job.arch.name}: PE {job.arch.pe.name} goes by the values of "
        "operands and"
    )
    if job.layer.operands is None:
        raise InputError(
            f"{where} the trace has none of this layer: capture them "
            "(pgsim.gating.integer_operands with ungated=True), or simulate the layers that have "
            "some alone: pgsim simulate --layers operands"
        )
    for operand in OPERANDS.values():
        bits, planes = operand.width(job.shape), map(operand.plane, job.passes)
        if max(plane.low + plane.bits for plane in planes) != bits:
            raise InputError(
                f"{where} the scheme takes other {operand.name} bits than the layer's {bits}, of "
                "which the values are not known: choose one of its own bits, such as --scheme full"
            )


def time_by_values(job: Job, block: Block) -> Timings:
    """Return the passes of a layer on a design, over the images of a block."""
    operands = job.layer.operands
    assert operands is not None  # else the layer was refused
    return tuple(_time_pass(job, block, index, operands) for index in range(len(job.passes)))


def _time_pass(job: Job, block: Block, index: int, operands: LayerOperands) -> ValueTiming:
    """Return the cycles of one pass in every tile."""
    array, rate, tiling = job.arch.array, job.rates[index], job.tiling
    plan, shape = job.passes[index], job.shape
    steps, lanes = rate.pe_steps, rate.macs
    weights = _laid(_weights(operands, plan.weight), steps, lanes)
    groups = tiling.lane_group_lanes
    own_weights = _laid_out(job, weights)
    found = []
    for rows in _runs(job, block, operands, plan.activation):
        for positions, laid_out in zip(rows, own_weights, strict=True):
            own = _laid(positions, steps, lanes)
            for columns, each in zip(groups.tolist(), laid_out, strict=True):
                found.append(_windows(job, index, own, each, columns))
    by_tile = Windows(
        *(np.array(each).reshape(-1, shape.groups, groups.size, tiling.window_slots.size)
          for each in zip(*found, strict=True))
    )  # fmt: skip
    issue = dense_issue(tiling, array.columns, NO_RATES)
    return ValueTiming(
        plan=plan,
        rate=rate,
        reduction=shape.reduction,
        issue=issue,
        folds=job.flow.folds(issue.slots, array.rows, rate),
        fold_cycles=by_tile.first,
        fold_spacing_cycles=by_tile.first,
        port_stall_cycles=by_tile.slots_late,
        waits_for_ports=True,
        alone_cycles=by_tile.alone,
        windows=by_tile,
    )


def _laid_out(job: Job, weights: Integers) -> list[list[Integers]]:
    """Return the weights of each group and lane group as the PE takes them.

    weights: (channels, steps, lanes).
    """
    ends = np.cumsum(job.tiling.lane_group_lanes)
    by_group = weights.reshape(job.shape.groups, -1, *weights.shape[1:])
    lay_out = job.arch.pe.laid_out
    return [[lay_out(each) for each in np.split(own, ends[:-1])] for own in by_group]


def _windows(
    job: Job, index: int, activations: Integers, weights: Integers, columns: int
) -> Windows:
    """Return what the windows of one run, group and lane group take.

    activations: (positions, steps, lanes). weights: as the PE has laid them out. columns: the
    channels of the lane group.
    """
    found, begin = [], 0
    for slots in job.tiling.window_slots.tolist():
        window = activations[begin : begin + slots]
        begin += slots
        parts = [
            job.arch.pe.work(each, weights, *_widths(job, index)) for each in _folds(job, window)
        ]
        work = FoldWork(*map(np.concatenate, zip(*parts, strict=True)))
        found.append(_window(job, index, slots, columns, work))
    return Windows(*(np.array(each, np.int64) for each in zip(*found, strict=True)))


def _window(job: Job, index: int, slots: int, lanes: int, work: FoldWork) -> Windows:
    """Return what a window takes, from what its folds do (M15 to M17, M21, M43)."""
    array, flow = job.arch.array, job.flow
    cycles = work.cycles
    spaced = cycles.copy()
    if array.folds_overlap:
        spaced[1:] = np.maximum(cycles[1:], flow.bus_cycles(array.rows))
        edges = np.zeros(cycles.size, np.int64)
    else:
        edges = np.arange(cycles.size) * flow.edge_cycles(array.rows, array.columns)
    ends = np.cumsum(spaced) + edges
    read = np.minimum(work.weights_read, job.shape.reduction)
    taken = slots - np.arange(cycles.size)[::-1] * array.rows  # slots up to and with each fold
    alone = cycles.sum() + cycles.size * flow.edge_cycles(array.rows, array.columns)
    return Windows(
        cycles[0],
        cycles.sum(),
        work.busy_pe_cycles.sum(),
        work.terms.sum(),
        ends[-1],
        alone,
        np.maximum(_slot_port_cycles(job, index, taken) - ends, 0).max(),
        (_lane_port_cycles(job, index, lanes, np.cumsum(read)) - ends).max(),
        read.sum(),
    )


def _slot_port_cycles(job: Job, index: int, vectors: Counts) -> Counts:
    """Return the cycles in which the ports bring so many of a window's vectors, its first ones."""
    memory, plan = job.arch.memory, job.passes[index]
    sram = memory.buffers[job.slot_operand.name]
    if memory.all_ports:  # the first bank has the most of them
        words = fold_words(job, index, job.slot_operand.bits(plan))
        return -(vectors // -sram.banks) * int(words.sum())
    bits = vectors * (job.shape.reduction * job.slot_operand.bits(plan))
    return -(bits // -sram.cycle_bits)


def _lane_port_cycles(job: Job, index: int, lanes: int, elements: Counts) -> Counts:
    """Return the cycles in which the ports bring so many elements of each lane's operand."""
    bits = lanes * job.lane_operand.bits(job.passes[index])
    port_bits = job.arch.memory.buffers[job.lane_operand.name].cycle_bits
    return -(elements * bits // -port_bits)


def _widths(job: Job, index: int) -> tuple[int, int]:
    return job.passes[index].activation_bits, job.passes[index].weight_bits


def _folds(job: Job, window: Integers) -> Iterator[Integers]:
    """Yield the folds of a window, (folds, rows, steps, lanes), the short one first."""
    rows = job.arch.array.rows
    first = (len(window) - 1) % rows + 1
    yield window[None, :first]
    whole = window[first:].reshape(-1, rows, *window.shape[1:])
    step = max(1, _MOST_ELEMENTS // max(1, window[0].size * rows))
    for begin in range(0, len(whole), step):
        yield whole[begin : begin + step]


def _runs(job: Job, block: Block, operands: LayerOperands, plane: Plane) -> Iterator[Integers]:
    """Yield what each run's positions multiply, (groups, positions, reduction).

    An image's positions follow those of the image before; of time steps each is a run (M6).
    """
    shape = job.shape
    for batch in range(block.batches):
        begin = block.start + batch * block.batch
        images = operands.activations[begin : begin + block.batch]
        taken = _plane(images, plane, shape.activation_bits)
        rows = reductions_by_tap(shape, taken)  # (images, groups, positions, reduction)
        if shape.runs_per_batch > 1:
            yield from rows.transpose(2, 1, 0, 3)
        else:
            by_group = rows.transpose(1, 0, 2, 3)
            yield by_group.reshape(shape.groups, -1, shape.reduction)


def _weights(operands: LayerOperands, plane: Plane) -> Integers:
    """Return what each channel multiplies, (channels, reduction), tap by tap."""
    shape = operands.shape
    by_tap = operands.weights.transpose(0, 2, 3, 1).reshape(shape.out_channels, -1)
    return _plane(by_tap, plane, shape.weight_bits)


def _plane(values: Integers, plane: Plane, bits: int) -> Integers:
    """Return a plane of operands: signed as they are where it has their top bit (M2)."""
    shifted = values.astype(np.int32) >> plane.low
    top = plane.low + plane.bits == bits
    taken = shifted if top else shifted & ((1 << plane.bits) - 1)
    return taken


def _laid(rows: Integers, steps: int, lanes: int) -> Integers:
    """Return reductions by step and lane, the short step first, zeros in its first lanes (M58)."""
    empty = steps * lanes - rows.shape[-1]
    padded = np.pad(rows, [(0, 0), (empty, 0)])
    return padded.reshape(len(rows), steps, lanes)
