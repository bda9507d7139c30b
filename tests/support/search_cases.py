"""Seeded small layers whose loop nests are searched for, on buffers so small that orders matter.

A seed gives the same case for ever. `nests_of` lists every nest that may be chosen, in plain Python
from the rule's text (MODEL.md M41), and `costed` simulates one, block by block.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations, product
from random import Random
from typing import Any

import numpy as np
from convolutions import uneven
from designs import conv, linear, recurrent, trace_of
from jobs import job_of

from pgsim import LayerShape
from pgsim.arch import LOOPS, OBJECTIVES
from pgsim.cost import costs_of, energy_prices
from pgsim.errors import InputError
from pgsim.mapping import Nest, loop_sizes
from pgsim.model.job import Job
from pgsim.model.layer import simulate_layer
from pgsim.model.ledger import Ledger
from pgsim.model.search import Goal
from pgsim.model.work_store import WorkStore
from pgsim.workload.zeros import Zeros

FLOWS = (("os", "channels"), ("os", "positions"), ("ws", "channels"), ("is", "channels"))
DENSE = ("full", "full", "uniform:8,8", "planes:2,2", "planes:1,3")
SAME = 1e-9  # energies are sums of floats


@dataclass(frozen=True)
class Cost:
    """What a nest costs: integers as they are, and energy in pJ."""

    cycles: int
    bursts: int
    energy_pj: float

    def value(self, objective: str) -> float:
        return {
            "latency": self.cycles,
            "dram": self.bursts,
            "energy": self.energy_pj,
            "edp": self.energy_pj * self.cycles,
        }[objective]

    def is_less_than(self, other: Cost, objective: str) -> bool:
        """By value, then by bursts, cycles and energy, if those before are equal (M41)."""
        for one, two in zip(self._ranked(objective), other._ranked(objective), strict=True):
            if abs(one - two) > SAME * abs(two):
                return one < two
        return False

    def _ranked(self, objective: str) -> tuple[float, ...]:
        return self.value(objective), self.bursts, self.cycles, self.energy_pj


@dataclass(frozen=True)
class SearchCase:
    """A layer, the masks of its images, dotted keys of a design, a scheme, and what stays on chip.

    stays: whether inputs, and whether outputs, stay in the activation buffer (M42).
    """

    layer: LayerShape
    mask: np.ndarray | None
    images: int
    changes: dict[str, Any]
    scheme: str
    output_bits: int
    stays: tuple[bool, bool]

    @cached_property
    def job(self) -> Job:
        job = job_of(self.layer, self.mask, self.changes, self.scheme, output_bits=self.output_bits)
        if self.mask is None:
            job = replace(job, layer=trace_of(self.layer, images=self.images).layers[0])
        return replace(job, inputs_stay=self.stays[0], output_stays=self.stays[1])

    @cached_property
    def prices(self) -> dict[str, float]:
        gated = self.job.gated
        return dict(energy_prices(costs_of(self.job.arch, gated=gated), gated).totals)

    def goal(self, objective: str) -> Goal:
        return Goal(OBJECTIVES[objective], self.prices)

    def ledger(self, nest: Nest | None, window: int | None = None) -> Ledger:
        """The counts over all images; an error where the nest does not fit."""
        job = replace(self.job, nest=nest, window=window)
        return simulate_layer(job, 0, self.images, WorkStore(limit_bytes=0))

    def cost(self, nest: Nest | None, window: int | None = None) -> Cost:
        count = self.ledger(nest, window).total()
        energy_pj = sum(float(count[name]) * pj for name, pj in self.prices.items())
        bursts = int(count["dram_read_bursts"] + count["dram_write_bursts"])
        return Cost(int(count["cycles"]), bursts, float(energy_pj))

    def with_changes(self, changes: dict[str, Any]) -> SearchCase:
        return replace(self, changes=self.changes | changes)


def search_case(seed: int, *, gated: bool, most: int = 4, batches: int = 1) -> SearchCase:
    """A case whose design can be built and runs in the fixed order.

    most: the most that a loop has, about. batches: of the images, all whole.
    """
    rng = Random(f"{seed} {gated} {most}")
    while True:
        case = _drawn(rng, gated, most, batches)
        try:
            case.cost(None)
        except InputError:
            continue
        if any(True for _ in blocks_that_fit(case)):
            return case


def steered_case(seed: int, *, most: int = 4, batches: int = 1) -> SearchCase:
    """A case of masks, under a scheme that follows them."""
    case = search_case(seed, gated=True, most=most, batches=batches)
    return case if case.job.gated else replace(case, scheme="pg")


def with_zeros(case: SearchCase, seed: int) -> SearchCase:
    """The same in three or four passes, on PEs that stand still at zeros of each pass's bits.

    There are so few operands that it matters how many PE cycles are rounded down.
    """
    rng = Random(f"zeros {seed}")
    bits = rng.choice(((1, 1, 1, 1), (1, 1, 2), (2, 1, 1)))
    lows = [4 - sum(bits[: index + 1]) for index in range(len(bits))]
    activations = [[low, own, round(rng.random(), 2)] for low, own in zip(lows, bits, strict=True)]
    zeros = Zeros(activation=activations, weight=[[0, 8, rng.choice((0.1, 0.5))]])
    layer = case.layer.model_copy(update={"zeros": zeros})
    changes = case.changes | {"array.pe.zero_gating": True}
    scheme = f"planes:{','.join(map(str, bits))}"
    return replace(case, layer=layer, scheme=scheme, changes=changes)


def _drawn(rng: Random, gated: bool, most: int, batches: int) -> SearchCase:
    batch = rng.choice((1, 1, 2))
    layer = _layer(rng, gated, most)
    images, mask = batch * batches, None
    if gated:
        shape = (images, layer.mask_channels, layer.mask_positions)
        density = rng.choice((0, 0.1, 0.4, 0.4, 0.9))
        mask = np.random.default_rng(rng.randrange(2**32)).random(shape) < density
    scheme = rng.choice(("pg", "pg", "dual_dense", "planes:1,3")) if gated else rng.choice(DENSE)
    if gated and scheme == "dual_dense":
        scheme = "pg"
    stays = (rng.random() < 0.15, rng.random() < 0.15)
    return SearchCase(
        layer, mask, images, _changes(rng, layer, batch), scheme, rng.choice((2, 4, 32)), stays
    )


def _layer(rng: Random, gated: bool, most: int) -> LayerShape:
    gate: dict[str, Any] = {} if gated else {"gate": "none"}

    def some() -> int:
        return rng.randint(1, most)

    match rng.choice(("conv", "conv", "conv", "linear", "linear", "recurrent")):
        case "linear":
            return linear(some() + 2, 2 * some(), some() + 2, **gate)
        case "recurrent":
            return recurrent(rng.randint(1, 3), 2 * some(), some() + 1, **gate)
    kernel, groups = rng.choice((1, 2, 3)), rng.choice((1, 1, 1, 2))
    sides = {"stride": [rng.choice((1, 2))] * 2, "padding": [rng.choice((0, kernel // 2))] * 2}
    size = kernel + rng.randint(0, most - 1)
    sides["padding"] = uneven(sides["padding"], (sides["stride"], size))
    return conv(some() * groups, some() * groups, size, kernel, groups=groups, **sides, **gate)


def _changes(rng: Random, layer: LayerShape, batch: int) -> dict[str, Any]:
    dataflow, lanes = rng.choice(FLOWS)
    doubled = rng.random() < 0.5
    rows, columns = rng.choice((1, 2, 4)), rng.choice((1, 2, 3))
    changes: dict[str, Any] = {
        "array.dataflow": dataflow,
        "array.lanes": lanes,
        "array.rows": rows,
        "array.columns": columns,
        "array.overlap": rng.choice(("folds", "folds", "none")),
        "lsb.scheduler": rng.choice(("skip", "combine", "queue")),
        "memory.double_buffered": doubled,
        "memory.overlap": rng.choice(("turns", "turns", "turns", "runs")),
        "memory.dram.bytes_per_cycle": rng.choice((1, 1, 2, 3, 8, 64)),
        "memory.dram.burst_bytes": rng.choice((1, 1, 2, 8)),
        "batch": batch,
    }
    if rng.random() < 0.4:
        changes["array.pe.kind"] = rng.choice(("fusion", "serial_activation"))
    taps = layer.kernel[0] * layer.kernel[1]
    inputs = batch * layer.in_channels_per_group * layer.run_in_size[0] * layer.run_in_size[1]
    weights = layer.channels_per_group * layer.in_channels_per_group * taps
    height, width = layer.run_out_size
    sums = batch * height * width * layer.channels_per_group
    least = columns * (rows if dataflow == "os" else 1)
    wholes = {
        "activation": (inputs * 4, 8 * layer.kernel[0] * layer.kernel[1]),
        "weight": (weights * 8, 8 * taps),
        "output": (sums * 32, 32 * least),
    }
    for buffer, (whole, smallest) in wholes.items():
        bits = max(smallest, whole * rng.choice((0.1, 0.25, 0.4, 0.6, 1.0)))
        size = -(-int(bits) // 8) * (2 if doubled else 1)
        changes |= {
            f"memory.{buffer}_sram.kib": size / 1024,
            f"memory.{buffer}_sram.banks": 1,
            f"memory.{buffer}_sram.port_bits": 8,
        }
    return changes


def candidates(size: int) -> list[int]:
    """The smallest block size for each number of blocks of a loop."""
    return sorted({min(b for b in range(1, size + 1) if -(-size // b) == -(-size // each))
                   for each in range(1, size + 1)})  # fmt: skip


def blocks_that_fit(case: SearchCase) -> Iterator[tuple[int, ...]]:
    """All choices of candidate block sizes that the buffers hold, whatever the order."""
    sizes = loop_sizes(case.job.shape, case.job.batch)
    for blocks in product(*(candidates(size) for size in sizes)):
        try:
            case.ledger(_nest("NPQKC", sizes, blocks))
        except InputError:
            continue
        yield blocks


def nests_of(case: SearchCase) -> Iterator[Nest]:
    """Every nest that may be chosen, one for all orders that differ in loops of one block alone.

    Of these it has the first in the alphabet. Where a mask steers, loops of several blocks of input
    channels are innermost (M40), and operands may be left unheld (M41).
    """
    sizes = loop_sizes(case.job.shape, case.job.batch)
    for blocks in blocks_that_fit(case):
        moving = [each for each in LOOPS if blocks[LOOPS.index(each)] < sizes[LOOPS.index(each)]]
        for order in permutations(moving):
            if case.job.gated and "C" in order and order[-1] != "C":
                continue
            nest = _nest(first_in_the_alphabet(order), sizes, blocks)
            yield nest
            if case.job.gated and "C" in order:
                for unheld in (("activation",), ("weight",), ("activation", "weight")):
                    yield replace(nest, unheld=unheld)


def least(costs: list[tuple[Nest, Cost]], objective: str) -> list[tuple[Nest, Cost]]:
    """Those of least value, among them of least traffic, and so on; last the sizes and letters."""
    for key in (
        lambda _, cost: cost.value(objective),
        lambda _, cost: cost.bursts,
        lambda _, cost: cost.cycles,
        lambda _, cost: cost.energy_pj,
        lambda nest, _: -nest.volume,
    ):
        best = min(key(*each) for each in costs)
        costs = [each for each in costs if key(*each) <= best + abs(best) * SAME]
    return sorted(costs, key=lambda each: _written(each[0]))


def _written(nest: Nest) -> tuple[object, ...]:
    return (*(-size for size in nest.blocks), nest.order, nest.unheld)


def windows_of(case: SearchCase) -> list[int]:
    """The windows that output buffers without room for the design's would give, largest first."""
    array, memory = case.job.arch.array, case.job.arch.memory
    unit = array.rows if array.dataflow == "os" else 1
    sums = int(memory.output_sram.kib * 8192) // memory.halves // 32
    height, width = case.layer.run_out_size
    slots, _ = case.job.arch.lanes.slots_and_lanes(
        case.job.batch * height * width, case.layer.channels_per_group
    )
    room = sums // array.columns // unit * unit
    return [window for window in range(unit, min(room, slots), unit)][::-1]


def first_in_the_alphabet(order: tuple[str, ...]) -> str:
    """The least of all orders of the five loops that have these in this order."""
    return min(
        "".join(every)
        for every in permutations(LOOPS)
        if tuple(each for each in every if each in order) == order
    )


def _nest(order: str, sizes: tuple[int, ...], blocks: tuple[int, ...]) -> Nest:
    return Nest(order, sizes, blocks)  # type: ignore[arg-type]
