"""Timelines in files: an independent reader's sums are the result table's, event by event.

A plain run takes some sixty random designs; more are asked for by

    PGSIM_TIMELINE_SEEDS=1000 python -m pytest tests/study/timeline/test_files.py -k random
"""

from __future__ import annotations

import os
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import Case, random_case, random_passes_case
from designs import design, drawn, linear, recurrent, trace_of
from listed_passes import scheme_of
from shipped import in_fixed_order
from timeline_reader import Event, Layer, end, merged
from timelines import bytes_per_cycle, check, timeline

from pgsim import (
    ArchConfig,
    GateTrace,
    InputError,
    LayerShape,
    load_trace,
    network,
    simulate,
    write_timeline,
)
from pgsim.results import Result
from pgsim.workload import layer_shape

SEEDS = int(os.environ.get("PGSIM_TIMELINE_SEEDS", "30"))
CHUNK = 50


def ungated(name: str) -> list[LayerShape]:
    """The layers of a published network, none of them gated."""
    return [each.model_copy(update={"gate": "none"}) for each in network(name)]


def simulated(case: Case) -> Result:
    layer = layer_shape(case.layer)
    masks: dict[str, Any] = {}
    if case.mask is not None:
        masks[layer.name] = np.array((*(case.calibration_mask or ()), *case.mask), bool)
    images = case.images + case.calibration_images
    return simulate(
        GateTrace.from_masks(masks, [layer], images=images),
        ArchConfig.model_validate(case.arch),
        scheme_of(case.scheme),
        calibration_images=case.calibration_images,
    )


@pytest.mark.parametrize("case_of", [random_case, random_passes_case])
@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_random_designs_add_up(case_of: Callable[[int], Case], first: int, tmp_path: Path) -> None:
    for seed in range(first, min(first + CHUNK, SEEDS)):
        case = case_of(seed)
        result = simulated(case)
        (layer,) = check(result, tmp_path)
        check_transfers(layer, result.arch)
        check(result, tmp_path, events_per_layer=100)


def whole(transfers: list[Event]) -> list[Event]:
    """Transfers of which planes on demand have held up the rest, in one piece."""
    found: list[Event] = []
    for each in sorted(transfers, key=lambda each: each["ts"]):
        name = each["name"].removesuffix(", the rest")
        if name == each["name"]:
            found.append(dict(each))
            continue
        (first,) = (one for one in found[-2:] if one["name"] == name)
        first["dur"] += each["dur"]
    return found


def last_pass(passes: list[Event], tile: int) -> Event:
    return max((each for each in passes if each["args"]["tile"] == tile), key=end)


def check_transfers(layer: Layer, arch: ArchConfig) -> None:
    """M25: a transfer takes its bytes' cycles, or more where pages are opened (M44); reads come
    before passes, and writes after them."""
    dram, rate = arch.memory.dram, bytes_per_cycle(arch)
    runs = [each for each in layer.events["run"] if not merged(each)]
    for run in runs:
        inside = {
            kind: [each for each in events if run["ts"] <= each["ts"] < end(run)]
            for kind, events in layer.events.items()
        }
        transfers = whole([each for each in inside.get("transfer", []) if not merged(each)])
        for each in transfers:
            moved = sum(each["args"].get(f"dram_{way}_bytes", 0) for way in ("read", "write"))
            assert each["dur"] >= ceil(moved / rate)
            assert each["dur"] == ceil(moved / rate) or dram.model == "pages"
        if any(merged(each) for events in inside.values() for each in events):
            continue
        for each in inside["pass"]:
            tile = each["args"]["tile"]
            late = [
                one for one in transfers if one["name"] == f"read planes on demand of tile {tile}"
            ]
            assert all(end(one) <= last_pass(inside["pass"], tile)["ts"] for one in late)
            reads, writes = (
                [one for one in transfers if f"{way} tile {tile}" in one["name"].split(", ")]
                for way in ("read", "write")
            )
            assert all(end(one) <= each["ts"] for one in reads)
            assert len(writes) == 1
            assert writes[0]["ts"] >= end(each)


OF_M25 = {
    "array.rows": 2,
    "lsb.window": 2,
    "memory.dram.bytes_per_cycle": 1,
    "memory.dram.burst_bytes": 8,
}


def test_the_example_of_m25_cycle_by_cycle(tmp_path: Path) -> None:
    """By hand, from the rule's text: turns of 5, 10 and 7 cycles, transfers of 24, 8, 0, 8 and 8
    cycles, of which the first and the last stand alone."""
    layer = linear(4, 5, 2)
    result = simulate(trace_of(layer, drawn("x.x. x.x.")), design(OF_M25))
    (found,) = check(result, tmp_path)
    shown = {
        kind: [(each["name"], each["ts"], each["dur"]) for each in found.events[kind]]
        for kind in ("run", "pass", "wait", "transfer")
    }
    assert shown == {
        "run": [("image 0", 0, 58)],
        "pass": [
            ("MSB tile 1", 24, 5),
            ("MSB tile 2", 32, 5),
            ("LSB tile 1", 37, 5),
            ("LSB tile 2", 42, 5),
        ],
        "wait": [
            ("DRAM stall", 0, 24),
            ("DRAM stall", 29, 3),
            ("bubble", 47, 2),
            ("DRAM stall", 49, 1 + 8),
        ],
        "transfer": [
            ("read tile 1", 0, 24),
            ("read tile 2", 24, 8),
            ("write tile 1", 42, 8),
            ("write tile 2", 50, 8),
        ],
    }
    assert found.events["pass"][2]["args"] == {
        "lsb_cycles": 5, "tile": 1, "group": 1, "lane_group": 1, "window": 1
    }  # fmt: skip


ON_DEMAND = OF_M25 | {
    "memory.lsb_fetch": "on_demand",
    "memory.ports": "all",
    "memory.output_sram.port_bits": 64,
}


def test_planes_on_demand_are_waited_for_within_a_turn(tmp_path: Path) -> None:
    """By hand, from M24's example: turn 2 begins at 32 and asks at 37, when its MSB pass is over,
    for the burst of tile 1. Turn 3 begins at 50, and tile 2 finds that burst held."""
    result = simulate(trace_of(linear(4, 5, 2), drawn("x.x. x.x.")), design(ON_DEMAND), "pg")
    (found,) = check(result, tmp_path)
    shown = {
        kind: [(each["name"], each["ts"], each["dur"]) for each in found.events[kind]]
        for kind in ("pass", "wait", "transfer")
    }
    assert shown == {
        "pass": [
            ("MSB tile 1", 24, 5),
            ("MSB tile 2", 32, 5),
            ("LSB tile 1", 45, 5),
            ("LSB tile 2", 50, 5),
        ],
        "wait": [
            ("DRAM stall", 0, 24),
            ("DRAM stall", 29, 3),
            ("DRAM stall", 37, 8),
            ("bubble", 55, 2),
            ("DRAM stall", 57, 1 + 8),
        ],
        "transfer": [
            ("read tile 1", 0, 24),
            ("read tile 2", 24, 8),
            ("read planes on demand of tile 1", 37, 8),
            ("write tile 1", 50, 8),
            ("write tile 2", 58, 8),
        ],
    }


def test_planes_on_demand_hold_up_what_moves_beside_the_turn(tmp_path: Path) -> None:
    """By hand: as above with a third tile, which turn 2 reads from 32 on, a burst of 8 cycles. Its
    last 3 come when the burst on demand, asked for at 37, has come."""
    result = simulate(trace_of(linear(6, 5, 2), drawn("x..... ......")), design(ON_DEMAND), "pg")
    (found,) = check(result, tmp_path)
    transfers = sorted(found.events["transfer"], key=lambda each: each["ts"])
    assert [(each["name"], each["ts"], each["dur"]) for each in transfers[:5]] == [
        ("read tile 1", 0, 24),
        ("read tile 2", 24, 8),
        ("read tile 3", 32, 5),
        ("read planes on demand of tile 1", 37, 8),
        ("read tile 3, the rest", 45, 3),
    ]
    assert transfers[4]["args"] == {}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"memory.lsb_fetch": "on_demand", "memory.ports": "all"},
        {"memory.lsb_fetch": "on_demand", "memory.ports": "all", "memory.double_buffered": False},
        {"memory.double_buffered": False},
        {"array.overlap": "none"},
        {"batch": 7, "memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8},
        {"batch": 3, "memory.double_buffered": False, "array.overlap": "none"},
        {"lsb.scheduler": "queue", "memory.dram.bytes_per_cycle": 2.7},
    ],
)
@pytest.mark.parametrize("scheme", ["pg", "dual_dense", "full", "planes:2,2/4,4"])
def test_a_network_adds_up_layer_by_layer(
    scheme: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    trace = load_trace("digits_pg_4_2")
    check(simulate(trace, design(changes), scheme, calibration_images=490), tmp_path)


def test_the_layers_of_an_lstm_add_up_step_by_step(tmp_path: Path) -> None:
    layer = recurrent(5, 8, 6)
    mask = np.random.default_rng(0).random((4, 6, 5)) < 0.4
    (found,) = check(simulate(trace_of(layer, mask), design({"batch": 3})), tmp_path)
    names = [each["name"] for each in found.events["run"]]
    assert names[0] == "images 0-2, step 0"
    assert names[-1].endswith("image 3, step 4")


def test_batches_without_a_mask_are_one_event(tmp_path: Path) -> None:
    """100 batches of two images and one of the last: the first and the last are drawn."""
    layer = linear(8, 5, 2, gate="none")
    result = simulate(trace_of(layer, images=201), design({"batch": 2}), "full")
    (found,) = check(result, tmp_path)
    names = [each["name"] for each in found.events["run"]]
    assert names == ["images 0-1", "images 2-3 to images 198-199", "image 200"]
    args = found.events["run"][1]["args"]
    assert (args["repeats"], args["period_runs"]) == (99, 1)
    assert args["period_cycles"] == found.events["run"][0]["dur"]


@pytest.mark.parametrize("name", ["resnet18", "lstm_300"])
def test_large_layers_stay_small(name: str, tmp_path: Path) -> None:
    trace = GateTrace.from_masks({}, ungated(name), images=64)
    layers = check(simulate(trace, in_fixed_order("bitfusion_isca_2018"), "full"), tmp_path)
    assert max(layer.count for layer in layers) < 500
    assert (tmp_path / "timeline.json").stat().st_size < 100_000 * len(layers)


@pytest.mark.parametrize("most", [100, 500, 5_000])
def test_layers_that_never_repeat_have_no_more_events_than_asked_for(
    most: int, tmp_path: Path
) -> None:
    """Of 300 images with 100 windows each, under random masks, no two turns are alike."""
    layer = linear(400, 5, 4)
    mask = np.random.default_rng(0).random((300, 4, 400)) < 0.3
    result = simulate(trace_of(layer, mask), design({"lsb.window": 4}))
    (found,) = check(result, tmp_path, events_per_layer=most)
    assert most / 4 < found.count < most


def test_the_least_events_are_some(tmp_path: Path) -> None:
    result = simulate(trace_of(linear(4, 5, 2, gate="none")), design(), "full")
    with pytest.raises(InputError, match="expected 100 or more"):
        write_timeline(result, tmp_path / "timeline.json", events_per_layer=99)
    assert list(tmp_path.iterdir()) == []


def test_names_from_strangers_files_are_kept_apart_from_the_format(tmp_path: Path) -> None:
    name = '"},{größe\\'
    result = simulate(trace_of(linear(4, 5, 2, gate="none", name=name)), design(), "full")
    (found,) = timeline(result, tmp_path)
    assert found.name == name


def test_nothing_is_left_of_a_file_that_cannot_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "timeline.json"
    path.write_text("before")
    trace = GateTrace.from_masks({}, ungated("resnet18"), images=1)
    result = simulate(trace, "fixed_8bit", "full")

    def failing(*arguments: object) -> None:
        raise RuntimeError("while it is written")

    monkeypatch.setattr("pgsim.study.timeline.files.layer_events", failing)
    with pytest.raises(RuntimeError, match="while"):
        write_timeline(result, path)
    assert [each.name for each in tmp_path.iterdir()] == ["timeline.json"]
    assert path.read_text() == "before"
