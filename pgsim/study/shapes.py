"""Arrays of equal logic area: their shapes, and which of them runs a network fastest."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from pgsim.arch import LONGEST_SIDE, ArchConfig
from pgsim.errors import InputError
from pgsim.model.fetches import FETCHES
from pgsim.model.job import Job
from pgsim.model.mask_work import WorkStore
from pgsim.model.retention import retained
from pgsim.results import Result
from pgsim.schemes import WEIGHTS, Scheme
from pgsim.study.simulation import costed_jobs, simulate
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
    """Simulate a trace on the design that runs it in the fewest cycles, the first of equals.

    A design whose least possible cycles are no fewer than some other's cycles is not simulated.
    Source: MODEL.md M33.
    """
    images = trace.images - calibration_images
    bounds = [_least_cycles(trace, each, scheme, images, store) for each in designs]
    best: Result | None = None
    for index in sorted(range(len(designs)), key=lambda index: bounds[index]):
        if best is not None and bounds[index] >= best.cycles:
            break
        found = simulate(
            trace, designs[index], scheme, calibration_images=calibration_images, store=store
        )
        if best is None or found.cycles < best.cycles:
            best = found
    assert best is not None, "a row has a design"
    return best


def _least_cycles(
    trace: GateTrace, design: ArchConfig, scheme: Scheme, images: int, store: WorkStore
) -> int:
    """Return cycles that a design cannot undercut, however its layers are mapped.

    A layer takes what it computes in full (M15), and what must cross the DRAM interface at least
    once: its weights, and outputs that do not stay on chip.
    """
    jobs, _ = costed_jobs(trace, design, scheme, store)
    jobs = retained(jobs, trace.producers)
    whole, rest = divmod(images, design.batch)
    batches = [(design.batch, whole), (rest, 1)] if rest else [(design.batch, whole)]
    return sum(
        times * max(_array_cycles(own), _dram_cycles(own))
        for images, times in batches
        if times
        for own in (replace(job, batch=images) for job in jobs)
    )


def _dram_cycles(job: Job) -> int:
    """Return the cycles of DRAM that a batch of a layer takes at least."""
    weights = FETCHES[WEIGHTS.name].group_elements(job) * job.shape.groups
    bits = weights * job.passes[0].weight_bits + job.shape.outputs * job.batch * job.written_bits
    bursts = bits // (job.arch.memory.dram.burst_bytes * 8)
    return int(bursts * job.arch.dram_cycles.burst)


def _array_cycles(job: Job) -> int:
    """Return the steady cycles of a layer's dense passes over a batch, each window unbroken."""
    lanes, slots = job.cuts
    flow, rows, total = job.arch.dataflow, job.arch.array.rows, np.array([slots.total])
    tile = sum(
        int((flow.folds(total, rows, rate) * flow.fold_cycles(total, rate)).item())
        for plan, rate in zip(job.passes, job.rates, strict=True)
        if not plan.gated
    )
    return job.shape.runs_per_batch * job.shape.groups * lanes.pieces * tile
