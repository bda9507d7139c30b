"""What a search's kernels are told of a layer on its design (MODEL.md M41)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations, product
from math import ceil
from typing import Any

import pytest
from designs import conv, linear, recurrent
from jobs import job_of
from search_cases import candidates, nests_of, search_case, with_zeros

from pgsim import LayerShape
from pgsim.arch import OBJECTIVES
from pgsim.kernels.nest_problem import BUSY_PJ, CYCLES, C, Problem
from pgsim.mapping import loop_sizes
from pgsim.model.job import Job
from pgsim.model.search.goal import Goal
from pgsim.model.search.problem import (
    block_sizes,
    holds_a_channel,
    loops_of,
    machine_of,
    problem_of,
)

UNGATED = {"gate": "none"}
PADDED = {"stride": [2, 2], "padding": [1, 1], "dilation": [2, 1]}
LAYERS = (
    linear(6, 8, 3, **UNGATED),
    recurrent(2, 4, 3, **UNGATED),
    conv(2, 2, 5, 3, **UNGATED),
    conv(4, 2, 6, 2, groups=2, stride=[2, 2], **UNGATED),
    conv(2, 3, 7, 3, **PADDED, **UNGATED),
    conv(2, 3, 6, 1, stride=[2, 2], padding=[0, 0], **UNGATED).replace(in_size=(5, 2)),
)


@pytest.mark.parametrize("size", range(1, 41))
def test_blocks_have_the_smallest_size_for_each_number_of_them(size: int) -> None:
    """All sizes are tried one by one."""
    assert block_sizes(size).tolist() == candidates(size)[::-1]


# Half of each buffer is usable. A kernel of `5 * 5` weights of 8 bits has 25 bytes, and an
# activation 4 bits.
@pytest.mark.parametrize(
    ("bytes_of_weights", "bytes_of_activations", "holds"),
    [(50, 2, True), (48, 2, False), (64, 64, True)],
)
def test_a_buffer_holds_a_kernel_of_one_input_channel_or_no_block_fits(
    bytes_of_weights: int, bytes_of_activations: int, holds: bool
) -> None:
    changes = buffers(weight=bytes_of_weights, activation=bytes_of_activations)
    assert holds_a_channel(job_of(conv(2, 3, 5, 5, **UNGATED), None, changes)) is holds


@pytest.mark.parametrize(("retained_bits", "holds"), [(0, True), (8, True), (10, False)])
def test_a_buffer_holds_an_activation_or_no_block_fits(retained_bits: int, holds: bool) -> None:
    """By hand: of 16 bits, tensors that stay leave 8 or 6, half of which are 4 or 3 bits."""
    job = job_of(linear(2, 2, 2, **UNGATED), None, buffers(weight=64, activation=2))
    assert holds_a_channel(replace(job, retained_bits=retained_bits)) is holds


def buffers(**bytes_of: int) -> dict[str, Any]:
    return {
        f"memory.{name}_sram.{key}": value
        for name, size in bytes_of.items()
        for key, value in (("kib", size / 1024), ("banks", 1), ("port_bits", 8))
    }


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.op)
def test_blocks_reach_what_lies_under_their_taps(layer: LayerShape) -> None:
    """Rows and columns of the input are listed block by block, tap by tap."""
    loops = loops_of(job_of(layer))
    for axis, union in enumerate((loops.union_rows, loops.union_columns)):
        begin, size = 0, layer.run_out_size[axis]
        for place, block in enumerate(candidates(size)[::-1]):
            lines = [
                under(layer, axis, range(size)[at : at + block]) for at in range(0, size, block)
            ]
            fresh = [own.difference(*lines[:at]) for at, own in enumerate(lines)]
            reach = [len(own) for own in lines]
            expected = [max(reach), reach[0], sum(reach), begin]
            assert loops.sides[:, axis, place].tolist() == expected
            found = loops.reaches[axis, :, begin : begin + len(lines)]
            assert found.tolist() == [reach, [len(own) for own in fresh]]
            assert union == len(set().union(*lines))
            begin += len(lines)


def under(layer: LayerShape, axis: int, outputs: range) -> set[int]:
    """The input rows, or columns, under a tap of any of these outputs; padding is none."""
    stride, dilation = layer.stride[axis], layer.dilation[axis]
    rows = {
        output * stride - layer.margins[axis][0] + tap * dilation
        for output, tap in product(outputs, range(layer.kernel[axis]))
    }
    return rows & set(range(layer.run_in_size[axis]))


def test_what_buffers_hold_is_counted_in_elements_of_their_own() -> None:
    """By hand: halves of 36, 144 and 64 bytes are 144, 576 and 256 bits.

    An activation has 4 bits, a kernel of one input channel `3 * 3 * 8` and a sum 32.
    """
    changes = buffers(activation=36, weight=144, output=64)
    loops = loops_of(job_of(conv(6, 5, 4, 3, **UNGATED), None, changes))
    assert (loops.fit_activations, loops.fit_weights, loops.fit_sums) == (36, 8, 8)
    assert loops.taps == 9
    # Two rows, two columns, five channels and six input channels; so many blocks of one size, and
    # one that is smaller. Four blocks of five channels have no size: three of 2 are one fewer.
    assert loops.sizes.tolist() == [[1, 2, 2, 5, 6], [1, 2, 2, 4, 4]]
    assert loops.blocks.tolist() == [
        [1, 0, 0, 0],
        [2, 1, 0, 0],
        [2, 1, 0, 0],
        [5, 3, 2, 1],
        [6, 3, 2, 1],
    ]
    assert loops.parts[1:, 3].tolist() == [[1, 1, 2, 5], [0, 2, 1, 0], [0, 1, 1, 0]]
    assert loops.parts[1:, 4].tolist() == [[1, 2, 3, 6], [0, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize(
    ("changes", "sides", "lane_loops", "ports"),
    [
        # M7: positions (0) are slots, and what matters to weights are K and C: bits 3 and 4.
        ({"array.dataflow": "os"}, (0, 1), 0b11000, (16, 64)),
        ({"array.dataflow": "ws"}, (0, 1), 0b11000, (16, 64)),
        # Channels are slots; all loops but K matter to activations.
        ({"array.dataflow": "os", "array.lanes": "positions"}, (1, 0), 0b10111, (8, 8)),
        ({"array.dataflow": "is"}, (1, 0), 0b10111, (8, 8)),
    ],
    ids=str,
)
def test_a_machine_has_the_lanes_of_its_dataflow(
    changes: dict[str, Any], sides: tuple[int, int], lane_loops: int, ports: tuple[int, int]
) -> None:
    """By hand: weights have four banks of 16 bits, activations one of 8, sums two of 32."""
    machine = machine_of(job_of(conv(4, 2, 3, 2, groups=2, **UNGATED), None, PORTS | changes))
    assert (machine.slot_side, machine.lane_side) == sides
    assert machine.lane_loops == lane_loops
    assert (machine.lane_port_bits, machine.lane_cycle_bits) == ports
    assert (machine.output_port_bits, machine.output_cycle_bits) == (32, 64)
    assert (machine.columns, machine.groups, machine.runs) == (2, 2, 1)
    assert machine.burst_numerator / machine.burst_denominator == 16 / 24


PORTS = {
    f"memory.{name}_sram.{key}": value
    for name, banks, bits in (("weight", 4, 16), ("activation", 1, 8), ("output", 2, 32))
    for key, value in (("banks", banks), ("port_bits", bits))
} | {"memory.dram.burst_bytes": 16, "memory.dram.bytes_per_cycle": 24}


@pytest.mark.parametrize(
    ("layer", "bytes_of_weights", "stay"),
    [
        # M23: `3 * 4` weights of 8 bits fit half of 24 bytes, and all time steps share them.
        (recurrent(2, 4, 3, **UNGATED), 24, True),
        (recurrent(2, 4, 3, **UNGATED), 22, False),
        (recurrent(1, 4, 3, **UNGATED), 24, False),
        (linear(2, 4, 3, **UNGATED), 64, False),
    ],
)
def test_weights_stay_over_time_steps_where_all_fit(
    layer: LayerShape, bytes_of_weights: int, stay: bool
) -> None:
    machine = machine_of(job_of(layer, None, buffers(weight=bytes_of_weights)))
    assert machine.weights_stay is stay
    assert machine.runs == (layer.time_steps or 1)


def problem(job: Job) -> Problem:
    """At a price of 1 of everything."""
    return problem_of(job, Goal(OBJECTIVES["edp"], defaultdict(lambda: 1.0)))


@pytest.mark.parametrize(
    ("changes", "widths", "kept_port_bits"),
    [
        # By hand: 4-bit activations, 8-bit weights, sums of 32 and outputs of 6 bits.
        ({}, (4, 8, 32, 6), 0),
        ({"inputs_stay": True}, (0, 8, 32, 6), 0),  # M42
        ({"output_stays": True}, (4, 8, 32, 0), 8),
        ({"weights_on_chip": 0b00001111}, (4, 4, 32, 6), 0),  # M55: four bits are there
    ],
    ids=str,
)
def test_what_stays_on_chip_does_not_cross_its_border(
    changes: dict[str, Any], widths: tuple[int, ...], kept_port_bits: int
) -> None:
    job = job_of(linear(4, 4, 2, **UNGATED), None, PORTS, output_bits=6)
    found = problem(replace(job, **changes))
    assert found.widths == (*widths, 16 * 8)
    assert found.output_bits == 6
    assert found.machine.kept_port_bits == kept_port_bits


@pytest.mark.parametrize("seed", range(4))
def test_what_pes_spend_follows_from_the_blocks_of_input_channels(seed: int) -> None:
    """As ledgers have it of nests that are simulated, PEs that stand still at zeros included."""
    case = search_case(seed, gated=False, most=3)
    if seed % 2:
        case = with_zeros(case, seed)
    own = problem_of(case.job, case.goal("energy"))
    for nest in nests_of(case):
        counts = case.ledger(nest).total()
        spent = sum(counts[name] * pj for name, pj in case.prices.items() if "_pe_cycles" in name)
        pick = own.loops.blocks[C].tolist().index(nest.blocks[4])
        assert own.prices.pj[BUSY_PJ + pick] == pytest.approx(spent, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_every_tile_that_a_nest_may_have_is_known(seed: int) -> None:
    """Blocks of an enumeration are cut one by one, the smaller last ones too."""
    case = search_case(seed, gated=False, most=3)
    assert knows_all_tiles(case.job, {nest.blocks for nest in nests_of(case)})


def test_a_last_block_has_a_size_that_no_whole_one_has() -> None:
    """Of eleven, blocks of 6 leave 5, which is the smallest size of no number of blocks."""
    assert 5 not in candidates(11)
    job = job_of(linear(11, 11, 2, **UNGATED))
    assert knows_all_tiles(job, [(1, 6, 1, 2, 6), (1, 6, 1, 1, 11)])
    tables = problem(job).tables
    assert tables.places[:, [5, 6]].min() >= 0
    assert tables.places[:, 7].tolist() == [-1, -1]


def knows_all_tiles(job: Job, blocks: Iterable[tuple[int, ...]]) -> bool:
    tables, sizes = problem(job).tables, loop_sizes(job.shape, job.batch)
    for own in blocks:
        n, p, q, k, c = (cut(*each) for each in zip(sizes, own, strict=True))
        positions = {images * rows * columns for images, rows, columns in product(n, p, q)}
        slots, _ = job.arch.lanes.slots_and_lanes(positions, k)
        known = [*tables.places[0, list(c)], *tables.places[1, list(slots)]]
        if min(known) < 0:
            return False
    return True


def cut(size: int, block: int) -> set[int]:
    return {min(block, size - begin) for begin in range(0, size, block)}


def test_tiles_take_the_passes_before_a_gate_decides() -> None:
    """By hand: on 4 rows of PEs that do one MAC a cycle, a fold of 4 slots takes D cycles (M15).

    The next one begins 4 cycles later at least, as the bus takes four sums away (M17).
    """
    layer = linear(6, 8, 2)
    for scheme, passes in (("pg", 1), ("planes:2,2", 2)):
        tables = problem(job_of(layer, None, {}, scheme)).tables
        assert tables.tiles.shape[1] == passes
        for channels, slots in product((1, 2, 4, 8), (1, 2, 3, 6)):
            at = tables.places[0, channels], tables.places[1, slots]
            cycles = tables.tiles[CYCLES, :, *at]
            assert cycles.tolist() == [(ceil(slots / 4) - 1) * max(channels, 4) + channels] * passes


def test_all_orders_are_there() -> None:
    orders = problem(job_of(LAYERS[0])).orders
    for loops in range(1, 6):
        every = [tuple(each) for each in orders[loops, :, :loops].tolist()]
        assert every[: len(set(permutations(range(loops))))] == sorted(permutations(range(loops)))
