"""Passes on PEs that go by values, tile by tile: by hand, and fold by fold stepped (M58)."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from designs import conv, design, linear, recurrent, trace_of
from reference import sweeps_of
from reference.layers import layer_of
from reference.mapping import Job as ReferenceJob
from reference.mapping import runs_of, tiles_of
from reference.plans import plan_tile
from value_cases import ValueCase, value_case

from pgsim import ArchConfig, GateTrace, InputError, LayerShape
from pgsim.model import values as module
from pgsim.model.blocks import Block, blocks_of
from pgsim.model.job import Job
from pgsim.model.passes import Timings
from pgsim.model.values import ValueTiming, check_known, time_by_values
from pgsim.schemes import scheme_named
from pgsim.study.jobs import jobs_of
from pgsim.workload import LayerOperands, Operands, trace_with_operands
from pgsim.workload.operands import THRESHOLD_DTYPE, operand_dtype

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
ONE_LANE = {"array.rows": 2, "array.pe.kind": "pragmatic", "array.pe.terms": 1}
# Positions of two elements, each a step: 3 and 1 terms, 1 and none, 2 and 1.
THREE = [[7, 1], [1, 0], [3, 1]]


def fed(layer: LayerShape, activations: Any, weights: Any = 1) -> GateTrace:
    """A trace of one layer; activations: [image][in channel][position]. Or of one weight."""
    images = np.array(activations, operand_dtype(layer.activation_bits, layer.signed))
    images = images.reshape(len(images), layer.in_channels, *layer.image_in_size)
    kernels = (layer.out_channels, layer.in_channels_per_group, *layer.kernel_size)
    own = np.broadcast_to(np.array(weights, operand_dtype(layer.weight_bits, True)), kernels)
    operands = LayerOperands(layer, images, own.copy(), np.zeros(0, THRESHOLD_DTYPE))
    trace = trace_of(layer, images=len(images))
    return trace_with_operands(trace, Operands(trace.name, "0" * 64, 0, (operands,)))


def timed(trace: GateTrace, changes: dict[str, Any], scheme: str = "full") -> tuple[Job, Timings]:
    """The passes of its only layer over all of its images, which are whole batches."""
    (job,) = jobs_of(trace, design(changes), scheme_named(scheme))
    block = Block(0, job.batch, trace.images // job.batch, calibration=0)
    return job, time_by_values(job, block)


def three(changes: dict[str, Any], **fields: Any) -> tuple[Job, ValueTiming]:
    """The three positions by three channels, lane groups of 2 and 1."""
    layer = linear(3, 2, 3, **UNGATED | fields)
    job, (timing,) = timed(fed(layer, [np.transpose(THREE)]), ONE_LANE | changes)
    assert isinstance(timing, ValueTiming)
    return job, timing


def by_tile(job: Job, counts: Any) -> list[list[int]]:
    return np.broadcast_to(counts, job.tiling.tiles(1))[0, 0].tolist()


def test_folds_take_what_their_values_say() -> None:
    """By hand: a fold of the first position, 3 + 1 cycles; of the others, 2 + 1."""
    job, timing = three({})
    array = job.arch.array
    assert by_tile(job, timing.fold_cycles) == [[4]] * 2  # of the first fold
    assert by_tile(job, timing.steady_cycles) == [[4 + 3]] * 2
    assert by_tile(job, timing.end_cycles()) == by_tile(job, timing.held_cycles(array))
    assert by_tile(job, timing.end_cycles()) == [[4 + 3]] * 2
    # The positions are busy for 4, 1 + 1 and 2 + 1 cycles and have 4, 1 and 3 terms in each lane.
    assert by_tile(job, timing.busy_pe_cycles) == [[2 * 9], [9]]
    assert by_tile(job, timing.terms) == [[2 * 8], [8]]
    assert by_tile(job, timing.loaded_elements(np.array(99))) == [[2 * 2]] * 2
    assert by_tile(job, timing.folds) == [[2]] * 2
    # Alone each fold has a skew of 2 + 2 - 2 behind it.
    job, timing = three({"array.overlap": "none"})
    assert by_tile(job, timing.held_cycles(job.arch.array)) == [[4 + 2 + 3 + 2]] * 2
    assert by_tile(job, timing.end_cycles()) == [[4 + 2 + 3]] * 2


def test_a_short_fold_waits_until_the_sums_before_it_have_left() -> None:
    """By hand: on 5 rows a fold of one position, and of five."""
    layer = linear(6, 1, 1, **UNGATED)
    job, (timing,) = timed(fed(layer, [[[3, 0, 0, 0, 0, 0]]]), ONE_LANE | {"array.rows": 5})
    # One position of 2 cycles, then five of one cycle, which end 5 cycles after the first.
    assert by_tile(job, timing.steady_cycles) == [[2 + 1]]
    assert by_tile(job, timing.end_cycles()) == [[2 + 5]]


def test_windows_have_folds_of_their_own() -> None:
    """By hand: room for the sums of two positions. They take 3 and 1 cycles, the last one 2 + 1."""
    room = {"kib": 2 * 2 * 2 * 32 / 8192, "banks": 1, "port_bits": 8}
    job, timing = three({f"memory.output_sram.{key}": own for key, own in room.items()})
    assert job.tiling.window_slots.tolist() == [2, 1]
    assert by_tile(job, timing.steady_cycles) == [[3 + 1, 2 + 1]] * 2
    assert by_tile(job, timing.terms) == [[2 * 5, 2 * 3], [5, 3]]


@pytest.mark.parametrize(
    ("changes", "slots", "lanes"),
    [
        # Vectors of two elements of 8 bits: 16 bits by cycle 4, and 48 by 7. Weights of two lanes:
        # 32 bits by cycle 4, and 64 by 7; of one lane half of that.
        ({}, 0, [8 - 7, 0]),
        # In words of their own: bank 0 has slots 0 and 2, four words by 7; one bank has six.
        ({"memory.ports": "all", "memory.activation_sram.banks": 2}, 0, [1, 0]),
        ({"memory.ports": "all"}, 0, [1, 0]),
    ],
)
def test_what_a_fold_needs_is_there_by_its_end(
    changes: dict[str, Any], slots: int, lanes: list[int]
) -> None:
    """By hand, of folds that end with cycles 4 and 7, through ports of 8 bits."""
    narrow = {
        f"memory.{operand}_sram.{key}": own
        for operand in ("activation", "weight")
        for key, own in (("banks", 1), ("port_bits", 8))
    }
    job, timing = three(narrow | changes, activation_bits=8, msb_bits=8)
    assert by_tile(job, timing.port_stall_cycles) == [[slots]] * 2
    late = np.maximum(timing.lanes_late_cycles(job), 0)
    assert by_tile(job, late) == [[own] for own in lanes]


@pytest.mark.parametrize(
    ("ports", "banks", "late"), [("slots", 1, 2), ("all", 1, 2), ("all", 2, 0), ("slots", 2, 0)]
)
def test_slots_that_are_zero_are_read_all_the_same(ports: str, banks: int, late: int) -> None:
    """By hand: folds of one and two positions of zeros, in 2 cycles each, by ports of 8 bits.

    By cycle 4 three vectors of two bytes have come, in 6 cycles of one bank; of two banks the first
    has slots 0 and 2, four bytes.
    """
    layer = linear(3, 2, 1, activation_bits=8, **UNGATED)
    port = {"memory.activation_sram.banks": banks, "memory.activation_sram.port_bits": 8}
    trace = fed(layer, np.zeros((1, 2, 3)))
    job, (timing,) = timed(trace, ONE_LANE | port | {"memory.ports": ports})
    assert by_tile(job, timing.end_cycles()) == [[4]]
    assert by_tile(job, timing.port_stall_cycles) == [[late]]


def test_a_first_fold_may_be_the_latest() -> None:
    """By hand: two positions of zeros take 2 cycles, and two of four terms an element 8 more.

    In 2 cycles a port of 8 bits brings half of the two vectors, and of two lanes' weights, that the
    first fold needs; in 10 all that the second needs as well.
    """
    layer = linear(4, 2, 2, activation_bits=8, **UNGATED)
    port = {f"memory.{name}_sram.banks": 1 for name in ("activation", "weight")}
    port |= {f"memory.{name}_sram.port_bits": 8 for name in ("activation", "weight")}
    trace = fed(layer, [[[0, 0, 15, 15]] * 2])
    job, (timing,) = timed(trace, ONE_LANE | port)
    assert by_tile(job, timing.end_cycles()) == [[2 + 8]]
    assert by_tile(job, timing.port_stall_cycles) == [[2]]
    assert by_tile(job, timing.lanes_late_cycles(job)) == [[2]]


def test_weights_whose_activations_are_zero_are_not_read() -> None:
    """By hand, MODEL.md's example: elements 1, 2 and 3 are not 0 in one of two rows."""
    layer = linear(2, 6, 2, **UNGATED)
    rows = [[0, 1, 0, 2, 0, 0], [0, 0, 3, 0, 0, 0]]
    changes = {"array.pe.kind": "zero_skip", "array.pe.terms": 2}
    job, (timing,) = timed(fed(layer, [np.transpose(rows)]), changes)
    assert by_tile(job, timing.steady_cycles) == [[2]]
    assert by_tile(job, timing.loaded_elements(np.array(1))) == [[3]]
    assert by_tile(job, timing.terms) == [[2 * 3]]


def test_planes_are_what_each_pass_multiplies() -> None:
    """By hand: of -3, or 1101, the upper plane of 2 bits is -1, and the lower 1; of 7, 1 and 3."""
    layer = linear(2, 1, 1, signed=True, **UNGATED)
    job, passes = timed(fed(layer, [[[-3, 7]]]), ONE_LANE | {"array.rows": 1}, "planes:2,2")
    assert [by_tile(job, each.terms) for each in passes] == [[[1 + 1]], [[1 + 2]]]
    assert [by_tile(job, each.fold_cycles) for each in passes] == [[[1]], [[1]]]


def test_weights_have_planes_too() -> None:
    """By hand: 6, or 0110, by 3 is 2 x 2 products; its planes 1 and 2 have one each by 3."""
    layer = linear(1, 1, 1, weight_bits=4, **UNGATED)
    laconic = {"array.pe.kind": "laconic", "array.pe.terms": 1}
    job, (whole,) = timed(fed(layer, [[[3]]], 6), laconic)
    assert by_tile(job, whole.terms) == [[4]]
    job, passes = timed(fed(layer, [[[3]]], 6), laconic, "planes:4/2,2")
    assert [by_tile(job, each.terms) for each in passes] == [[[2]], [[2]]]


def test_images_of_a_batch_are_slots_one_after_the_other() -> None:
    """By hand: images of 1 and 3 and of 7 and 1 in one column of two rows, two folds a batch."""
    layer = linear(2, 1, 1, **UNGATED)
    trace = fed(layer, [[[1, 3]], [[7, 1]], [[0, 0]], [[15, 0]]])
    _, (timing,) = timed(trace, ONE_LANE | {"batch": 2})
    cycles = np.broadcast_to(timing.steady_cycles, (2, 1, 1, 1)).ravel().tolist()
    assert cycles == [2 + 3, 1 + 4]
    _, (timing,) = timed(trace, ONE_LANE)
    assert timing.steady_cycles.ravel().tolist() == [2, 3, 1, 4]


def test_time_steps_are_runs_of_all_images_of_a_batch() -> None:
    """By hand: in step 1 the images have 1 and 3, in step 2 7 and 1, and in step 3 zeros."""
    layer = recurrent(3, 1, 1, **UNGATED)
    trace = fed(layer, [[[1, 7, 0]], [[3, 1, 0]]])
    _, (timing,) = timed(trace, ONE_LANE | {"batch": 2})
    assert timing.steady_cycles.ravel().tolist() == [2, 3, 1]
    assert timing.terms.ravel().tolist() == [3, 4, 0]


def test_groups_multiply_channels_of_their_own() -> None:
    """By hand: one pixel, of which group 1 has 1 and group 2 has 7, for two channels each."""
    layer = conv(2, 4, 1, 1, groups=2, **UNGATED)
    _, (timing,) = timed(fed(layer, [[[1], [7]]]), ONE_LANE)
    assert timing.steady_cycles.ravel().tolist() == [1, 3]
    assert timing.terms.ravel().tolist() == [2, 6]


def test_padding_is_zero() -> None:
    """By hand: a pixel of 7 under the middle tap of 3, two on padding: 3 cycles and 1 each."""
    layer = conv(1, 1, 1, 1, **UNGATED).replace(kernel=(1, 3), padding=(0, 0, 1, 1))
    job, (timing,) = timed(fed(layer, [[[7]]]), ONE_LANE)
    assert by_tile(job, timing.steady_cycles) == [[1 + 3 + 1]]
    assert by_tile(job, timing.terms) == [[3]]


def test_folds_that_are_looked_at_apart_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: one row, positions of 1, 2, 3, 4 and 0 terms, two folds at a time."""
    monkeypatch.setattr(module, "_MOST_ELEMENTS", 2)
    layer = linear(5, 1, 1, **UNGATED)
    job, (timing,) = timed(fed(layer, [[[1, 3, 7, 15, 0]]]), ONE_LANE | {"array.rows": 1})
    assert by_tile(job, timing.steady_cycles) == [[1 + 2 + 3 + 4 + 1]]
    assert by_tile(job, timing.fold_cycles) == [[1]]


def test_layers_without_values_are_refused() -> None:
    layer = linear(3, 2, 3, **UNGATED)
    (job,) = jobs_of(trace_of(layer), design(ONE_LANE), scheme_named("full"))
    with pytest.raises(InputError, match=r"'linear' on test-4x2: PE pragmatic goes by .* has none"):
        check_known([job])
    (job,) = jobs_of(trace_of(layer), design(), scheme_named("full"))
    check_known([job])  # fixed PEs ask for none


@pytest.mark.parametrize(
    ("scheme", "what"),
    [
        ("uniform:8,8", "activation bits than the layer's 4"),
        ("uniform:3,8", "activation bits than the layer's 4"),
        ("uniform:4,4", "weight bits than the layer's 8"),
    ],
)
def test_planes_of_other_bits_are_refused(scheme: str, what: str) -> None:
    """The layer has activations of 4 bits and weights of 8; nobody knows other values."""
    trace = fed(linear(3, 2, 3, **UNGATED), [np.transpose(THREE)])
    with pytest.raises(InputError, match=what):
        check_known(jobs_of(trace, design(ONE_LANE), scheme_named(scheme)))
    for known in ("planes:2,2/4,4", "planes:2,1/4,3"):  # with the top bits of both
        check_known(jobs_of(trace, design(ONE_LANE), scheme_named(known)))


@pytest.mark.parametrize("seed", range(25))
def test_every_tile_is_stepped(seed: int) -> None:
    """Each fold's cycles, busy PEs, terms and weights, as `tests/reference` steps its lanes."""
    own = value_case(seed)
    job, found = found_of(own)
    reference, plans = stepped(own)
    for index in range(len(job.passes)):
        folds = [plan.passes[index].folds for plan in plans]
        cycles = [[fold.steps for fold in own] for own in folds]
        expected = {
            "first": [each[0] for each in cycles],
            "steady": list(map(sum, cycles)),
            "end": [end_of(reference, each) for each in cycles],
            "busy": [sum(len(pes) for fold in own for pes in fold.busy) for own in folds],
            "terms": [sum(fold.terms for fold in own) for own in folds],
            "weights": [sum(fold.weights_read for fold in own) for own in folds],
        }
        assert {name: counts[index] for name, counts in found.items()} == expected


def found_of(own: ValueCase) -> tuple[Job, dict[str, list[list[int]]]]:
    """What pgsim finds of every pass in every tile of every batch."""
    arch = ArchConfig.model_validate(own.case.arch)
    (job,) = jobs_of(own.trace, arch, scheme_named(own.case.scheme))
    found: dict[str, list[list[int]]] = {}
    for block in blocks_of(job, 0, own.case.images):
        batch = job.of_batch(block.batch)
        for index, timing in enumerate(time_by_values(batch, block)):
            counts = {
                "first": timing.fold_cycles,
                "steady": timing.steady_cycles,
                "end": timing.end_cycles(),
                "busy": timing.busy_pe_cycles,
                "terms": timing.terms,
                "weights": timing.loaded_elements(np.array(0)),
            }
            for name, each in counts.items():
                every = np.broadcast_to(each, batch.tiling.tiles(block.batches)).ravel().tolist()
                passes = found.setdefault(name, [[] for _ in job.passes])
                passes[index] += every
    return job, found


def stepped(own: ValueCase) -> tuple[ReferenceJob, list[Any]]:
    """The reference's plans of every tile, whose folds are stepped."""
    case = own.case
    shape = layer_of(case.layer)
    passes = sweeps_of(shape, case.scheme, case.arch)
    job = ReferenceJob(shape, passes, case.arch, first=True, operands=own.operands)
    runs = runs_of(job, case.images)
    return job, [plan_tile(job, tile, None) for run in runs for tile in tiles_of(job, run, None)]


def end_of(job: ReferenceJob, cycles: list[int]) -> int:
    """When the last of folds of so many cycles ends (M16, M17)."""
    if job.arch["array"]["overlap"] == "none":
        return sum(cycles) + (len(cycles) - 1) * (job.rows + job.columns - 2)
    *_, end = accumulate(cycles, lambda end, own: end + max(own, job.rows))
    return end
