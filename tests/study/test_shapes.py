"""Arrays of equal logic area: all their shapes, and the fastest of them."""

from __future__ import annotations

import pytest
from designs import conv, design, linear, random_mask, trace_of

from pgsim import ArchConfig, load_trace, simulate
from pgsim.arch import DATAFLOWS
from pgsim.model.mask_work import WorkStore
from pgsim.schemes import scheme_named
from pgsim.study import shapes as module
from pgsim.study.shapes import fastest, shapes_of


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


def test_a_bound_is_the_steady_cycles_of_a_layer_that_never_waits() -> None:
    # 6 positions of 1 channel, D = 3, `os` on 4 x 2: two folds of 3 cycles; 5 images, 3 a batch:
    # 18 positions are 5 folds, 12 are 3.
    trace = trace_of(linear(6, 3, 1, gate="none", msb_bits=None), images=5)
    for batch, cycles in ((1, 5 * 6), (3, (5 + 3) * 3)):
        arch = design({"batch": batch})
        assert module._least_cycles(trace, arch, scheme_named("full"), 5) == cycles
        assert sum(simulate(trace, arch, "full").layers["msb_cycles"]) == cycles
