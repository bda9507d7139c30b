"""Passes whose folds issue slots of their own: by hand, and fold by fold in the reference (M52)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from cases import Case
from designs import conv, drawn, linear
from fold_walks import FoldWalk, lanes_late, slots_late, steady_cycles
from jobs import job_of, mask_work
from pixel_tiles import Beside, beside, steady_case, through_narrow_ports, useful_macs
from reference import fullest_lane, ideal
from reference.pixels import FoldByFold as ReferencePass

from pgsim.model.fold_by_fold import FoldByFold, taps_of
from pgsim.model.job import Job
from pgsim.model.passes import time_passes

SEEDS = range(40)
# Three taps of two channels over five pixels; on 4 rows the first fold has the left tap, and the
# second the other two.
ROW = conv(2, 2, 5, 3, gate="input").replace(in_size=(1, 5), kernel=(1, 3), padding=(0, 0, 1, 1))
WS, IS = {"array.dataflow": "ws"}, {"array.dataflow": "is"}


def gated_pass(layer: Any, mask: np.ndarray, changes: dict[str, Any]) -> tuple[Job, FoldByFold]:
    job = job_of(layer, mask, changes, "pg")
    _, timing = time_passes(job, mask_work(job))
    assert isinstance(timing, FoldByFold)
    return job, timing


def by_tile(job: Job, counts: Any) -> list[list[int]]:
    return np.broadcast_to(counts, job.tiling.tiles(1))[0, 0].tolist()


def test_each_fold_issues_what_lies_under_its_taps() -> None:
    """By hand, MODEL.md's example in two windows: positions 0 to 3, and position 4.

    Pixel 2 is under the left tap of position 3, the middle one of 2 and the right one of 1. So the
    folds issue slots 3, and 1 and 2; nothing of the second window.
    """
    changes = {"lsb.window": 4, "memory.activation_sram.port_bits": 8}
    job, timing = gated_pass(ROW, drawn("..x.."), WS | changes)
    left, others = timing.every_fold
    assert (left.taps, others.taps) == ((0,), (1, 2))
    assert (left.elements, others.elements) == (2, 4)
    assert by_tile(job, left.issue.slots) == [[1, 0]]
    assert by_tile(job, others.issue.slots) == [[2, 0]]
    assert by_tile(job, timing.folds) == [[2, 0]]
    assert by_tile(job, timing.fold_cycles) == [[2, 0]]  # of the last that happens
    assert by_tile(job, timing.steady_cycles) == [[3, 0]]
    # The second fold begins when the rows have had 4 cycles to load.
    assert by_tile(job, timing.held_cycles(job.arch.array)) == [[4 + 2, 0]]
    assert by_tile(job, timing.done_macs) == [[2 * 2 + 4 * 4, 0]]
    assert by_tile(job, timing.macs) == [[3 * 2 * 2, 0]]
    assert by_tile(job, timing.busy_pe_cycles) == [[2 * 2 + 4 * 4, 0]]
    assert by_tile(job, timing.lane_elements) == [[2 + 4, 0]]
    assert by_tile(job, timing.read_elements(job)) == [[1 * 2 + 2 * 4, 0]]
    # Two channels of 6 bits take two words of 8, and each tap's begin at a word.
    assert by_tile(job, timing.read_words(job, 1, bits=6)) == [[1 * 2 + 2 * 4, 0]]
    assert by_tile(job, timing.visited_sums(np.array(9))) == [[2 + 4, 0]]
    assert by_tile(job, timing.issue.entries) == [[6, 0]]  # positions 1 to 3, two channels each
    assert by_tile(job, timing.all_slots(job.tiling)) == [[4 * 2, 1 * 2]]
    assert (timing.counted_by_fold, timing.slot_folds) == (True, 1)


def test_a_fold_that_does_not_happen_takes_no_time() -> None:
    """By hand: only pixel 0 is important. It is under no left tap but position 1's.

    In windows of one position the first window issues the middle tap alone, the second the left
    one alone: each is one fold of one step, at once or behind its load of 4 cycles, with a skew
    of 4 + 2 - 2.
    """
    mask = drawn("x....")
    job, timing = gated_pass(ROW, mask, WS | {"lsb.window": 1})
    assert by_tile(job, timing.folds) == [[1, 1, 0, 0, 0]]
    assert by_tile(job, timing.held_cycles(job.arch.array)) == [[1, 1, 0, 0, 0]]
    assert by_tile(job, timing.fold_cycles) == [[1, 1, 0, 0, 0]]
    assert by_tile(job, timing.lane_elements) == [[4, 2, 0, 0, 0]]
    job, timing = gated_pass(ROW, mask, WS | {"lsb.window": 1, "array.overlap": "none"})
    assert by_tile(job, timing.held_cycles(job.arch.array)) == [[1 + 8, 1 + 8, 0, 0, 0]]
    assert by_tile(job, timing.end_cycles()) == [[1, 1, 0, 0, 0]]


def test_a_fold_that_does_not_happen_needs_no_weights() -> None:
    """By hand, the same windows: 4 and 2 elements of two lanes of 8 bits, a byte a cycle, by 1."""
    port = {"memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 8}
    job, timing = gated_pass(ROW, drawn("x...."), WS | port | {"lsb.window": 1})
    assert by_tile(job, timing.lanes_late_cycles(job))[0][:2] == [8 - 1, 4 - 1]


@pytest.mark.parametrize(
    ("mask", "banks", "late"),
    [
        # Slots 0 and 4 both lie in bank 0 of four: two words by cycle 1, and four by 2.
        ("x...x...", 4, 2),
        # Slots 0 and 1 lie in two: each is late on its own, and the second has a cycle more.
        ("xx......", 4, 1),
        ("xx......", 1, 2),
    ],
)
def test_slots_of_a_fold_wait_for_their_banks(mask: str, banks: int, late: int) -> None:
    """By hand (M43): eight channels of 2 bits are two words of 8, in one fold of 16 rows."""
    changes = WS | {
        "array.rows": 16,
        "memory.ports": "all",
        "memory.activation_sram.banks": banks,
        "memory.activation_sram.port_bits": 8,
    }
    job, timing = gated_pass(linear(8, 8, 2, gate="input"), drawn(mask), changes)
    assert by_tile(job, timing.port_stall_cycles) == [[late]]


def test_lanes_that_are_positions_make_slots_of_channels() -> None:
    """By hand, the example under `is`: three groups of 2, 2 and 1 positions, slots are 2 channels.

    A lane has a bit where a pixel of its own is important: both channels are issued in the first
    group for position 1, in the second for position 3 under the left tap, and for 2 under others.
    """
    job, timing = gated_pass(ROW, drawn("..x.."), IS)
    left, others = timing.every_fold
    assert by_tile(job, left.issue.slots) == [[0], [2], [0]]
    assert by_tile(job, others.issue.slots) == [[2], [2], [0]]
    assert by_tile(job, others.issue.entries) == [[2], [2], [0]]
    assert by_tile(job, timing.done_macs) == [[2 * 4], [2 * 2 + 2 * 4], [0]]
    assert by_tile(job, timing.macs) == [[4], [8], [0]]


def test_one_pixel_is_one_of_everything() -> None:
    """The smallest layer: one pixel, tap, channel and output; important, and not."""
    layer = linear(1, 1, 1, gate="input")
    for bit, one in (("x", 1), (".", 0)):
        job, timing = gated_pass(layer, drawn(bit), WS)
        counts = timing.in_tiles(job.tiling)._asdict()
        found = {name: own.item() for name, own in counts.items() if name != "terms"}
        assert found == dict.fromkeys(found, one) | {"slots_dense": 1}


def test_taps_of_some_elements() -> None:
    """Of three channels: elements 0 to 2 are the first tap's, 3 to 5 the second's."""
    job = job_of(conv(3, 1, 4, 2, gate="input"), None, WS, "pg")
    ranges = ((0, 1), (0, 3), (2, 4), (3, 6), (2, 7), (11, 12))
    expected = [(0,), (0,), (0, 1), (1,), (0, 1, 2), (3,)]
    assert [taps_of(job, *each) for each in ranges] == expected


Passes = tuple[int, Beside, int, FoldByFold, list[ReferencePass]]


def reference_passes(cases: Iterable[Case]) -> Iterator[Passes]:
    """The gated passes of cases: pgsim's, and the reference's of each tile."""
    for case in cases:
        for own in beside(case):
            for index, timing in enumerate(own.timings):
                if isinstance(timing, FoldByFold):
                    yield case.seed, own, index, timing, [each.passes[index] for each in own.plans]


@pytest.fixture(scope="module")
def seeded() -> list[Passes]:
    """Those of seeded cases."""
    return list(reference_passes(map(steady_case, SEEDS)))


def test_every_fold_of_every_tile_is_the_references(seeded: list[Passes]) -> None:
    """Counted entry by entry in what `tests/reference` issues in each fold."""
    flows = set()
    for seed, own, index, timing, passes in seeded:
        job, reference = own.job, own.reference
        _, cycles = reference.rate(index)
        expected = {
            "slots": [len(one.issue.slots) for one in passes],
            "vectors": [one.issue.vectors for one in passes],
            "entries": [one.touched for one in passes],
            "active": [sum(any(row) for m in one.every_mask for row in m) for one in passes],
            "ideal": [
                sum(len(ideal(mask, reference.columns).slots) for mask in one.every_mask)
                for one in passes
            ],
            "fullest": [sum(map(fullest_lane, one.every_mask)) for one in passes],
            "folds": [len(one.folds) for one in passes],
            "last": [one.folds[-1].steps * cycles if one.folds else 0 for one in passes],
            "steady": [sum(steady_cycles(fold, cycles) for fold in one.folds) for one in passes],
            "done": [one.done_macs for one in passes],
            "useful": [useful_macs(reference, plan) for plan in own.plans],
            "lanes": [one.lane_elements for one in passes],
            "read": [one.read_elements for one in passes],
            "visits": [one.entries for one in passes],
            "busy": [busy_pe_cycles(one, cycles) for one in passes],
            "dense": [len(one.every_mask) * len(one.every_mask[0]) for one in passes],
        }
        issue = timing.issue
        found = {
            "slots": issue.slots,
            "vectors": issue.vectors,
            "entries": issue.entries,
            "active": issue.active_slots,
            "ideal": issue.ideal,
            "fullest": issue.fullest_lane,
            "folds": timing.folds,
            "last": timing.fold_cycles,
            "steady": timing.steady_cycles,
            "done": timing.done_macs,
            "useful": timing.macs,
            "lanes": timing.lane_elements,
            "read": timing.read_elements(job),
            "visits": timing.visited_sums(np.array(1)),
            "busy": timing.busy_pe_cycles,
            "dense": timing.all_slots(job.tiling),
        }
        for name, counts in found.items():
            assert own.by_tile(counts) == expected[name], (seed, index, name)
        flows.add(reference.dataflow)
    assert flows == {"ws", "is", "bitfusion"}


def busy_pe_cycles(one: ReferencePass, cycles: int) -> int:
    """Cycles of every entry in every row that a fold fills."""
    return sum(
        len(fold.chunks) * cycles * sum(map(len, issue.slots))
        for fold, issue in zip(one.folds, one.issues, strict=True)
    )


def test_folds_begin_one_after_the_other(seeded: list[Passes]) -> None:
    """Walked fold by fold of the reference, with the spacing of M16 and M17."""
    for seed, own, index, timing, passes in seeded:
        walk, (_, cycles) = FoldWalk.of(own.reference.arch["array"]), own.reference.rate(index)
        held, ends = [], []
        for one in passes:
            steady = [steady_cycles(fold, cycles) for fold in one.folds]
            begins = walk.begins(steady)
            ends.append(begins[-2] + steady[-1] if steady else 0)
            held.append(begins[-1] if walk.overlap == "none" else ends[-1])
        assert own.by_tile(timing.held_cycles(own.job.arch.array)) == held, (seed, index)
        assert own.by_tile(timing.end_cycles()) == ends, (seed, index)


def test_ports_are_as_late_as_in_any_step() -> None:
    """Walked step by step and row by row of the reference's folds (M21, M43)."""
    narrow = (through_narrow_ports(steady_case(seed)) for seed in SEEDS)
    waited = {"slots": 0, "all": 0, "lanes": 0}
    for seed, own, index, timing, passes in reference_passes(narrow):
        never = own.reference.arch["lsb"]["scheduler"] == "ideal"
        slots = [0 if never else slots_late(own.reference, one) for one in passes]
        found = own.by_tile(np.maximum(timing.port_stall_cycles, 0))
        assert found == slots, (seed, index)
        lanes = [
            lanes_late(own.reference, one, len(plan.tile.lanes))
            for plan, one in zip(own.plans, passes, strict=True)
        ]
        late = own.by_tile(timing.lanes_late_cycles(own.job) * timing.executed)
        assert [max(0, each) for each in late] == lanes, (seed, index)
        waited[own.reference.arch["memory"]["ports"]] += any(slots)
        waited["lanes"] += any(lanes)
    assert min(waited.values()) > 0, waited
