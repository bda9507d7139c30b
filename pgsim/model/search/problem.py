"""A layer on a design as the search takes it (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.mapping.nest import (
    CHANNELS,
    COLUMNS,
    IMAGES,
    IN_CHANNELS,
    OPERAND_LOOPS,
    ROWS,
    loop_sizes,
    sides,
)
from pgsim.model.events import order_of
from pgsim.model.fetches import FETCHES, usable_bits
from pgsim.model.job import Job
from pgsim.model.kindred import anew
from pgsim.model.search.goal import Goal
from pgsim.model.search.smaller_windows import sizes_of, smaller_windows
from pgsim.model.search.tables import tables_of
from pgsim.schemes import ACTIVATIONS, WEIGHTS

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Loops, Machine, Problem, Tables


@lru_cache(maxsize=256)  # few layers have sizes of their own
def block_sizes(size: int) -> Counts:
    """Return the smallest block for each number of blocks of a loop, largest first, read-only."""
    sizes: Counts = np.unique(-(-size // np.arange(1, size + 1, dtype=np.int64)))[::-1].copy()
    sizes.flags.writeable = False
    return sizes


def problem_of(job: Job, goal: Goal) -> Problem:
    """Return a layer on its design, and what is to be least.

    Of a layer that a mask steers, the array's work is that of its leading passes alone, at least.
    Tables also have what the fixed order's smaller windows ask for.
    """
    from pgsim.kernels.nest_problem import Problem  # Numba: only if nests are searched
    from pgsim.kernels.nests import Widths

    loops = loops_of(job)
    sized = [_sizes_with_last(size) for size in loops.sizes[0].tolist()]
    positions: Counts = np.ones(1, np.int64)
    for own in (sized[IMAGES], sized[ROWS], sized[COLUMNS]):
        every = np.multiply.outer(positions, own)
        positions = np.unique(every[every <= loops.fit_sums])
    slots, _ = job.arch.lanes.slots_and_lanes(positions, sized[CHANNELS])
    of_windows = (each for each, _ in sizes_of(job, smaller_windows(job)))
    slots = np.unique(np.concatenate([slots, *of_windows]))
    inputs = sized[IN_CHANNELS]
    fit = inputs <= min(loops.fit_activations, loops.fit_weights)
    fit[-1] = True  # the fixed order takes all
    leading = anew(job, passes=job.passes[: job.leading]) if job.decides else job
    tables = tables_of(leading, inputs[fit], slots)
    return Problem(
        loops,
        tables,
        machine_of(job),
        goal.prices_of(job, goal.busy_pj(leading, _busy_pe_cycles(leading, loops, tables))),
        Widths(
            0 if job.inputs_stay else job.activation_bits,
            job.fetched_weight_bits,
            PARTIAL_SUM_BITS,
            job.written_bits,
            job.arch.memory.dram.burst_bytes * 8,
        ),
        job.output_bits,
        order_of(job, (1, 1, 1, 1))._replace(run_ahead=job.arch.memory.runs_ahead),
        _orders(),
    )


def holds_a_channel(job: Job) -> bool:
    """Say whether buffers hold a pixel, and a kernel, of one input channel: else no block fits."""
    return min(_fit(job)) > 0


def _fit(job: Job) -> tuple[int, int]:
    """Return how many activations, and how many kernels of one input channel, buffers hold."""
    kernel_bits = job.weight_bits * job.shape.taps
    activations = usable_bits(job, ACTIVATIONS) // job.activation_bits
    return activations, usable_bits(job, WEIGHTS) // kernel_bits


def loops_of(job: Job) -> Loops:
    """Return a layer's loops, and the sizes that their blocks may have."""
    from pgsim.kernels.nest_problem import Loops  # Numba: only if nests are searched

    sizes = loop_sizes(job.shape, job.batch)
    candidates = [block_sizes(size) for size in sizes]
    longest = max(each.size for each in candidates)
    blocks = np.zeros((5, longest), np.int64)
    for loop, each in enumerate(candidates):
        blocks[loop, : each.size] = each
    times, rest = np.divmod(np.array(sizes, np.int64)[:, None], np.maximum(blocks, 1))
    parts = np.array([blocks, times, rest, rest > 0], np.int64)
    sides, reaches, union = _reaches(job, candidates[ROWS : COLUMNS + 1], longest)
    taps = job.shape.taps
    output = job.arch.memory.usable_bits(job.arch.memory.output_sram)
    return Loops(
        np.array([sizes, [each.size for each in candidates]], np.int64),
        blocks,
        parts,
        sides,
        reaches,
        union[0],
        union[1],
        *_fit(job),
        output // PARTIAL_SUM_BITS,
        taps,
    )


def _reaches(
    job: Job, candidates: Sequence[Counts], longest: int
) -> tuple[Counts, Counts, list[int]]:
    """Return what blocks of rows and of columns reach, as `Loops` has it, and all of them."""
    from pgsim.kernels.nest_reaches import reaches_of  # Numba: only if nests are searched

    # Kernels are compiled once more for arrays that nobody may change.
    of_axes = [
        reaches_of(side, sizes.copy())
        for side, sizes in zip(sides(job.shape), candidates, strict=True)
    ]
    most = max(reaches.shape[1] for _, reaches, _ in of_axes)
    found, every = np.zeros((4, 2, longest), np.int64), np.zeros((2, 2, most), np.int64)
    for axis, (of_sizes, reaches, _) in enumerate(of_axes):
        found[:, axis, : of_sizes.shape[1]] = of_sizes
        every[axis, :, : reaches.shape[1]] = reaches
    return found, every, [union for _, _, union in of_axes]


def _busy_pe_cycles(job: Job, loops: Loops, tables: Tables) -> Counts:
    """Return for how long PEs are busy in each pass of a batch, int64 (passes, picks).

    picks: of the sizes of blocks of input channels. Those that do not fit have any number.
    """
    from pgsim.kernels.nest_places import INPUTS, places_of  # Numba: only if nests are searched

    of_output = tables.chunks[:, -len(job.passes) :].T
    full, times, rest, rest_times = loops.parts[:, IN_CHANNELS, : loops.sizes[1, IN_CHANNELS]]
    cycles = of_output[:, places_of(tables, INPUTS, full)] * times
    cycles += of_output[:, places_of(tables, INPUTS, rest)] * rest_times
    outputs = loops.sizes[0, : CHANNELS + 1].prod() * job.shape.groups * job.shape.runs_per_batch
    return np.asarray(cycles * outputs, np.int64)


def machine_of(job: Job) -> Machine:
    """Return what of the design, and of the layer beside its loops, decides what a nest costs."""
    from pgsim.kernels.nest_problem import Machine  # Numba: only if nests are searched

    memory, runs = job.arch.memory, job.shape.runs_per_batch
    numerator, denominator = job.arch.least_burst_cycles.as_integer_ratio()
    cycle_parts, burst_parts, page_parts = job.arch.few_dram_parts
    slot_side, lane_side = job.arch.lanes.slots_and_lanes(0, 1)  # positions, channels
    return Machine(
        slot_side=slot_side,
        lane_side=lane_side,
        columns=job.arch.array.columns,
        groups=job.shape.groups,
        runs=runs,
        weights_stay=runs > 1 and FETCHES[WEIGHTS.name].only_in_first_run(job),
        burst_numerator=numerator,
        burst_denominator=denominator,
        cycle_parts=cycle_parts,
        burst_parts=burst_parts,
        page_parts=page_parts,
        page_bits=(memory.dram.in_time.stream_page_bytes or 1) * 8,
        lane_port_bits=memory.buffers[job.lane_operand.name].port_bits,
        output_port_bits=memory.buffers["output"].port_bits,
        lane_cycle_bits=memory.buffers[job.lane_operand.name].cycle_bits,
        output_cycle_bits=memory.buffers["output"].cycle_bits,
        kept_port_bits=memory.buffers[ACTIVATIONS.name].port_bits if job.output_stays else 0,
        stays=job.operands_stay,
        lane_loops=sum(1 << loop for loop in OPERAND_LOOPS[job.lane_operand.name]),
        decides=job.decides,
    )


@lru_cache(maxsize=256)
def _sizes_with_last(size: int) -> Counts:
    """Return the sizes that blocks of a loop have, the last ones included, ascending, read-only."""
    blocks = block_sizes(size)
    last = size - blocks * ((size - 1) // blocks)
    sizes: Counts = np.unique(np.concatenate([blocks, last]))
    sizes.flags.writeable = False
    return sizes


@cache
def _orders() -> Counts:
    """Return the orders of 0 to 5 loops, int64 (6, 120, 5)."""
    orders = np.zeros((6, 120, 5), np.int64)
    for count in range(1, 6):
        every = list(permutations(range(count)))
        orders[count, : len(every), :count] = every
    return orders
