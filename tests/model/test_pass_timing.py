"""What follows from a pass's folds in every tile: by hand, and against a walk over its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
from designs import conv, drawn, filled, linear, random_mask
from fold_walks import FoldWalk, late_cycles
from jobs import Listed, job_of, mask_work
from reference import macs_and_cycles
from reference.folds import short_first

from pgsim.model.job import Job
from pgsim.model.pass_timing import PassTiming
from pgsim.model.passes import time_passes
from pgsim.schemes import ACTIVATIONS, WEIGHTS

# Lane groups of 2 and 1 channels, windows of 4 and 2 slots, and 3 elements. The LSB pass issues 3
# and 1 slots of the first lane group, with 4 and 1 entries, and nothing of the second.
LAYER, MASK = linear(6, 3, 3), drawn("x.x... .xx.x. ......")
WINDOWS = {"lsb.window": 4}
WS, IS = {"array.dataflow": "ws"}, {"array.dataflow": "is"}
ALONE = {"array.overlap": "none"}


def timed(
    changes: Mapping[str, Any], scheme: str | Listed = "pg", layer: Any = LAYER, mask: Any = MASK
) -> tuple[Job, tuple[PassTiming, ...]]:
    job = job_of(layer, mask if layer.gate != "none" else None, changes, scheme)
    return job, time_passes(job, mask_work(job) if job.gated else None)


def by_tile(job: Job, counts: Any) -> list[list[int]]:
    """Counts of the tiles of the one run and group, (lane groups, windows)."""
    return np.broadcast_to(counts, job.tiling.tiles(1))[0, 0].tolist()


def test_a_pass_holds_the_array_from_its_first_step_to_its_last() -> None:
    # One window of 6 slots: two folds of 3 cycles that begin 4 apart, as 4 rows send their sums.
    job, (msb,) = timed({}, "full")
    assert by_tile(job, msb.held_cycles(job.arch.array)) == [[4 + 3]] * 2
    assert by_tile(job, msb.end_cycles()) == [[4 + 3]] * 2
    # Alone each has its skew of 4 + 2 - 2; the last one's begins after its end.
    job, (msb,) = timed(ALONE, "full")
    assert by_tile(job, msb.held_cycles(job.arch.array)) == [[2 * (3 + 4)]] * 2
    assert by_tile(job, msb.end_cycles()) == [[3 + 4 + 3]] * 2


def test_a_pass_that_issues_nothing_holds_nothing() -> None:
    # `ws` on two rows: two folds of 3 and of 1 slots, 2 cycles apart at least.
    job, (_, lsb) = timed(WINDOWS | WS | {"array.rows": 2})
    assert by_tile(job, lsb.executed) == [[1, 1], [0, 0]]
    assert by_tile(job, lsb.held_cycles(job.arch.array)) == [[3 + 3, 2 + 1], [0, 0]]
    # Alone each loads for two cycles and has a skew of 2 + 2 - 2.
    job, (_, lsb) = timed(WINDOWS | WS | ALONE | {"array.rows": 2})
    assert by_tile(job, lsb.held_cycles(job.arch.array)) == [[2 * (3 + 4), 2 * (1 + 4)], [0, 0]]


def test_cycles_that_a_convention_leaves_out_are_not_steady() -> None:
    # 4 and 2 slots of the first pass under `ws`: one fold of so many cycles, less those missed.
    job, (msb, _) = timed(WINDOWS | WS)
    assert by_tile(job, msb.steady_cycles) == [[4, 2]] * 2
    missed = replace(msb, missed_cycles=np.array([[[[1]]]]))
    assert by_tile(job, missed.steady_cycles) == [[3, 1]] * 2


def test_what_pes_do_on_entries() -> None:
    """By hand: entries times 3 elements, two steps of a fusion PE that takes 2 of 4 x 8 bits."""
    dense, gated = (((0, 4), (0, 8)),), (((0, 2), (0, 4)),)
    job, (first, second) = timed(WINDOWS | {"array.pe.kind": "fusion"}, Listed(dense, gated))
    assert (first.rate.macs, first.rate.cycles) == (2, 1)
    assert by_tile(job, first.done_macs) == [[8 * 3, 4 * 3], [4 * 3, 2 * 3]]
    assert by_tile(job, first.busy_pe_cycles) == [[8 * 2, 4 * 2], [4 * 2, 2 * 2]]
    assert by_tile(job, second.done_macs) == by_tile(job, second.macs) == [[4 * 3, 3], [0, 0]]
    assert by_tile(job, second.mac_bits(ACTIVATIONS)) == [[12 * 2, 3 * 2], [0, 0]]
    assert by_tile(job, second.mac_bits(WEIGHTS)) == [[12 * 4, 3 * 4], [0, 0]]
    assert by_tile(job, first.visited_sums(np.array(3))) == [[8 * 3, 4 * 3], [4 * 3, 2 * 3]]
    assert by_tile(job, second.loaded_elements(np.array([[[[2, 1]]]]))) == [[2 * 3, 3]] * 2


def test_a_mask_of_pixels_says_which_macs_are_useful() -> None:
    """MODEL.md's example (M52): 3 taps of pixel 2, by 2 channels and 2 outputs; `os` does more."""
    layer = conv(2, 2, 5, 3, gate="input").replace(
        in_size=(1, 5), kernel=(1, 3), padding=(0, 0, 1, 1)
    )
    job, (_, lsb) = timed({}, "pg", layer, drawn("..x.."))
    assert by_tile(job, lsb.macs) == [[12]]
    assert by_tile(job, lsb.done_macs) == [[3 * 2 * 6]]  # three positions of six elements
    assert by_tile(job, lsb.in_tiles(job.tiling).macs) == [[12]]


def test_slots_go_through_as_many_folds_as_the_reduction_has() -> None:
    for changes, folds in (({}, 1), (WS, 1), (WS | {"array.rows": 2}, 2)):
        _, (msb, lsb) = timed(WINDOWS | changes)
        assert not lsb.counted_by_fold
        assert (msb.slot_folds, lsb.slot_folds) == (folds, folds)


def test_what_a_pass_counts_in_a_tile() -> None:
    """All by hand, of the MSB and the LSB pass under `ws` on two rows, which are two folds."""
    job, (msb, lsb) = timed(WINDOWS | WS | {"array.rows": 2})
    counts = [
        {name: by_tile(job, each) for name, each in one.in_tiles(job.tiling)._asdict().items()}
        for one in (msb, lsb)
    ]
    outputs = [[8, 4], [4, 2]]
    slots = [[4, 2], [4, 2]]
    none = [[0, 0], [0, 0]]
    assert counts[0] == {
        "outputs": outputs,
        "slots_dense": slots,
        "slots_issued": slots,
        "slots_ideal": [[4, 2], [2, 1]],
        "slots_fullest_lane": slots,
        "active_slots": slots,
        "steady_cycles": [[8, 4], [8, 4]],
        "busy_pe_cycles": [[24, 12], [12, 6]],
        "macs": [[24, 12], [12, 6]],
        "terms": none,
    }
    assert counts[1] == {
        "outputs": [[4, 1], [0, 0]],
        "slots_dense": slots,
        "slots_issued": [[3, 1], [0, 0]],
        "slots_ideal": [[2, 1], [0, 0]],
        "slots_fullest_lane": [[2, 1], [0, 0]],
        "active_slots": [[3, 1], [0, 0]],
        "steady_cycles": [[6, 2], [0, 0]],
        "busy_pe_cycles": [[12, 3], [0, 0]],
        "macs": [[12, 3], [0, 0]],
        "terms": none,
    }


def test_what_slots_read() -> None:
    """By hand (M22, M43): bits, or where all ports are limited, whole words of each vector."""
    # 4 + 2 slots of 3 elements of 2 bits; 3 and 1 slots of the LSB pass, and under `queue` 4 and 1
    # entries.
    job, (msb, lsb) = timed(WINDOWS)
    assert by_tile(job, msb.read_bits(job, 0)) == [[24, 12]] * 2
    assert by_tile(job, lsb.read_bits(job, 1)) == [[18, 6], [0, 0]]
    job, (_, lsb) = timed(WINDOWS | {"lsb.scheduler": "queue", "lsb.depth": 1})
    assert by_tile(job, lsb.read_bits(job, 1)) == [[24, 6], [0, 0]]
    # `is`: slots are channels, one window of two and one of one, whose weights have 8 bits; with
    # words of 16 a vector of 3 weights takes two, 32 bits.
    job, (one,) = timed(IS | {"lsb.window": 2}, "full")
    assert by_tile(job, one.read_bits(job, 0)) == [[3 * 3 * 8]] * 3
    words = {"memory.ports": "all", "memory.weight_sram.port_bits": 16}
    job, (one,) = timed(IS | words, "full")
    assert by_tile(job, one.read_bits(job, 0)) == [[3 * 32]] * 3
    # On two rows the first fold has the first weight, and the second the others: a word each.
    job, (one,) = timed(IS | words | {"array.rows": 2}, "full")
    assert by_tile(job, one.read_bits(job, 0)) == [[3 * (16 + 32)]] * 3


class Walk:
    """A pass of so many slots, step by step and row by row, from the text of M15 and M43."""

    def __init__(self, job: Job, index: int) -> None:
        array, one = job.arch.array, job.passes[index]
        keys = {name: getattr(array.pe, name) for name in ("kind", "terms")}
        keys |= {f"max_{each}_bits": getattr(array.pe, f"max_{each}_bits") for each in PLANES}
        self.macs, self.cycles = macs_and_cycles(keys, one.activation_bits, one.weight_bits)
        self.begins = FoldWalk(array.rows, array.columns, array.dataflow, array.overlap)
        self.reduction, self.taps = job.shape.reduction, job.shape.taps

    def folds(self) -> list[list[list[int]]]:
        """The elements of each row of every fold of the reduction."""
        every = range(self.reduction)
        depth = self.reduction // self.taps
        by_tap = [every[tap * depth : (tap + 1) * depth] for tap in range(self.taps)]
        spans = by_tap if self.begins.dataflow == "bitfusion" else [every]
        held = [short_first(span, self.macs) for span in spans]
        return [fold for rows in held for fold in short_first(rows, self.begins.rows)]

    def needs(self, slots: int) -> Iterator[tuple[int, int]]:
        """Elements of each lane that are needed, and the cycle at whose end they are."""
        if self.begins.dataflow == "os":
            steps = short_first(range(self.reduction), self.macs)
            spacing = self.begins.spacing(len(steps) * self.cycles)
            for fold in range(-(-slots // self.begins.rows)):
                for number, step in enumerate(steps, start=1):
                    yield len(step), fold * spacing + number * self.cycles
            return
        steady = slots * self.cycles
        for number, fold in enumerate(self.folds()):
            yield from self.begins.row_needs(fold, number * self.begins.spacing(steady), steady)

    def late(self, slots: int, element_bits: int, port_bits: int) -> int:
        needs = ((elements * element_bits, when) for elements, when in self.needs(slots))
        return late_cycles(needs, port_bits)


PLANES = ("activation", "weight")


def random_job(rng: Random) -> Job:
    """A small layer on a small array whose lanes come through a narrow port."""
    channels, outputs = rng.randint(1, 7), rng.randint(1, 5)
    layer = linear(rng.randint(1, 9), channels, outputs)
    if rng.random() < 0.7:
        layer = conv(channels, outputs, rng.randint(2, 4), 2)
    dataflow = rng.choice(("os", "os", "ws", "is", "bitfusion"))
    changes = {
        "memory.ports": "all",
        "array.dataflow": dataflow,
        "array.lanes": rng.choice(("channels", "positions")) if dataflow == "os" else "channels",
        "array.overlap": rng.choice(("folds", "none")),
        "array.rows": rng.choice((1, 2, 3, 5)),
        "array.columns": rng.choice((1, 2, 3)),
        "array.pe.kind": rng.choice(("fixed", "fixed", "fusion", "serial_both")),
        "array.pe.terms": rng.choice((1, 3)),
    }
    if dataflow == "is":
        del changes["array.lanes"]
    for operand in PLANES:
        changes[f"memory.{operand}_sram.banks"] = rng.choice((1, 2))
        changes[f"memory.{operand}_sram.port_bits"] = rng.choice((8, 16))
    mask = random_mask(layer, 1, rng.randrange(99))
    return job_of(layer, mask, changes, rng.choice(("pg", "dual_dense", "full")))


def test_how_late_the_lanes_are_at_worst_is_how_late_they_are_in_any_step() -> None:
    """Every tile of a pass that happens, of 150 layers, as `Walk` finds it."""
    found = []
    for seed in range(150):
        job = random_job(Random(seed))
        lanes = job.tiling.tile_lanes
        sram = job.arch.memory.buffers[job.lane_operand.name]
        timings = time_passes(job, mask_work(job) if job.gated else None)
        for index, timing in enumerate(timings):
            walk, bits = Walk(job, index), job.lane_operand.bits(job.passes[index])
            slots, widths, late = (
                np.broadcast_to(each, job.tiling.tiles(1)).ravel().tolist()
                for each in (timing.issue.slots, lanes, timing.lanes_late_cycles(job))
            )
            for own, width, cycles in zip(slots, widths, late, strict=True):
                if own:
                    expected = walk.late(own, width * bits, sram.banks * sram.port_bits)
                    assert max(0, cycles) == expected, (seed, index, job.flow.name)
                    found.append((job.flow.name, job.arch.array.overlap, cycles > 0))
    assert len(set(found)) == 4 * 2 * 2  # each dataflow, in both ways, late and in time


def test_lanes_fall_behind_from_tap_to_tap() -> None:
    """By hand: one position, 2 x 2 taps of 5 channels under `bitfusion`, folds of 1 and of 4.

    Each of the 8 folds is one step. By the end of the last the port needs 20 weights of 8 bits, and
    brings one a cycle.
    """
    changes = {"array.dataflow": "bitfusion", "memory.weight_sram.banks": 1}
    layer = conv(5, 1, 2, 2)
    job, (timing,) = timed(
        changes | {"memory.weight_sram.port_bits": 8}, "full", layer, filled(layer, True)
    )
    assert by_tile(job, timing.lanes_late_cycles(job)) == [[20 - 8]]


def test_a_fold_alone_has_loaded_before_its_first_step() -> None:
    """By hand: four rows take a weight of 8 bits each, one a cycle, and there is one step.

    Beside other folds the rows need all four by the end of that step; alone, by that of the load.
    """
    port = {"memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 8}
    layer = linear(1, 4, 1)
    for changes, late in ((WS, 4 - 1), (WS | ALONE, 0)):
        job, (timing,) = timed(port | changes, "full", layer, filled(layer, True))
        assert by_tile(job, timing.lanes_late_cycles(job)) == [[late]]


def test_a_weight_is_in_time_for_the_only_step() -> None:
    # 8 bits through one bank of 8 are there at the end of the first cycle; 9 are a cycle late.
    one = {"memory.weight_sram.banks": 1, "memory.weight_sram.port_bits": 8}
    for bits, late in ((8, 0), (9, 1)):
        layer = linear(1, 1, 1, weight_bits=bits)
        wide = {"array.pe.max_weight_bits": 16}
        job, (timing,) = timed(one | wide, "full", layer, filled(layer, True))
        assert by_tile(job, timing.lanes_late_cycles(job)) == [[late]]


@pytest.mark.parametrize("changes", [{}, WS, IS, {"array.lanes": "positions"}])
def test_one_output_of_one_element_is_one_of_everything(changes: dict[str, Any]) -> None:
    layer = linear(1, 1, 1)
    job, (timing,) = timed(changes, "full", layer, filled(layer, True))
    counts = timing.in_tiles(job.tiling)._replace(terms=np.array(1))
    assert {int(each.item()) for each in counts} == {1}
