"""Arrays of equal logic area: their shapes, and which of them runs a network fastest."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from pgsim.arch import LONGEST_SIDE, ArchConfig
from pgsim.cost import costs_of
from pgsim.errors import InputError
from pgsim.lazy import lazy
from pgsim.model.fetches import FETCHES
from pgsim.model.job import Job
from pgsim.model.retention import retained
from pgsim.model.work_store import WorkStore
from pgsim.results import Result
from pgsim.schemes import WEIGHTS, Scheme
from pgsim.study.counting import Network
from pgsim.study.jobs import jobs_of, split
from pgsim.study.simulation import simulate
from pgsim.workload import GateTrace


def shapes_of(design: ArchConfig, most_pes: int) -> tuple[ArchConfig, ...]:
    """Return a design in every shape of at most so many PEs to which no row or column can be added.

    Shapes that the rest of the design does not allow are left out. Source: MODEL.md M33.
    """
    longest = min(most_pes, LONGEST_SIDE)
    columns_of = {min(longest, most_pes // wide): wide for wide in range(1, longest + 1)}
    found = []
    for rows, columns in columns_of.items():
        with suppress(InputError):
            found.append(design.override({"array.rows": rows, "array.columns": columns}))
    return tuple(found)


def fastest(
    trace: GateTrace,
    designs: Sequence[ArchConfig],
    scheme: Scheme,
    calibration_images: int,
    store: WorkStore,
) -> Result:
    """Simulate a trace on the design that runs it in the fewest cycles.

    Designs are tried by the steady cycles of their layers, the fewest first, and of equals the
    first one is returned. One that cannot take fewer cycles than another does is not simulated.
    Source: MODEL.md M33.
    """
    whole = partial(simulate, trace, scheme=scheme, calibration_images=calibration_images)
    if len(designs) == 1:
        return whole(arch=designs[0], store=store)
    shapes = [Shape(trace, scheme, each, calibration_images, store) for each in designs]
    best: Result | None = None
    for shape in sorted(shapes, key=lambda shape: shape.steady_cycles):
        if best is not None and not shape.may_take_fewer(best.cycles):
            continue
        found = whole(arch=shape.design, store=store)
        if best is None or found.cycles < best.cycles:
            best = found
    assert best is not None, "a row has a design"
    return best


class Bound(NamedTuple):
    """What a layer takes at least over all images, however it is mapped.

    steady_cycles: what it computes in full (M15), or what must cross the DRAM interface at least
    once: its weights, and outputs that do not stay on chip. cycles: with the skew, in which the
    array drains at the end of every run (M16, M17). times: how many layers are alike.
    """

    job: Job
    times: int
    steady_cycles: int
    cycles: int

    @classmethod
    def of(cls, job: Job, images: int, times: int) -> Bound:
        """Return the bound of a layer."""
        whole, rest = divmod(images, job.batch)
        batches = [(job, whole)] if whole else []
        batches += [(replace(job, batch=rest), 1)] if rest else []
        array = job.array_of(0)
        skew = array.skew_cycles * job.shape.runs_per_batch if array.folds_overlap else 0
        steady_cycles = cycles = 0
        for own, often in batches:
            busy, moved = _array_cycles(own), _dram_cycles(own)
            steady_cycles += often * max(busy, moved)
            cycles += often * max(busy + skew, moved)
        return cls(job, times, steady_cycles, cycles)


@dataclass(frozen=True)
class Shape:
    """A design in one shape of its array, and what the layers of a trace that differ take on it."""

    trace: GateTrace
    scheme: Scheme
    design: ArchConfig
    calibration_images: int
    store: WorkStore

    @lazy
    def bounds(self) -> list[Bound]:
        """What the layers that differ take at least."""
        design, images = self.design, self.trace.images - self.calibration_images
        if design.clocked_by_parts:
            design = costs_of(design).arch
        # Which tensors stay on chip, and so which layers are alike, is the same in every shape.
        alike = (design.memory, design.batch, design.output_bits, design.mapping, design.array.pe)
        key = ("layers", self.trace, self.scheme, alike)
        layers = self.store.shared(key, partial(self._layers, design), lambda found: 1_000)
        return [Bound.of(job.on(design), images, times) for job, times in layers]

    def _layers(self, design: ArchConfig) -> list[tuple[Job, int]]:
        """Return the layers that differ, and how many are alike."""
        jobs = jobs_of(self.trace, design, self.scheme, self.store)
        alike: dict[Hashable, list[Job]] = {}
        for job in retained(jobs, self.trace.producers):
            key = (job.alike, job.first, design.mapping.given(job.shape.name))
            alike.setdefault(key, []).append(job)
        return [(own[0], len(own)) for own in alike.values()]

    @property
    def steady_cycles(self) -> int:
        """Cycles that all layers take at least, but for the skew."""
        return sum(each.times * each.steady_cycles for each in self.bounds)

    def may_take_fewer(self, cycles: int) -> bool:
        """Say whether all layers together take fewer cycles than so many.

        One layer after the other is mapped, the longest first, until what the others take at least
        is too much.
        """
        total = sum(each.times * each.cycles for each in self.bounds)
        if total >= cycles:
            return False
        costs = costs_of(self.design, gated=any(each.job.gated for each in self.bounds))
        scheduled = any(each.job.scheduled for each in self.bounds)
        calibration = self.calibration_images
        found = split(self.trace, self.scheme, self.store)
        network = Network(self.trace, found, costs, scheduled, calibration, self.store)
        network.check()
        for bound in sorted(self.bounds, key=lambda each: -each.times * each.cycles):
            if total >= cycles:
                break
            total += bound.times * (network.cycles(bound.job) - bound.cycles)
        return total < cycles


def _dram_cycles(job: Job) -> int:
    """Return the cycles of DRAM that a batch of a layer takes at least."""
    weights = FETCHES[WEIGHTS.name].group_elements(job) * job.shape.groups
    bits = weights * job.passes[0].weight_bits + job.shape.outputs * job.batch * job.written_bits
    bursts = bits // (job.arch.memory.dram.burst_bytes * 8)
    return int(bursts * job.arch.dram_cycles.burst)


def _array_cycles(job: Job) -> int:
    """Return the steady cycles of a layer's dense passes over a batch, each window unbroken."""
    lanes, slots = job.cuts
    flow, rows, total = job.arch.dataflow, job.array_of(0).rows, np.array([slots.total])
    alone = job.leading if job.predicts else len(job.passes)  # others run beside these (M59)
    tile = sum(
        int((flow.folds(total, rows, rate) * flow.fold_cycles(total, rate)).item())
        for plan, rate in zip(job.passes[:alone], job.rates[:alone], strict=True)
        if not plan.gated
    )
    return job.shape.runs_per_batch * job.shape.groups * lanes.pieces * tile
