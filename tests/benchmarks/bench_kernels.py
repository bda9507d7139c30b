"""How fast the kernels go through a mask, beside the memory bandwidth of the same machine.

    python tests/benchmarks/bench_kernels.py

Masks are synthetic: ResNet-18, 100 images, density 0.3, clustered. All is on one core, figures are
medians, and each is to be read beside the bandwidth that the same run measured.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from statistics import median
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from pgsim import ArchConfig, GateTrace, load_arch, load_trace, simulate, synthetic_trace
from pgsim.kernels.activity import activity
from pgsim.kernels.combine import Table as IssueTable
from pgsim.kernels.combine import combine
from pgsim.kernels.queue import Fifos, queue
from pgsim.mapping import Counts, Words, lane_rows, scheduler_rows, tile

ROUNDS = 5
STARTS = 10
BANDWIDTH_BYTES = 2**29  # far beyond any cache
NO_PORT_RATES = np.empty((0, 3), np.int64)  # ports that never make the array wait

Arguments = tuple[Words, Counts, Counts, Counts]  # rows, lanes, lane bounds, slot bounds


class Rate(NamedTuple):
    """A measured figure: what, how much of it (in `unit`), and in GB of data a second."""

    name: str
    rate: float
    unit: str
    gigabytes_per_second: float


def seconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median time of `work`, after one call that is not timed."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def bandwidth() -> Iterator[Rate]:
    """Yield the rates at which numpy sums, and copies, an array that no cache holds."""
    data = np.ones(BANDWIDTH_BYTES // 8, np.uint64)
    target = np.empty_like(data)
    gigabytes = data.nbytes / 1e9
    read = gigabytes / seconds(data.sum)
    copied = 2 * gigabytes / seconds(lambda: np.copyto(target, data))
    yield Rate("memory, read (sum)", read, "GB/s", read)
    yield Rate("memory, read + write (copy)", copied, "GB/s", copied)


def kernel_arguments(trace: GateTrace, arch: ArchConfig) -> Iterator[Arguments]:
    """Yield what the scheduler kernels take for each gated layer of a trace."""
    for layer in trace.layers:
        if layer.shape.gated:
            tiling = tile(layer.shape, arch, arch.batch, passes=2)
            mask = layer.mask_words(0, trace.images)
            rows = scheduler_rows(mask, layer.shape, tiling)
            yield rows, lane_rows(layer, arch, tiling, 0), *tiling.bounds


def through_all(
    kernel: Callable[..., object], layers: Iterable[Arguments], *parameters: object
) -> None:
    """Call a kernel on the masks of every layer."""
    for arguments in layers:
        kernel(*arguments, *parameters)


def kernels(trace: GateTrace, arch: ArchConfig) -> Iterator[Rate]:
    """Yield the rate at which each kernel goes through all masks of a trace."""
    layers = list(kernel_arguments(trace, arch))
    bits = trace.images * sum(each.shape.outputs for each in trace.layers if each.shape.gated)
    for name, kernel, *parameters in (
        ("activity (skip, ideal)", activity),
        ("combine(4, 8)", combine, IssueTable(4, 8), NO_PORT_RATES),
        ("queue(16, 4)", queue, Fifos(16, 4), NO_PORT_RATES),
    ):
        rate = bits / seconds(partial(through_all, kernel, layers, *parameters))
        yield Rate(name, rate / 1e9, "Gbit/s", rate / 8e9)
    for scheduler in ("skip", "combine", "queue"):
        design = arch.override({"lsb.scheduler": scheduler})
        rate = bits / seconds(partial(simulate, trace, design))
        yield Rate(f"simulate, all of it, {scheduler}", rate / 1e9, "Gbit/s", rate / 8e9)


def rates_table(title: str, rates: Iterable[Rate]) -> Table:
    """Return a table of rates, each as a share of the first one's bandwidth."""
    table = Table("what", "rate", "data, GB/s", "share of read", title=title, title_justify="left")
    read = 0.0
    for rate in rates:
        read = read or rate.gigabytes_per_second
        table.add_row(
            rate.name,
            f"{rate.rate:.3g} {rate.unit}",
            f"{rate.gigabytes_per_second:.3g}",
            f"{rate.gigabytes_per_second / read:.1%}",
        )
    return table


def first_image(trace: GateTrace) -> GateTrace:
    """Return a trace of the first image of another."""
    layers = (
        replace(layer, shards=(layer.mask_words(0, 1),)) if layer.shards else layer
        for layer in trace.layers
    )
    return replace(trace, images=1, layers=tuple(layers))


def times_table() -> Table:
    """Return a table of what a person waits for: a compiled simulation, the command's help."""
    trace, arch = load_trace("digits_pg_4_2"), load_arch("pg_ws")
    simulation = seconds(lambda: simulate(trace, arch)) / trace.images
    alone = seconds(partial(simulate, first_image(trace), arch), 10 * ROUNDS)
    command = [sys.executable, "-m", "pgsim", "--help"]
    start = seconds(lambda: subprocess.run(command, check=True, capture_output=True), STARTS)
    table = Table("what", "time", title="Waiting times", title_justify="left")
    table.add_row(f"simulate {trace.name} on {arch.name}, an image", f"{simulation * 1e6:.1f} us")
    table.add_row("simulate its first image alone", f"{alone * 1e3:.2f} ms")
    table.add_row("pgsim --help", f"{start * 1e3:.0f} ms")
    return table


def main() -> None:
    """Measure and print everything."""
    console = Console()
    arch = load_arch("pg_ws").override({"batch": 1})  # then a mask is taken as it lies
    with console.status("making synthetic masks"):
        trace = synthetic_trace(
            "resnet18", images=100, density=0.3, clustering=0.5, channel_spread=0.15, seed=0
        )
    title = (
        f"{trace.name}, {trace.images} images: {arch.array.columns} lanes, "
        f"windows of {arch.window_capacity} slots"
    )
    console.print(rates_table(title, [*bandwidth(), *kernels(trace, arch)]))
    console.print(times_table())


if __name__ == "__main__":
    main()
