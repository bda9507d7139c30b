"""Sweeps whose steps are short or long: by hand, and step by step in the reference (M53)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cases import Case
from designs import conv, design, drawn, linear, trace_of
from fold_walks import FoldWalk, lanes_late, slots_late, steady_cycles
from jobs import mask_work
from pixel_tiles import Beside, beside, sweep_case, through_narrow_ports, useful_macs
from reference.pixels import OneSweep
from reference.sram import reads_of_pass, slot_reads

from pgsim.model.job import Job
from pgsim.model.passes import time_passes
from pgsim.model.variable_speed import VariableSpeed
from pgsim.schemes import ACTIVATIONS, WEIGHTS, scheme_named
from pgsim.study.jobs import jobs_of

SEEDS = range(30)
# Three taps of two channels over five pixels; on 4 rows the first fold has the left tap, and the
# second the other two. A step of the MSB plane takes 2 cycles, and of both planes 4.
ROW = conv(2, 2, 5, 3, gate="input").replace(in_size=(1, 5), kernel=(1, 3), padding=(0, 0, 1, 1))
SERIAL = {"array.speed": "variable", "array.pe.kind": "serial_activation", "array.pe.terms": 1}
WS, IS = SERIAL | {"array.dataflow": "ws"}, SERIAL | {"array.dataflow": "is"}

# The output buffer holds four sums of two channels in each half, so that a window has four slots.
FOUR = {
    "memory.output_sram.kib": 2 * 4 * 2 * 32 / 8192,
    "memory.output_sram.banks": 1,
    "memory.output_sram.port_bits": 8,
}


def sweep(layer: Any, mask: np.ndarray, changes: dict[str, Any]) -> tuple[Job, VariableSpeed]:
    (job,) = jobs_of(trace_of(layer, mask), design(changes), scheme_named("pg"))
    (timing,) = time_passes(job, mask_work(job))
    assert isinstance(timing, VariableSpeed)
    return job, timing


def by_tile(job: Job, counts: Any) -> list[list[int]]:
    return np.broadcast_to(counts, job.tiling.tiles(1))[0, 0].tolist()


def test_a_step_is_long_where_a_pixel_under_its_fold_is_important() -> None:
    """By hand, MODEL.md's example in two windows: positions 0 to 3, and position 4.

    Pixel 2 is under the left tap of position 3, and under the others of 1 and 2.
    """
    job, timing = sweep(ROW, drawn("..x.."), WS | FOUR)
    slow = [by_tile(job, fold.slow_slots) for fold in timing.every_fold]
    assert slow == [[[1, 0]], [[2, 0]]]
    left, others = (4 * 2 + 1 * 2, 1 * 2), (4 * 2 + 2 * 2, 1 * 2)
    assert by_tile(job, timing.steady_cycles) == [[left[0] + others[0], left[1] + others[1]]]
    assert by_tile(job, timing.fold_cycles) == [[*others]]
    # In the second window the second fold waits until the rows have had 4 cycles to load.
    assert by_tile(job, timing.end_cycles()) == [[10 + 12, 4 + 2]]
    assert by_tile(job, timing.held_cycles(job.arch.array)) == [[10 + 12, 4 + 2]]
    # PEs of 6 rows work in short steps on 8 and 2 outputs; 3 taps of 2 channels and 2 outputs more.
    assert by_tile(job, timing.busy_pe_cycles) == [[8 * 6 * 2 + 12 * 2, 2 * 6 * 2]]
    assert by_tile(job, timing.macs) == [[12, 0]]
    assert by_tile(job, timing.mac_bits(ACTIVATIONS)) == [[48 * 2 + 12 * 2, 12 * 2]]
    assert by_tile(job, timing.mac_bits(WEIGHTS)) == [[48 * 8, 12 * 8]]
    assert by_tile(job, timing.read_bits(job, 0)) == [[4 * 6 * 2 + (2 + 2 * 4) * 2, 6 * 2]]


def test_folds_alone_have_their_edges() -> None:
    """By hand, the same: a fold loads for 4 cycles and has a skew of 4 + 2 - 2."""
    alone = WS | FOUR | {"array.overlap": "none"}
    job, timing = sweep(ROW, drawn("..x.."), alone)
    assert by_tile(job, timing.held_cycles(job.arch.array)) == [[10 + 8 + 12 + 8, 2 + 8 + 2 + 8]]
    assert by_tile(job, timing.end_cycles()) == [[10 + 8 + 12, 2 + 8 + 2]]


def test_lanes_that_are_positions_make_every_slot_alike() -> None:
    """By hand, the example under `is`: groups of 2, 2 and 1 positions, slots are two channels.

    Position 1 makes both steps of the first group long under the other taps; 3 and 2 those of the
    second, in both folds. The weights have no plane that only long steps take.
    """
    job, timing = sweep(ROW, drawn("..x.."), IS)
    slow = [by_tile(job, fold.slow_slots) for fold in timing.every_fold]
    assert slow == [[[0], [2], [0]], [[2], [2], [0]]]
    assert by_tile(job, timing.steady_cycles) == [[2 * 2 + 2 * 4], [2 * 4 + 2 * 4], [2 * 2 + 2 * 2]]
    # Of 6 elements for 2 channels by 2, 2 and 1 positions; pixel 2 has 2 channels to 2 outputs.
    more = [4 * 2, 2 * 4 * 2, 0]
    assert by_tile(job, timing.busy_pe_cycles) == [[48 + more[0]], [48 + more[1]], [24 + more[2]]]
    assert by_tile(job, timing.read_bits(job, 0)) == [[2 * 6 * 8]] * 3


@pytest.mark.parametrize(("bit", "cycles"), [("x", 4), (".", 2)])
def test_one_pixel_takes_a_long_step_or_a_short_one(bit: str, cycles: int) -> None:
    """The smallest layer: one pixel, tap, channel and output."""
    job, timing = sweep(linear(1, 1, 1, gate="input"), drawn(bit), WS)
    for found in (timing.steady_cycles, timing.end_cycles(), timing.busy_pe_cycles):
        assert by_tile(job, found) == [[cycles]]
    assert by_tile(job, timing.read_bits(job, 0)) == [[cycles]]  # as many bits as cycles


@pytest.mark.parametrize(
    ("ports", "banks", "late"),
    [
        # 16 bits for a cycle of the array, and as many cycles: through 8 bits twice as long.
        ("slots", 2, 0),
        ("slots", 1, 11),
        # Bank 0 has slot 0, four words by cycle 2, and slot 4, four more by 7.
        ("all", 4, 2),
        ("all", 1, 22 - 11),
    ],
)
def test_slots_wait_for_what_long_steps_read(ports: str, banks: int, late: int) -> None:
    """By hand: 8 channels of 4 bits in one fold of 16 rows of PEs that take a plane in a cycle.

    Slots 0, 4 and 5 are long and read both planes, of 16 bits or two words of 8 each; the steps end
    with cycles 2, 3, 4, 5, 7, 9, 10 and 11.
    """
    changes = WS | {
        "array.rows": 16,
        "array.pe.kind": "fixed",
        "memory.ports": ports,
        "memory.activation_sram.banks": banks,
        "memory.activation_sram.port_bits": 8,
    }
    job, timing = sweep(linear(8, 8, 2, gate="input"), drawn("x...xx.."), changes)
    assert by_tile(job, timing.steady_cycles) == [[11]]
    assert by_tile(job, np.maximum(timing.port_stall_cycles, 0)) == [[late]]


def test_lanes_fall_behind_from_fold_to_fold() -> None:
    """By hand, the example through 8 bits: folds need `2*16` and `4*16` bits more of two lanes.

    Rows take them one a cycle, and all by the last step: the first fold by cycle 2 in both windows;
    the second, of 12 cycles from 10 on, by 14, and of 2 cycles from 4 on, by 6.
    """
    port = {"memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 8}
    job, timing = sweep(ROW, drawn("..x.."), WS | FOUR | port)
    assert by_tile(job, timing.lanes_late_cycles(job)) == [[4 - 2, 12 - 6]]


def sweeps(cases: Iterator[Case]) -> Iterator[tuple[int, Beside, VariableSpeed, list[OneSweep]]]:
    """The sweeps of cases: pgsim's, and the reference's of each tile."""
    for case in cases:
        for own in beside(case):
            for index, timing in enumerate(own.timings):
                if isinstance(timing, VariableSpeed):
                    assert index == 0
                    yield case.seed, own, timing, [each.passes[0] for each in own.plans]


def test_every_step_of_every_tile_is_the_references() -> None:
    """Counted step by step, and PE by PE, in `tests/reference`'s sweeps."""
    flows = set()
    for seed, own, timing, passes in sweeps(map(sweep_case, SEEDS)):
        job, reference = own.job, own.reference
        (_, cycles), walk = reference.rate(0), FoldWalk.of(reference.arch["array"])
        steady = [[steady_cycles(fold, cycles) for fold in one.folds] for one in passes]
        begins = list(map(walk.begins, steady))
        ends = [at[-2] + last for at, (*_, last) in zip(begins, steady, strict=True)]
        held = [at[-1] for at in begins] if walk.overlap == "none" else ends
        words = reference.arch["memory"]["ports"] == "all" and reference.arch["memory"]
        name = "activation_sram" if reference.slots_are_positions else "weight_sram"
        expected = {
            "steady": list(map(sum, steady)),
            "last": [each[-1] for each in steady],
            "ends": ends,
            "held": held,
            "busy": [busy_pe_cycles(one, cycles) for one in passes],
            "useful": [useful_macs(reference, plan) for plan in own.plans],
            "activations": [one.mac_bits["activation"] for one in passes],
            "weights": [one.mac_bits["weight"] for one in passes],
            "read": [
                sum(slot_reads(reference, plan)) * words[name]["port_bits"]
                if words
                else sum(reads_of_pass(reference, one))
                for plan, one in zip(own.plans, passes, strict=True)
            ],
        }
        found = {
            "steady": timing.steady_cycles,
            "last": timing.fold_cycles,
            "ends": timing.end_cycles(),
            "held": timing.held_cycles(job.arch.array),
            "busy": timing.busy_pe_cycles,
            "useful": timing.macs,
            "activations": timing.mac_bits(ACTIVATIONS),
            "weights": timing.mac_bits(WEIGHTS),
            "read": timing.read_bits(job, 0),
        }
        if reference.arch["memory"].get("counting") == "per_mac":
            del found["read"]  # of which the reference counts other reads (M47)
        for what, counts in found.items():
            assert own.by_tile(counts) == expected[what], (seed, what)
        flows.add(reference.dataflow)
    assert flows == {"ws", "is", "bitfusion"}


def busy_pe_cycles(one: OneSweep, cycles: int) -> int:
    """Cycles in which each PE of a step that has an output works on it, one by one."""
    return sum(
        fold.works(row, column, step, cycle)
        for fold in one.folds
        for step in range(fold.steps)
        for cycle in range(fold.cycles_of(step, cycles))
        for row in range(len(fold.chunks))
        for column in fold.issue[step]
    )


def test_ports_are_as_late_as_in_any_step() -> None:
    """Walked step by step and row by row of the reference's folds (M21, M43)."""
    waited = {"slots": 0, "all": 0, "lanes": 0}
    narrow = (through_narrow_ports(sweep_case(seed)) for seed in SEEDS)
    for seed, own, timing, passes in sweeps(narrow):
        slots = [slots_late(own.reference, one) for one in passes]
        assert own.by_tile(np.maximum(timing.port_stall_cycles, 0)) == slots, seed
        lanes = [
            lanes_late(own.reference, one, len(plan.tile.lanes))
            for plan, one in zip(own.plans, passes, strict=True)
        ]
        late = own.by_tile(timing.lanes_late_cycles(own.job))
        assert [max(0, each) for each in late] == lanes, seed
        waited[own.reference.arch["memory"]["ports"]] += any(slots)
        waited["lanes"] += any(lanes)
    assert min(waited.values()) > 0, waited
