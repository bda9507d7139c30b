"""Timelines of two arrays side by side (M59): each has tracks of its own, which add up."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from designs import design, drawn, linear, trace_of
from test_against_reference import simulated
from two_array_cases import two_arrays_case

from pgsim import simulate, write_timeline
from pgsim.results import Result

COLUMNS = (
    "msb_cycles",
    "lsb_cycles",
    "bubble_cycles",
    "port_stall_cycles",
    "dram_stall_cycles",
    "predictor_wait_cycles",
    "executor_wait_cycles",
    "dram_read_bytes",
    "dram_write_bytes",
)
DRAM_STALL = "DRAM stall"


def tracks(result: Result, folder: Path, **options: Any) -> dict[str, list[dict[str, Any]]]:
    """The events of passes, waits and transfers by the name of their track."""
    write_timeline(result, folder / "timeline.json", **options)
    events = json.loads((folder / "timeline.json").read_text())["traceEvents"]
    names = {each["tid"]: each["args"]["name"] for each in events if each["name"] == "thread_name"}
    found = defaultdict(list)
    for each in events:
        if each["ph"] == "X" and each["cat"] in ("pass", "wait", "transfer"):
            found[names[each["tid"]]].append(each)
    return found


def check(result: Result, folder: Path) -> None:
    """What is drawn adds up to the row; nothing overlaps on a track, and each array's fill it."""
    (row,) = result.rows
    found = tracks(result, folder, events_per_layer=10**6)
    sums: Counter[str] = Counter()
    for own in found.values():
        for each in own:
            sums.update({c: each["args"][c] for c in COLUMNS if c in each["args"]})
        by_time = sorted(own, key=lambda each: each["ts"])
        for before, after in pairwise(by_time):
            assert before["ts"] + before["dur"] <= after["ts"]
    assert {column: sums[column] for column in COLUMNS} == {c: row[c] for c in COLUMNS}
    if any("repeats" in each["args"] for own in found.values() for each in own):
        return  # what is merged is drawn on one track of passes
    stalls = sum(e["dur"] for e in found["waits of the array"] if e["name"] == DRAM_STALL)
    arrays = ["array", "predictor"] if row["both_cycles"] else []
    for array in arrays:
        steps = sum(
            each["args"].get("msb_cycles", 0) + each["args"].get("lsb_cycles", 0)
            for each in found[array]
        )
        waits = sum(
            each["dur"] for each in found[f"waits of the {array}"] if each["name"] != DRAM_STALL
        )
        assert steps + waits + stalls == row["cycles"]


@pytest.mark.parametrize("first", range(0, 20, 20))
def test_random_designs_add_up(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        check(simulated(two_arrays_case(seed)), tmp_path)


def test_the_example_of_m59_turn_by_turn(tmp_path: Path) -> None:
    """By hand, from the rule's text: three turns of 18 cycles."""
    changes = {"array.predictor_share": 0.5, "lsb.window": 4, "memory.dram.model": "ideal"}
    layer = linear(8, 8, 2)
    result = simulate(trace_of(layer, drawn(".x..xx.. .....x.x")), design(changes))
    found = tracks(result, tmp_path)
    shown = {
        name: [(each["name"], each["ts"], each["dur"]) for each in own]
        for name, own in found.items()
        if name != "DRAM"
    }
    assert shown == {
        "predictor": [("MSB tile 1", 0, 16), ("MSB tile 2", 18, 16)],
        "waits of the predictor": [
            ("bubble", 16, 2),
            ("bubble", 34, 2),
            ("wait for the executor", 36, 18),
        ],
        "array": [("LSB tile 1", 18, 8), ("LSB tile 2", 36, 16)],
        "waits of the array": [
            ("wait for the predictor", 0, 18),
            ("bubble", 26, 2),
            ("wait for the predictor", 28, 8),
            ("bubble", 52, 2),
        ],
    }
