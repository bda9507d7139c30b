"""Timelines of layers with a nest: sums of random ones, and the rule's examples by hand (M40, M49).

PGSIM_TIMELINE_SEEDS=1000 python -m pytest tests/study/timeline/test_blocks.py -k random
"""

from __future__ import annotations

import os
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from designs import conv, design, drawn, linear, random_mask, trace_of
from listed_passes import scheme_of
from nest_cases import NestCase, random_nest_case
from nest_jobs import trace_of_case
from timeline_reader import Layer, end, merged
from timelines import bytes_per_cycle, check

from pgsim import ArchConfig, GateTrace, simulate
from pgsim.mapping.nest import BLOCK_COLUMNS
from pgsim.results import Result

SEEDS = int(os.environ.get("PGSIM_TIMELINE_SEEDS", "30"))
CHUNK = 50
EVENTS = ("pass", "wait", "transfer")


def simulated(drawn_case: NestCase) -> Result:
    case, nest = drawn_case.case, drawn_case.nest
    blocks = dict(zip(BLOCK_COLUMNS, nest.blocks.values(), strict=True))
    mapping = {"nests": [{"order": nest.order} | blocks]}
    return simulate(
        trace_of_case(drawn_case),
        ArchConfig.model_validate(case.arch | {"mapping": mapping}),
        scheme_of(case.scheme),
        calibration_images=case.calibration_images,
    )


@pytest.mark.usefixtures("blocks_alike")
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_random_nests_add_up(first: int, tmp_path: Path) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        result = simulated(random_nest_case(seed))
        (layer,) = check(result, tmp_path)
        check_blocks(layer, result.arch)
        check(result, tmp_path, events_per_layer=100)


def test_turns_that_are_summed_move_once_what_runs_ahead_is_over(tmp_path: Path) -> None:
    """M47: a random nest whose DRAM works ahead into its last turns, of which the last writes."""
    (layer,) = check(simulated(random_nest_case(175)), tmp_path, events_per_layer=100)
    ahead, summed = layer.events["transfer"][-2:]
    assert summed["name"] == "7 turns, summed"
    assert summed["ts"] == end(ahead)
    assert end(summed) == layer.event["ts"] + layer.event["dur"]


def check_blocks(layer: Layer, arch: ArchConfig) -> None:
    """M25, M40: transfers take their bytes' cycles; what a block opens with is there before its
    passes, and what it writes leaves after them."""
    rate = bytes_per_cycle(arch)
    for run in (each for each in layer.events["run"] if not merged(each)):
        inside = {
            kind: [each for each in layer.events[kind] if run["ts"] <= each["ts"] < end(run)]
            for kind in EVENTS
        }
        if any(merged(each) for events in inside.values() for each in events):
            continue
        for each in inside["transfer"]:
            ways = [each["args"].get(f"dram_{way}_bytes", 0) for way in ("read", "write")]
            reads = [each["args"].get(f"dram_{of}_read_bytes", 0) for of in OPERANDS]
            assert sum(reads) == ways[0]
            cycles = ceil(sum(ways) / rate)
            assert each["dur"] == cycles or (
                each["dur"] > cycles and arch.memory.dram.model == "pages"
            )
        for each in inside["pass"]:
            named = f"block {each['args']['block']}"
            for one in inside["transfer"]:
                parts = one["name"].split(", ")
                if f"read {named}" in parts:
                    assert end(one) <= each["ts"]
                if f"write {named}" in parts or f"write sums of {named}" in parts:
                    assert one["ts"] >= end(each)


OPERANDS = ("activation", "weight", "sum")


def shown(layer: Layer, *kinds: str) -> list[tuple[Any, ...]]:
    """Name, begin and cycles of every event of some kinds."""
    return [(e["name"], e["ts"], e["dur"]) for kind in kinds for e in layer.events[kind]]


def small(**buffers: float) -> dict[str, Any]:
    """Buffers of one bank and port of 8 bits, of so many usable bytes, twice."""
    keys: dict[str, Any] = {}
    for name, size in buffers.items():
        of = f"memory.{name}_sram"
        keys |= {f"{of}.kib": 2 * size / 1024, f"{of}.banks": 1, f"{of}.port_bits": 8}
    return keys


@pytest.mark.usefixtures("blocks_alike")
def test_two_blocks_of_rows_cycle_by_cycle(tmp_path: Path) -> None:
    """M40's example of DRAM stalls: 8 + max(8, 4) + max(12, 2) + 2 cycles, at 4 bytes a cycle."""
    changes = {
        "memory.dram.bytes_per_cycle": 4,
        "memory.dram.burst_bytes": 8,
        "mapping.nests": [{"order": "NPQKC", "block_rows": 4}],
    }
    trace = trace_of(linear(8, 8, 2, gate="none"))
    (found,) = check(simulate(trace, design(changes), "full"), tmp_path)
    assert shown(found, "pass", "wait", "transfer") == [
        ("pass 1 block 1", 8, 8),
        ("pass 1 block 2", 16, 8),
        ("DRAM stall", 0, 8),
        ("bubble", 24, 4),
        ("DRAM stall", 28, 2),
        ("read block 1", 0, 8),
        ("read block 2", 8, 4),
        ("write block 1", 16, 2),
        ("write block 2", 28, 2),
    ]
    first = found.events["transfer"][0]["args"]
    assert first == {
        "dram_read_bytes": 32, "dram_activation_read_bytes": 16, "dram_weight_read_bytes": 16,
    }  # fmt: skip
    assert found.events["pass"][1]["args"] == {
        "msb_cycles": 8, "block": 2, "group": 1, "rows": 2,
    }  # fmt: skip


def test_what_passes_fetch_again(tmp_path: Path) -> None:
    """M40's example of the passes of a turn: two blocks of rows, each in two of input channels.

    Weights come for both passes, 8 bytes an input block; of the second block no entry is open.
    """
    changes = {
        **small(weight=8),
        "memory.dram.bytes_per_cycle": 8,
        "memory.dram.burst_bytes": 8,
        "mapping.nests": [{"order": "NPQKC", "block_rows": 2, "block_in_channels": 4}],
    }
    trace = trace_of(linear(4, 8, 2), drawn("x... .x.."))
    (found,) = check(simulate(trace, design(changes)), tmp_path)
    transfers = [
        (e["name"], e["args"].get("dram_weight_read_bytes", 0)) for e in found.events["transfer"]
    ]
    assert transfers == [
        ("read block 1", 8),
        ("read the rest of block 1, read block 2", 16),
        ("read the rest of block 2, read again block 1", 24),
        ("write block 1", 0),
        ("write block 2", 0),
    ]
    assert [e["name"] for e in found.events["pass"]] == [
        "MSB block 1, in channels 1",
        "MSB block 1, in channels 2",
        "MSB block 2, in channels 1",
        "MSB block 2, in channels 2",
        "LSB block 1, in channels 1",
        "LSB block 1, in channels 2",
    ]


@pytest.mark.usefixtures("blocks_alike")
def test_sums_that_leave_and_come_back(tmp_path: Path) -> None:
    """M40's example of sums: all 32 leave after the first input block, 32 bytes for each of four
    blocks of two positions, and come back for the second one, whose outputs are a burst each."""
    changes = {
        **small(output=32),
        "memory.dram.bytes_per_cycle": 8,
        "memory.dram.burst_bytes": 8,
        "mapping.nests": [{"order": "CPNQK", "block_rows": 2, "block_in_channels": 4}],
    }
    trace = trace_of(linear(8, 8, 4, gate="none"))
    (found,) = check(simulate(trace, design(changes), "full"), tmp_path)
    written = [
        (part, e["args"]["dram_write_bytes"])
        for e in found.events["transfer"]
        for part in e["name"].split(", ")
        if part.startswith("write")
    ]
    assert written == [
        *((f"write sums of block {block}", 32) for block in (1, 2, 3, 4)),
        *((f"write block {block}", 8) for block in (5, 6, 7, 8)),
    ]
    sums = [e["args"].get("dram_sum_read_bytes", 0) for e in found.events["transfer"]]
    assert [each for each in sums if each] == [32] * 4
    passes = [e["name"] for e in found.events["pass"]]
    assert passes[:2] == ["pass 1 block 1, lane group 1", "pass 1 block 1, lane group 2"]


@pytest.mark.usefixtures("blocks_alike")
def test_blocks_that_are_alike_are_merged_loop_by_loop(tmp_path: Path) -> None:
    """All fits: after the first block of channels, its 16 blocks of rows come four times more."""
    changes = {"mapping.nests": [{"order": "KPNQC", "block_rows": 4, "block_channels": 4}]}
    trace = trace_of(linear(64, 8, 20, gate="none"))
    (found,) = check(simulate(trace, design(changes), "full"), tmp_path)
    merges = [e["args"] for e in found.events["pass"] if merged(e)]
    assert max(each["period_turns"] for each in merges) == 16
    assert sum(e["args"].get("repeats", 0) * e["args"].get("period_turns", 0) for e in
               found.events["pass"]) + sum(1 for e in found.events["pass"]
               if not merged(e)) // 2 == 16 * 5  # fmt: skip


@pytest.mark.parametrize("most", [100, 500, 5_000])
def test_turns_of_many_pieces_have_no_more_events_than_asked_for(most: int, tmp_path: Path) -> None:
    """A turn of 20 lane groups in 16 blocks of input channels has 640 pieces."""
    layer = linear(16, 16, 40)
    nest = {"order": "NPQKC", "block_rows": 8, "block_in_channels": 1}
    trace = trace_of(layer, random_mask(layer, 4))
    (found,) = check(
        simulate(trace, design({"mapping.nests": [nest]})), tmp_path, events_per_layer=most
    )
    assert found.count < most


@pytest.mark.parametrize("scheme", ["pg", "full"])
@pytest.mark.parametrize("changes", [{}, {"memory.ports": "all", "memory.retain": True}])
def test_a_searched_network_adds_up(scheme: str, changes: dict[str, Any], tmp_path: Path) -> None:
    layers = [conv(2, 4, 5, 3, name="conv"), linear(9, 4, 6, name="linear")]
    masks = {each.name: random_mask(each, 3) for each in layers}
    trace = GateTrace.from_masks(masks, layers)
    arch = design({"batch": 2, "mapping.images": 2, "memory.dram.bytes_per_cycle": 2, **changes})
    result = simulate(trace, arch, scheme, objective="latency")
    assert {row["nest_order"] for row in result.rows} != {"fixed"}
    check(result, tmp_path)


@pytest.mark.usefixtures("blocks_alike")
def test_the_steps_of_a_layer_with_groups_are_named(tmp_path: Path) -> None:
    layer = conv(4, 6, 4, 3, groups=2)
    nest = {"order": "NPQKC", "block_rows": 1, "block_channels": 2}
    trace = trace_of(layer, random_mask(layer, 2))
    (found,) = check(simulate(trace, design({"mapping.nests": [nest]})), tmp_path)
    places = {
        (e["args"]["group"], e["args"]["rows"], e["args"]["channels"])
        for e in found.events["pass"]
        if not merged(e) and e["name"].startswith("MSB")
    }
    assert places <= {(g, p, k) for g in (1, 2) for p in (1, 2) for k in (1, 2)}
    assert (2, 2, 2) in places
