"""M25: the turns of a run, in which the array and the DRAM wait for each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from .mapping import Job


def turn(compute_cycles: int, dram_bytes: int, bytes_per_cycle: int) -> int:
    """Cycles until an array and a DRAM that work side by side are both done."""
    cycles = 0
    while compute_cycles > 0 or dram_bytes > 0:
        compute_cycles -= 1
        dram_bytes -= bytes_per_cycle
        cycles += 1
    return cycles


def cycles_with_dram(
    job: Job, compute: Sequence[int], reads: Sequence[int], writes: Sequence[int]
) -> int:
    """M25: cycles of one run: its turns' `compute` cycles, and its tiles' bytes in between."""
    speed = job.arch["memory"]["dram"]["bytes_per_cycle"]
    if not job.arch["memory"]["double_buffered"]:
        return sum(
            turn(0, read, speed) + turn(cycles, 0, speed) + turn(0, written, speed)
            for cycles, read, written in zip(compute, reads, writes, strict=True)
        )
    fetching, writing = deque(reads), deque([0, 0] if job.interleaved else [0])
    writing.extend(writes)
    total = turn(0, fetching.popleft(), speed)
    for cycles in compute:
        fetched = fetching.popleft() if fetching else 0
        total += turn(cycles, fetched + writing.popleft(), speed)
    (last_tile,) = writing
    return total + turn(0, last_tile, speed)
