"""Timelines of simulations, held to the rows of their results."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from timeline_reader import COLUMNS, Layer, read_timeline

from pgsim import ArchConfig, write_timeline
from pgsim.results import Result


def timeline(result: Result, folder: Path, **options: Any) -> list[Layer]:
    write_timeline(result, folder / "timeline.json", **options)
    return read_timeline(folder / "timeline.json")


def check(result: Result, folder: Path, **options: Any) -> list[Layer]:
    """The layers of a timeline whose sums are those of the result's rows."""
    layers = timeline(result, folder, **options)
    assert [layer.name for layer in layers] == [row["layer"] for row in result.rows]
    for layer, row in zip(layers, result.rows, strict=True):
        assert layer.sums == {name: row[name] for name in (*COLUMNS, "cycles")}
    return layers


def bytes_per_cycle(arch: ArchConfig) -> Fraction:
    """What DRAM moves in a cycle (M44)."""
    dram = arch.memory.dram
    return Fraction(str(dram.bytes_per_cycle or 0)) or (
        Fraction(str(dram.gb_per_s)) * 1000 / Fraction(str(arch.clock_mhz))
    )
