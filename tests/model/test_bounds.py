"""Counts near 2^62 and 2^63: exact, or refused by name; never wrapped."""

from __future__ import annotations

import numpy as np
import pytest
from any_design import any_design
from designs import conv, design, filled, linear, recurrent, trace_of
from row_cases import row_case

from pgsim import ArchConfig, GateTrace, InputError, LayerShape, simulate
from pgsim.model import bounds
from pgsim.model.bounds import (
    Size,
    check_counts,
    most_burst_size,
    rough_burst_size,
    roughly,
)
from pgsim.schemes import scheme_named
from pgsim.study.jobs import jobs_of
from pgsim.workload import layer_shape

UNGATED = {"gate": "none", "msb_bits": None}
WIDE = UNGATED | {"activation_bits": 16, "weight_bits": 16}
LARGE = {f"memory.{name}_sram.kib": 2**20 for name in ("activation", "weight", "output")}


def row_of(layer: LayerShape, images: int, changes: dict[str, object], scheme: str = "full"):
    trace = GateTrace.from_masks({}, [layer], images=images)
    return simulate(trace, design(LARGE | changes), scheme).rows[0]


def test_busy_pe_cycles_up_to_the_bound_are_exact() -> None:
    # 2^52 MACs an image, 256 cycles each on one PE of one bit by one: 2^60 busy PE cycles.
    layer = linear(2**8, 2**24, 2**20, **WIDE)
    one = {"array.pe.kind": "serial_both", "array.pe.terms": 1, "array.rows": 1, "array.columns": 1}
    for images in (1, 3):
        row = row_of(layer, images, one)
        assert row["msb_busy_pe_cycles"] == row["msb_cycles"] == images * 2**60
        assert row["cycles"] > images * 2**60
    with pytest.raises(InputError, match=rf"layer 'linear' on test-4x2: {2**64} busy PE cycles"):
        row_of(layer, 16, one)


@pytest.mark.parametrize("batch", [16384, 65536])
def test_shares_of_a_large_batch_add_up_to_the_input(batch: int) -> None:
    # 256 x 256 positions a batch of 65,536 images: 2^32 slots, whose squares pass 2^63.
    layer = conv(7, 2, 258, 3, activation_bits=8, weight_bits=8, **UNGATED)
    row = row_of(layer, batch, {"batch": batch, "memory.dram.burst_bytes": 1, "array.rows": 1})
    assert row["dram_activation_read_bytes"] == 7 * 258 * 258 * batch


def test_sums_over_layers_are_bounded_as_each_layer_is() -> None:
    one = linear(2**8, 2**24, 2**20, **WIDE)
    layers = [one.replace(name=f"layer{number}") for number in range(8)]
    arch = design(
        LARGE | {"array.pe.kind": "serial_both", "array.pe.terms": 1, "array.dataflow": "ws"}
    )
    (row,) = simulate(GateTrace.from_masks({}, layers[:1], images=1), arch, "full").rows
    assert row["msb_busy_pe_cycles"] == 2**60
    with pytest.raises(InputError, match=rf"all layers on test-4x2: {8 * 2**60} busy PE cycles"):
        simulate(GateTrace.from_masks({}, layers, images=1), arch, "full")


def test_slow_dram_is_counted_in_whole_cycles_up_to_the_bound() -> None:
    # 2^20 cycles a byte: a layer of 2^22 bytes of weights waits 2^42 cycles.
    row = row_of(
        linear(1, 2**11, 2**11, weight_bits=8, activation_bits=8, **UNGATED),
        1,
        {"memory.dram.bytes_per_cycle": 2**-20, "memory.dram.burst_bytes": 1, "batch": 1},
    )
    moved = row["dram_read_bytes"] + row["dram_write_bytes"]
    assert moved == 2**22 + 2**11 + 2**11
    assert 0 <= row["cycles"] - moved * 2**20 < 2**23
    with pytest.raises(InputError, match=r"cycles over .* images are more than pgsim counts"):
        row_of(
            linear(2**10, 2**20, 2**20, **WIDE),
            2**5,
            {"memory.dram.bytes_per_cycle": 2**-20, "array.rows": 64, "array.columns": 64},
        )


@pytest.mark.parametrize("seed", range(80))
def test_the_rough_number_exceeds_every_count(seed: int) -> None:
    case = any_design(seed)
    try:
        layer, arch = layer_shape(case.layer), design(case.changes)
    except InputError:
        return
    mask = filled(layer, True, case.images) if layer.gate != "none" else None
    trace = trace_of(layer, mask, images=case.images)
    (job,) = jobs_of(trace, arch, scheme_named(case.scheme))
    size = Size(job, case.images)
    assert max(count for _, count in (*bounds._counts(size), *bounds._steps(size))) <= roughly(size)


@pytest.mark.parametrize("layer", [linear(9, 21, 5, **UNGATED), conv(3, 5, 5, 3, **UNGATED)])
def test_the_largest_burst_is_the_last_at_which_all_counts_fit(layer: LayerShape) -> None:
    trace = GateTrace.from_masks({}, [layer], images=3)

    def rough(burst: int) -> int:
        """The number for bursts of so many bytes, of a byte a cycle."""
        changes = {"memory.dram.burst_bytes": burst, "memory.dram.bytes_per_cycle": 1}
        (job,) = jobs_of(trace, design(changes), scheme_named("full"))
        assert rough_burst_size(job.arch) == burst
        found = roughly(Size(job, 3))
        assert isinstance(found, int)  # near 2^62 a float is wrong by hundreds
        return found

    (job,) = jobs_of(trace, design(), scheme_named("full"))
    grows = rough(2) - rough(1)
    assert most_burst_size(job, 3, layers=4) == (2**62 // 4 - rough(1) + grows) // grows


@pytest.mark.parametrize("scheme", ["pg", "dual_dense", "full", "planes:1,3/4,4"])
@pytest.mark.parametrize("dataflow", ["os", "ws", "is", "bitfusion"])
def test_no_count_exceeds_its_bound(monkeypatch, dataflow: str, scheme: str) -> None:
    # Bounds are for large layers; a small one shows that they bound what is counted.
    for layer in (linear(9, 21, 5), recurrent(3, 21, 5), conv(3, 5, 5, 3)):
        mask = filled(layer, True, images=3)
        small = {"memory.weight_sram.kib": 1 / 32, "memory.activation_sram.kib": 1 / 32}
        few = {f"memory.{each}_sram.banks": 1 for each in ("weight", "activation")}
        ports = {f"memory.{each}_sram.port_bits": 8 for each in ("weight", "activation")}
        arch = design(small | few | ports | {"array.dataflow": dataflow, "batch": 2})
        trace = trace_of(layer, mask)
        (job,) = jobs_of(trace, arch, scheme_named(scheme))
        most = dict(bounds._counts(Size(job, 3)))
        (row,) = simulate(trace, arch, scheme).rows
        assert row["cycles"] <= most["cycles"]
        assert row["dram_read_bytes"] + row["dram_write_bytes"] <= most["bytes of DRAM"]
        sram = [name for name in row if "_sram_" in name and name.endswith("bytes")]
        assert 8 * sum(row[name] for name in sram) <= 2 * most["bits of SRAM"]
        assert row["msb_macs"] + row["lsb_macs"] <= most["MACs"]
        busy = row["msb_busy_pe_cycles"] + row["lsb_busy_pe_cycles"]
        assert busy <= most["busy PE cycles"]


WHOLE_WORDS = {f"memory.{each}_sram.port_bits": 2048 for each in ("activation", "weight", "output")}
SLOW = {"memory.ports": "all", "memory.output_sram.port_bits": 8, "memory.output_sram.banks": 1}


@pytest.mark.parametrize("changes", [WHOLE_WORDS, SLOW], ids=["whole words", "waits for sums"])
@pytest.mark.parametrize("dataflow", ["os", "ws"])
@pytest.mark.parametrize("scheme", ["full", "planes:1,3/4,4"])
def test_what_ports_add_is_within_the_bounds(
    changes: dict[str, object], dataflow: str, scheme: str
) -> None:
    """Tiles of a few bits read whole words, and sums of 32 bits leave by one of 8."""
    layer = linear(9, 2, 5, **UNGATED)
    arch = design({**changes, "array.dataflow": dataflow, "memory.dram.bytes_per_cycle": 1024})
    trace = GateTrace.from_masks({}, [layer], images=3)
    (job,) = jobs_of(trace, arch, scheme_named(scheme))
    most = dict(bounds._counts(Size(job, 3)))
    (row,) = simulate(trace, arch, scheme).rows
    sram = [name for name in row if "_sram_" in name and name.endswith("bytes")]
    assert 8 * sum(row[name] for name in sram) <= 2 * most["bits of SRAM"]
    assert row["cycles"] <= most["cycles"]


@pytest.mark.parametrize("seed", range(60))
def test_no_count_of_row_stationary_exceeds_its_bound(seed: int) -> None:
    case = row_case(seed)
    layer, arch = layer_shape(case.layer), ArchConfig.model_validate(case.arch)
    trace = trace_of(layer, images=case.images)
    (job,) = jobs_of(trace, arch, scheme_named(case.scheme))
    size = Size(job, case.images)
    most = dict(bounds._counts(size))
    assert max(count for _, count in (*bounds._counts(size), *bounds._steps(size))) <= roughly(size)
    (row,) = simulate(trace, arch, case.scheme).rows
    assert row["cycles"] <= most["cycles"]
    assert row["dram_read_bytes"] + row["dram_write_bytes"] <= most["bytes of DRAM"]
    sram = [name for name in row if "_sram_" in name and name.endswith("bytes")]
    assert 8 * sum(row[name] for name in sram) <= 2 * most["bits of SRAM"]
    assert row["msb_busy_pe_cycles"] <= most["busy PE cycles"]
    assert row["register_file_words"] <= most["words of register files"]
    assert row["network_words"] <= most["words of register files"]


def test_a_zero_mask_has_bounds_too() -> None:
    layer = linear(5, 3, 2)
    trace = trace_of(layer, np.zeros((1, 2, 5), bool))
    (job,) = jobs_of(trace, design(), scheme_named("pg"))
    check_counts([job], 1)
