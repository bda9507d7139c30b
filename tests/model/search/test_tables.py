"""Tables of tiles against the passes of a layer of each number of input channels (MODEL.md M41)."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from designs import conv, linear
from jobs import job_of

from pgsim import LayerShape, load_arch
from pgsim.arch.dataflows import DATAFLOWS
from pgsim.kernels.nest_problem import (
    CYCLES,
    DEADLINES,
    ENDS,
    FINISHED,
    FOLDS,
    LANE_BITS,
    LOADS,
    SLOT_WORDS,
    STALLS,
    VISITS,
    Tables,
)
from pgsim.mapping import BlockTiles
from pgsim.model.buffer_ports import pass_end
from pgsim.model.holding import finished_in_the_array
from pgsim.model.job import Job
from pgsim.model.passes import time_passes
from pgsim.model.search.tables import tables_of
from pgsim.model.traffic.sram import slot_words

LAYERS = (
    conv(8, 6, 6, 3, name="one"),
    conv(12, 9, 4, 3, name="other"),
    conv(30, 4, 7, 1, name="pointwise"),
    conv(8, 6, 6, 3, groups=2, name="grouped"),
    linear(20, 40, 7),
)
DESIGNS = (
    {"array.dataflow": "os"},
    {"array.dataflow": "os", "array.lanes": "positions"},
    {"array.dataflow": "ws"},
    {"array.dataflow": "is"},
    {"array.dataflow": "bitfusion"},
)
SHIPPED = ("bitfusion_isca_2018", "fixed_8bit", "pg_os", "pg_serial", "pg_ws", "tpu_like")
SCHEMES = ("full", "planes:2,2", "uniform:8,8")


def some(rng: Random, most: int) -> np.ndarray:
    """Some sizes up to one, ascending."""
    return np.array(sorted(rng.sample(range(1, most + 1), rng.randint(1, most))), np.int64)


def slow_ports(rng: Random) -> dict[str, object]:
    """Ports of which some are waited for, and arrays of some sizes."""
    ports = {
        f"memory.{name}_sram.{key}": rng.choice(values)
        for name in ("activation", "weight")
        for key, values in (("banks", (1, 2, 8)), ("port_bits", (8, 16, 64)))
    }
    return ports | {
        "memory.ports": rng.choice(("slots", "all")),
        "array.overlap": rng.choice(("folds", "none")),
        "array.pe.kind": rng.choice(("fixed", "fusion", "serial_activation")),
        "array.rows": rng.choice((1, 2, 4, 10)),
        "array.columns": rng.choice((1, 2, 5)),
    }


def tile(job: Job, layer: LayerShape, channels: int, slots: int) -> Job:
    """The job of a layer that has no more input channels, in one tile of a full lane group."""
    shape = layer.replace(in_channels=channels * layer.groups)
    whole = np.zeros(1, np.int64)
    tiles = BlockTiles(
        batch=1,
        runs=1,
        groups=1,
        lanes=job.arch.lanes,
        window_slots=whole + slots,
        lane_group_lanes=whole + job.arch.array.columns,
        windows=whole,
        lane_groups=whole[None],
        order=None,
    )
    own = job_of(shape).layer
    return Job(own, job.passes, job.arch, job.output_bits, job.batch, tiles=tiles)


def latest(job: Job, deadlines: np.ndarray) -> int:
    """By how much the operands of a full lane group are late; deadlines: of `Tables.waits`."""
    port_bits = job.arch.memory.buffers[job.lane_operand.name].cycle_bits
    bits, by = job.arch.array.columns * deadlines[::2], deadlines[1::2]
    return int((-(-bits // port_bits) - by).max())


def assert_tile(tables: Tables, place: tuple[int, int], job: Job) -> None:
    """Assert that a place of the tables has what the passes of a layer take in its only tile."""
    layer, at = place
    timings, tiles = time_passes(job, None), tables.tiles[:, :, layer, at]
    one = np.ones((1, 1, 1, 1), np.int64)
    visits = [job.flow.sum_visits(each.rate, one) for each in timings]
    loads = job.flow.lane_loads([each.folds for each in timings], one, stay=False)
    for index, each in enumerate(timings):
        assert tiles[CYCLES, index] == each.held_cycles(job.arch.array).item()
        assert tiles[FOLDS, index] == each.fold_cycles.item()
        assert tiles[STALLS, index] == each.port_stall_cycles.item()
        assert tiles[LOADS, index] == loads[index].item()
        if job.arch.memory.all_ports:
            waits = tables.waits[:, index, layer, at]
            assert waits[ENDS] == pass_end(job, each).item()
            assert latest(job, waits[DEADLINES:]) == each.lanes_late_cycles(job).item()
    finished = finished_in_the_array(job, timings, visits).item()
    assert tables.slots[SLOT_WORDS, layer, at] == slot_words(job, timings).item()
    assert tables.slots[FINISHED, layer, at] == finished
    busy, often = [each.output_cycles for each in job.rates], [each.item() for each in visits]
    chunk = tables.chunks[layer].tolist()
    assert chunk[VISITS] == sum(often)
    bits = [job.shape.reduction * job.lane_operand.bits(each) for each in job.passes]
    assert chunk[LANE_BITS:] == bits + often + busy


def assert_tables(job: Job, layer: LayerShape, rng: Random) -> Tables:
    """Assert that tables of some sizes have what single tiles take."""
    channels, slots = some(rng, layer.in_channels_per_group), some(rng, 30)
    tables = tables_of(job, channels, slots)
    assert tables.waits.size == 0 or job.arch.memory.all_ports
    for at in {(0, 0), (channels.size - 1, slots.size - 1)} | {
        (rng.randrange(channels.size), rng.randrange(slots.size)) for _ in range(6)
    }:
        own = tile(job, layer, int(channels[at[0]]), int(slots[at[1]]))
        assert_tile(tables, at, own)
    return tables


def test_every_dataflow_that_takes_nests_is_looked_at() -> None:
    looked_at = {each["array.dataflow"] for each in DESIGNS}
    assert looked_at == {name for name, flow in DATAFLOWS.items() if flow.takes_nests}


@pytest.mark.parametrize("changes", DESIGNS, ids=str)
def test_tables_have_what_each_layer_takes_alone(changes: dict[str, object]) -> None:
    rng, stalls = Random(0), 0
    for _ in range(40):
        layer, scheme = rng.choice(LAYERS), rng.choice(SCHEMES)
        job = job_of(layer, None, slow_ports(rng) | changes, scheme)
        stalls += int(assert_tables(job, layer, rng).tiles[STALLS].any())
    assert 0 < stalls < 40  # some ports are the faster, others are not


@pytest.mark.parametrize("name", SHIPPED)
def test_tables_of_shipped_designs(name: str) -> None:
    rng, arch = Random(0), load_arch(name)
    for layer in LAYERS:
        job = replace(job_of(layer, None, {}, "full"), arch=arch)
        assert_tables(job, layer, rng)


def test_layers_share_a_slow_port_and_a_fast_one() -> None:
    # ws, 4 rows, activations of 4 bits: a slot takes a cycle, in which the port brings 8 bits. Two
    # input channels need no more. Eight are two folds of 16 bits: one slot's first fold ends a
    # cycle before its bits are there, and its second one begins in cycle 4, when they long are. 32
    # slots need 2 x 32 x 16 bits in 64 cycles, and get half of them.
    port = {"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}
    job = job_of(linear(32, 8, 2, gate="none"), None, {"array.dataflow": "ws"} | port)
    tables = tables_of(job, np.array([2, 8]), np.array([1, 32]))
    assert tables.tiles[STALLS, 0].tolist() == [[0, 0], [1, 64]]
