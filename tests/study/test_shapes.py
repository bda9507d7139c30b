"""Arrays of equal logic area: all their shapes, and the fastest of them."""

from __future__ import annotations

import pytest
from designs import conv, design, linear, random_mask, trace_of

from pgsim import ArchConfig, GateTrace, load_trace, simulate
from pgsim.arch import DATAFLOWS
from pgsim.model.job import Job
from pgsim.model.work_store import WorkStore
from pgsim.schemes import scheme_named
from pgsim.study import shapes as module
from pgsim.study.counting import Network
from pgsim.study.shapes import Shape, fastest, shapes_of


def sides(found: tuple[ArchConfig, ...]) -> set[tuple[int, int]]:
    return {(each.array.rows, each.array.columns) for each in found}


@pytest.mark.parametrize("pes", [1, 2, 7, 12, 100])
def test_shapes_are_those_to_which_no_row_or_column_can_be_added(pes: int) -> None:
    fitting = {(r, c) for r in range(1, pes + 1) for c in range(1, pes + 1) if r * c <= pes}
    maximal = {
        (r, c) for r, c in fitting if (r + 1, c) not in fitting and (r, c + 1) not in fitting
    }
    assert sides(shapes_of(design(), pes)) == maximal


def test_no_side_is_longer_than_an_array_may_have() -> None:
    # 5000 PEs: beyond 1024 a side stays, so that 1024 x 4 is there, and 5000 x 1 is not.
    found = sides(shapes_of(design({"memory.output_sram.kib": 1 << 16}), 5000))
    assert {(1024, 4), (4, 1024), (70, 71), (71, 70)} <= found
    assert max(max(each) for each in found) == 1024


def test_shapes_that_the_rest_of_the_design_refuses_are_left_out() -> None:
    # Half of 1 KiB are 4096 bits, 128 sums of 32 bits: a fold of 16 x 16 sums does not fit.
    small = {"memory.output_sram.kib": 1, "memory.output_sram.banks": 1}
    small |= {"memory.output_sram.port_bits": 64}
    found = sides(shapes_of(design(small), 256))
    assert (16, 16) not in found
    assert all(rows * columns <= 128 for rows, columns in found)


def test_of_no_pes_there_is_no_shape() -> None:
    assert shapes_of(design(), 0) == ()


@pytest.mark.parametrize("dataflow", [name for name in DATAFLOWS if name != "row_stationary"])
@pytest.mark.parametrize("scheme", ["uniform:8,8", "full", "planes:2,2"])
@pytest.mark.parametrize("batch", [1, 3])
def test_the_fastest_is_the_fastest_of_all(dataflow: str, scheme: str, batch: int) -> None:
    layer = conv(5, 9, 7, 3)
    trace = trace_of(layer, random_mask(layer, images=4))
    arch = design({"array.dataflow": dataflow, "batch": batch, "memory.dram.bytes_per_cycle": 8})
    every = shapes_of(arch, 37)
    least = min(simulate(trace, each, scheme).cycles for each in every)
    found = fastest(trace, every, scheme_named(scheme), 0, WorkStore())
    assert found.cycles == least
    assert found.arch in every


def test_shapes_that_cannot_win_are_not_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []

    def counted(*arguments, **options):
        ran.append(arguments)
        return simulate(*arguments, **options)

    monkeypatch.setattr(module, "simulate", counted)
    trace, every = load_trace("digits_pg_4_2"), shapes_of(design(), 256)
    fastest(trace, every, scheme_named("full"), 0, WorkStore())
    assert len(ran) < len(every) / 2


def test_a_bound_is_what_a_layer_takes_that_never_waits() -> None:
    # 6 positions of 1 channel, D = 3, `os` on 4 x 2: two folds of 3 cycles; 5 images, 3 a batch:
    # 18 positions are 5 folds, 12 are 3. The skew of 4 + 2 - 2 comes once a batch.
    trace = trace_of(linear(6, 3, 1, gate="none", msb_bits=None), images=5)
    for batch, steady, batches in ((1, 5 * 6, 5), (3, (5 + 3) * 3, 2)):
        arch = design({"batch": batch})
        shape = Shape(trace, scheme_named("full"), arch, 0, WorkStore())
        (bound,) = shape.bounds
        assert (bound.times, bound.steady_cycles) == (1, steady)
        assert bound.cycles == steady + batches * 4
        found = simulate(trace, arch, "full")
        assert sum(found.layers["msb_cycles"]) == steady
        assert bound.cycles < found.cycles


def test_layers_that_are_alike_have_one_bound() -> None:
    # The first of a network may have a dataflow of its own (M47), and stands alone.
    layers = [linear(6, 3, 1, name=name, gate="none", msb_bits=None) for name in ("a", "b", "c")]
    trace = GateTrace.from_masks({}, layers, images=5)
    shape = Shape(trace, scheme_named("full"), design(), 0, WorkStore())
    assert [bound.times for bound in shape.bounds] == [1, 2]


@pytest.mark.parametrize("mapping", ["fixed", "search"])
def test_a_shape_may_take_fewer_cycles_than_more_than_it_takes(mapping: str) -> None:
    trace, scheme = load_trace("digits_pg_4_2"), scheme_named("full")
    for arch in shapes_of(design({"mapping.kind": mapping, "memory.retain": True}), 64)[::3]:
        cycles = simulate(trace, arch, scheme).cycles
        shape = Shape(trace, scheme, arch, 0, WorkStore())
        assert shape.steady_cycles <= sum(each.times * each.cycles for each in shape.bounds)
        assert shape.may_take_fewer(cycles + 1)
        assert not shape.may_take_fewer(cycles)


def test_a_shape_is_left_once_its_layers_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = []

    def noted(self: Network, job: Job) -> int:
        mapped.append(job)
        return own(self, job)

    own = Network.cycles
    monkeypatch.setattr(Network, "cycles", noted)
    trace, store = load_trace("digits_pg_4_2"), WorkStore()
    shape = Shape(trace, scheme_named("full"), design(), 0, store)
    least = sum(each.times * each.cycles for each in shape.bounds)
    assert not shape.may_take_fewer(least)
    assert not mapped
    assert not shape.may_take_fewer(least + 1)
    assert len(mapped) == 1 < len(shape.bounds)


def test_layers_that_have_nests_of_their_own_are_not_alike() -> None:
    layers = [conv(4, 6, 8, 3, name=name, gate="none", msb_bits=None) for name in "abc"]
    trace, scheme = GateTrace.from_masks({}, layers, images=2), scheme_named("full")
    nest = {"layer": "c", "order": "KCNPQ", "block_in_channels": 1, "block_channels": 1}
    changes = {"mapping.nests": [nest], "memory.dram.bytes_per_cycle": 2}
    cycles = set()
    for arch in shapes_of(design(changes), 12):
        shape = Shape(trace, scheme, arch, 0, WorkStore())
        assert [each.times for each in shape.bounds] == [1, 1, 1]
        found = simulate(trace, arch, scheme)
        cycles |= {layer.ledger.total()["cycles"] for layer in found.layer_results[1:]}
        assert shape.may_take_fewer(found.cycles + 1)
        assert not shape.may_take_fewer(found.cycles)
    assert len(cycles) > len(shapes_of(design(changes), 12))  # b and c take different times
