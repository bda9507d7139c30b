"""Layers and batches that would not fit in memory, against what arrays hold (M6 to M9, M43)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from designs import conv, design, filled, linear, recurrent, trace_of
from jobs import job_of

from pgsim import GateTrace, InputError, LayerShape, simulate
from pgsim.model.bounds import check_counts
from pgsim.model.job import Job
from pgsim.model.layer import simulate_layer
from pgsim.model.room import _BATCH_COUNTS, _PASS_COUNTS, check_room
from pgsim.model.work_store import WorkStore
from pgsim.schemes import layer_passes

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}
WS, IS = {"array.dataflow": "ws"}, {"array.dataflow": "is"}
LARGE = {"memory.output_sram.kib": 2**20}  # 2^26 sums of 32 bits in each of two halves
ALL = LARGE | {"memory.ports": "all"}


def job_alone(layer: LayerShape, changes: dict[str, object], scheme: str = "full") -> Job:
    """A layer in the design's batches, of which its trace has one image at most."""
    mask = filled(layer, True) if layer.gate != "none" else None
    trace = trace_of(layer, mask).layers[0]
    arch = design(changes)
    return Job(trace, layer_passes(trace, scheme), arch, 4, arch.batch)


def test_a_batch_of_too_many_tiles_is_refused_before_one_is_held() -> None:
    # 2^20 positions by 2^20 channels on 4 x 2 PEs: 2^19 lane groups of 2^7 windows.
    layer = linear(2**20, 1, 2**20, **UNGATED)
    with pytest.raises(InputError, match=rf"layer 'linear' .*: {2**26} tiles of a batch") as caught:
        check_counts([job_alone(layer, {"memory.output_sram.kib": 128})], 1)
    assert "take a smaller batch, a larger array, or longer windows" in str(caught.value)


def test_batches_of_too_long_a_table_are_refused() -> None:
    job = job_alone(linear(1, 1, 1, **UNGATED), {})
    check_room(job, 10**6, layers=1)
    with pytest.raises(InputError, match=r"10000000 batches .*: simulate fewer images, or take a"):
        check_room(job, 10**7, layers=1)


@pytest.mark.parametrize("scheme", ["full", "planes:1,3", "pg"])
def test_a_ledger_holds_as_many_numbers_of_a_batch_as_is_said(scheme: str) -> None:
    """Counted array by array, in a ledger of three batches."""
    layer = linear(3, 4, 2, gate="output" if scheme == "pg" else "none")
    mask = filled(layer, True, images=3) if scheme == "pg" else None
    ledger = simulate_layer(job_of(layer, mask, None, scheme), 0, 3, WorkStore(0))
    assert ledger.cycles.shape == (3,)
    assert len(ledger.counts) == _BATCH_COUNTS
    assert {len(each) for each in ledger.passes} == {_PASS_COUNTS}


def test_the_longest_table_has_every_layer_of_the_network_in_it() -> None:
    """Batches of two images, a last one of one: 2.5 GiB are 5 * 2^26 numbers of 8 bytes."""
    job = job_alone(linear(1, 1, 1, **UNGATED), {"batch": 2}, "planes:1,3")
    numbers = _BATCH_COUNTS + 2 * _PASS_COUNTS
    for layers in (1, 7):
        most = 5 * 2**26 // (numbers * layers)
        check_room(job, 2 * most, layers)
        with pytest.raises(InputError, match=rf": {most + 1} batches are more .* \({most}\)"):
            check_room(job, 2 * most + 1, layers)
    # What the table has to have room for: 50,000 images, one by one, of 104 layers.
    check_room(job_alone(linear(1, 1, 1, **UNGATED), {}), 50_000, layers=104)


@pytest.mark.parametrize("dataflow", ["ws", "is"])
@pytest.mark.parametrize(("scheme", "passes"), [("full", 1), ("planes:1,3", 2)])
def test_a_batch_has_so_many_tiles_at_most(dataflow: str, scheme: str, passes: int) -> None:
    """One PE, and sums of one output: each output is a tile; 4 numbers and one a pass of each."""
    tiny = {"kib": 1 / 128, "banks": 1, "port_bits": 8}
    changes: dict[str, Any] = {f"memory.output_sram.{key}": value for key, value in tiny.items()}
    changes |= {"array.rows": 1, "array.columns": 1, "lsb.window": 1, "array.dataflow": dataflow}
    most = 12 * 2**20 // (4 + passes)
    check_room(job_alone(linear(most, 1, 1, **UNGATED), changes, scheme), 1, layers=1)
    more = job_alone(linear(most + 1, 1, 1, **UNGATED), changes, scheme)
    with pytest.raises(InputError, match=rf": {most + 1} tiles of a batch .* \({most}\)"):
        check_room(more, 1, layers=1)


@pytest.mark.parametrize(
    ("changes", "layer", "most"),
    [
        # 64 banks each may have a vector of one window: 2^18 slots are 2^24 places.
        (WS, linear(2**18, 1, 2), 2**18),
        # One bank has them all, of each of two lanes.
        (WS | {"memory.activation_sram.banks": 1}, linear(2**23, 1, 2), 2**23),
        # Slots are channels, and their operand is the weights.
        (IS, linear(2, 1, 2**18), 2**18),
        (IS | {"memory.weight_sram.banks": 1}, linear(2, 1, 2**23), 2**23),
    ],
)
def test_vectors_of_a_window_bank_by_bank(
    changes: dict[str, Any], layer: LayerShape, most: int
) -> None:
    """By hand: 2^24 places of a slot in a lane, or in a bank if there are more of these."""
    check_room(job_alone(layer, ALL | changes, "pg"), 1, layers=1)
    slots = "out_channels" if changes["array.dataflow"] == "is" else "positions"
    longer = job_alone(layer.replace(**{slots: most + 1}), ALL | changes, "pg")
    with pytest.raises(InputError, match=r"slots of a window, by lanes or by banks, .*ports: slot"):
        check_room(longer, 1, layers=1)
    # Without such ports nobody asks for banks; where all slots are issued, none has to be held.
    check_room(longer.on(longer.arch.override({"memory.ports": "slots"})), 1, layers=1)
    check_room(job_alone(longer.shape, ALL | changes), 1, layers=1)


@pytest.mark.parametrize(
    ("changes", "sized", "most"),
    [
        # 2^16 images of 512 positions, and a word for the lanes of each.
        (WS | {"array.columns": 64}, lambda size: linear(size, 1, 64), 512),
        # 65 lanes are two words.
        (WS | {"array.columns": 65}, lambda size: linear(size, 1, 65), 256),
        # 512 time steps of 2^16 images.
        (WS | {"array.columns": 64}, lambda size: recurrent(size, 1, 64), 512),
        # Slots are channels, of both groups: each has 16 words for 1,024 of 2^16 positions.
        (IS | {"array.columns": 1024}, lambda size: linear(1, 1, size), 2**21),
        (IS | {"array.columns": 1024}, lambda half: conv(2, 2 * half, 1, 1, groups=2), 2**20),
    ],
)
def test_masks_of_a_batch_by_words(
    changes: dict[str, Any], sized: Callable[[int], LayerShape], most: int
) -> None:
    """By hand: the slots of 2^16 images, by 64 lanes, are 2^25 words at most."""
    changes = LARGE | {"batch": 2**16} | changes
    check_room(job_alone(sized(most), changes, "pg"), 1, layers=1)
    with pytest.raises(InputError, match=r"slots of a batch, by 64 lanes .*smaller batch"):
        check_room(job_alone(sized(most + 1), changes, "pg"), 1, layers=1)
    # Without a mask there are no words.
    check_room(job_alone(sized(most + 1), changes), 1, layers=1)


def test_planes_on_demand_by_bursts() -> None:
    """2^16 images of 16 pixels by 128 channels with 2 LSBs are 2^25 bytes, a burst each."""
    changes = LARGE | WS | {"batch": 2**16}
    late = changes | {"memory.lsb_fetch": "on_demand", "memory.dram.burst_bytes": 1}
    check_room(job_alone(linear(16, 128, 1), late, "pg"), 1, layers=1)
    larger = linear(16, 129, 1)
    with pytest.raises(InputError, match=rf"{129 * 2**18} bursts on demand of a run .*with_msb"):
        check_room(job_alone(larger, late, "pg"), 1, layers=1)
    # With the MSBs they are on nobody's demand, and longer bursts are fewer.
    check_room(job_alone(larger, changes, "pg"), 1, layers=1)
    check_room(job_alone(larger, late | {"memory.dram.burst_bytes": 2}, "pg"), 1, layers=1)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the process's own memory")
@pytest.mark.parametrize("scheme", ["full", "planes:1,3", "planes:1,1,2/2,2,4"])
def test_the_most_tiles_stay_under_a_gib(scheme: str) -> None:
    # As many tiles of one slot and one lane as the passes allow.
    passes = {"full": 1, "planes:1,3": 2}.get(scheme, 9)
    most = 12 * 2**20 // (4 + passes)
    layer = linear(most // 1024, 1, 1024, activation_bits=4, weight_bits=8, **UNGATED)
    one = {"array.rows": 1, "array.columns": 1, "lsb.window": 1, "array.dataflow": "ws"}
    tiny = {"kib": 1 / 128, "banks": 1, "port_bits": 8}
    before = peak_mib()
    trace = GateTrace.from_masks({}, [layer], images=1)
    arch = design(one | {f"memory.output_sram.{key}": value for key, value in tiny.items()})
    row = simulate(trace, arch, scheme).rows[0]
    assert row["msb_cycles"] == layer.outputs  # a step each
    assert peak_mib() - before < 800


def peak_mib() -> int:
    text = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if "VmHWM" in line) // 1024
