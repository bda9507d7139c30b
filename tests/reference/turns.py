"""M25: the turns of a run, in which the array and the DRAM wait for each other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from .mapping import Job
from .memory import Streams


@dataclass(frozen=True)
class DramTime:
    """M44: what the DRAM is busy with, in cycles, exactly."""

    dram: Mapping[str, Any]
    clock_mhz: float

    def cycles(self, streams: Iterable[int]) -> Fraction:
        """Of some streams, each of so many bytes, one after the other."""
        return sum((self._stream(each) for each in streams if each), Fraction(0)) * self._slowdown

    def _stream(self, stream_bytes: int) -> Fraction:
        time = stream_bytes / self._bytes_per_cycle
        return time + self.pages(stream_bytes) * self._cycles_of(self.dram.get("row_miss_ns", 0))

    def pages(self, stream_bytes: int) -> int:
        """Pages that a stream opens: each channel has a part of every page."""
        if self.dram.get("model", "bandwidth") != "pages":
            return 0
        size, opened = self.dram["channels"] * self.dram["page_bytes"], 0
        while stream_bytes > 0:
            stream_bytes, opened = stream_bytes - size, opened + 1
        return opened

    def _cycles_of(self, time_ns: int) -> Fraction:
        return Fraction(time_ns) * Fraction(str(self.clock_mhz)) / 1000

    @property
    def _bytes_per_cycle(self) -> Fraction:
        if self.dram.get("gb_per_s") is not None:
            return Fraction(str(self.dram["gb_per_s"])) * 1000 / Fraction(str(self.clock_mhz))
        return Fraction(str(self.dram["bytes_per_cycle"]))

    @property
    def _slowdown(self) -> Fraction:
        if self.dram.get("model", "bandwidth") != "pages":
            return Fraction(1)
        interval = self.dram["refresh_interval_ns"]
        return Fraction(interval, interval - self.dram["refresh_ns"])


def turn(compute_cycles: int, dram_cycles: Fraction) -> int:
    """Cycles until an array and a DRAM that work side by side are both done."""
    cycles = 0
    while compute_cycles > 0 or dram_cycles > 0:
        compute_cycles -= 1
        dram_cycles -= 1
        cycles += 1
    return cycles


@dataclass(frozen=True)
class Ask:
    """M24: after how many cycles of its array a turn's trailing passes could begin, and whether
    their mask was known when the turn began."""

    after: int
    known: bool


def cycles_with_dram(
    job: Job, compute: Sequence[int], asks: Sequence[Ask | None], tiles: Sequence[Streams]
) -> int:
    """M25: cycles of one run: its turns' `compute` cycles, and its tiles' bytes in between.

    Under `ports: all` what is on demand is no part of the tile that is fetched ahead: the turn of a
    tile's trailing passes moves it, from when it is asked for, before all else (M24).
    """
    time = DramTime(job.arch["memory"]["dram"], job.arch.get("clock_mhz", 500))
    late = job.gated and job.arch["memory"].get("ports", "slots") == "all"
    reads: list[tuple[int, ...]] = []
    demands: list[Fraction] = []
    for tile in tiles:
        together = (tile.activations + tile.demand, tile.weights)
        reads.append((tile.activations, tile.weights) if late else together)
        demands.append(time.cycles((tile.demand,)) if late else Fraction(0))
    writes = [(tile.outputs,) for tile in tiles]
    none = Fraction(0)
    waiting = deque([none, *demands] if job.interleaved else demands)
    if not job.arch["memory"]["double_buffered"]:
        return sum(
            turn(0, time.cycles(read))
            + turn_on_demand(cycles, none, ask, waiting.popleft())
            + turn(0, time.cycles(written))
            for cycles, ask, read, written in zip(compute, asks, reads, writes, strict=True)
        )
    fetching = deque(reads)
    writing: deque[tuple[int, ...]] = deque([(), ()] if job.interleaved else [()])
    writing.extend(writes)
    total = turn(0, time.cycles(fetching.popleft()))
    for cycles, ask in zip(compute, asks, strict=True):
        fetched = fetching.popleft() if fetching else ()
        beside = time.cycles((*fetched, *writing.popleft()))
        total += turn_on_demand(cycles, beside, ask, waiting.popleft())
    (last_tile,) = writing
    return total + turn(0, time.cycles(last_tile))


def dram_counts(job: Job, streams: Iterable[Streams]) -> Counter[str]:
    """M23, M24, M44: bytes that the tiles of a run move, and the pages that these open."""
    time = DramTime(job.arch["memory"]["dram"], job.arch.get("clock_mhz", 500))
    late = job.gated and job.arch["memory"].get("ports", "slots") == "all"
    counts: Counter[str] = Counter()
    for tile in streams:
        counts["dram_read_bytes"] += tile.activations + tile.weights + tile.demand
        counts["dram_demand_read_bytes"] += tile.demand
        counts["dram_write_bytes"] += tile.outputs
        alone = tile.demand if late else 0
        read = (tile.activations + tile.demand - alone, tile.weights, alone)
        counts["dram_read_row_misses"] += sum(map(time.pages, read))
        counts["dram_demand_read_row_misses"] += time.pages(alone)
        counts["dram_write_row_misses"] += time.pages(tile.outputs)
    return counts


def turn_on_demand(compute: int, beside: Fraction, ask: Ask | None, demand: Fraction) -> int:
    """Cycles of a turn, stepped: the array stops before its trailing passes until the DRAM, which
    does that first, has moved what they need. Each transfer ends with a cycle."""
    if ask is None or not demand:
        return turn(compute, beside)
    left_beside, left_demand = ceil(beside), ceil(demand)
    cycles = done = 0
    while done < compute or left_beside or left_demand:
        asked = ask.known or done >= ask.after
        works = done < compute and (done < ask.after or not left_demand)
        if asked and left_demand:
            left_demand -= 1
        elif left_beside:
            left_beside -= 1
        done += works
        cycles += 1
    return cycles
