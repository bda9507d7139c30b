"""A reader of timelines that knows the file's format only, and nothing of pgsim.

What holds for every timeline is checked while it is read: layers follow each other, no two events
of a track overlap but where one holds the other, every wait and every pass is as long as its cycles
say, and what is merged is as long as its repeats.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

COLUMNS = (
    "msb_cycles",
    "lsb_cycles",
    "bubble_cycles",
    "port_stall_cycles",
    "dram_stall_cycles",
    "dram_read_bytes",
    "dram_activation_read_bytes",
    "dram_weight_read_bytes",
    "dram_sum_read_bytes",
    "dram_write_bytes",
)
ARRAY_CYCLES = COLUMNS[:5]
MERGED = ("repeats", "turns", "runs")  # one of them stands in the args of an event for many

Event = dict[str, Any]


@dataclass
class Layer:
    """A layer's own event, and the others that lie in it, by category."""

    event: Event
    events: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))

    @property
    def name(self) -> str:
        return str(self.event["name"])

    @property
    def count(self) -> int:
        return sum(map(len, self.events.values()))

    @property
    def sums(self) -> dict[str, int]:
        """What the events add up to, by column; and when the layer's last event ends."""
        sums = dict.fromkeys(COLUMNS, 0)
        for kind in ("pass", "wait", "transfer"):
            for each in self.events[kind]:
                for column in COLUMNS:
                    sums[column] += each["args"].get(column, 0)
        sums["cycles"] = sum(sums[column] for column in ARRAY_CYCLES)
        assert self.event["dur"] == self.event["args"]["cycles"] == sums["cycles"]
        return sums


def read_timeline(path: Path) -> list[Layer]:
    """Return the layers of a file, in order."""
    events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    drawn = [each for each in events if each["ph"] == "X"]
    layers = [Layer(each) for each in drawn if each["cat"] == "layer"]
    assert layers[0].event["ts"] == 0
    for before, after in pairwise(layers):
        assert after.event["ts"] == end(before.event)
    index = 0
    for each in drawn:
        if each["cat"] != "layer":
            while each["ts"] >= end(layers[index].event):
                index += 1
            assert layers[index].event["ts"] <= each["ts"] < end(each) <= end(layers[index].event)
            layers[index].events[each["cat"]].append(each)
    for layer in layers:
        check(layer)
    return layers


def end(event: Event) -> int:
    return int(event["ts"] + event["dur"])


def merged(event: Event) -> bool:
    return any(key in event["args"] for key in MERGED)


def check(layer: Layer) -> None:
    """Hold every event of a layer to the cycles that it says it has."""
    for kind, events in layer.events.items():
        by_time = sorted(events, key=lambda each: each["ts"])
        for before, after in pairwise(by_time):
            assert end(before) <= after["ts"], (kind, before, after)
        for each in events:
            if "repeats" in each["args"]:
                assert each["dur"] == each["args"]["repeats"] * each["args"]["period_cycles"]
    waits = [each for each in layer.events["wait"] if not merged(each)]
    for each in waits:
        assert [each["dur"]] == list(each["args"].values())
    for each in layer.events["pass"]:
        if not merged(each):
            inside = sum(
                wait["dur"] for wait in waits if each["ts"] <= wait["ts"] and end(wait) <= end(each)
            )
            steps = each["args"].get("msb_cycles", 0) + each["args"].get("lsb_cycles", 0)
            assert each["dur"] == steps + inside
    runs = layer.events["run"]
    assert sum(each["dur"] for each in runs) == layer.event["dur"]
