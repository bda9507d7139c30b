"""Jobs and their masks' work, one layer on the design of `designs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from designs import design, trace_of

from pgsim import LayerShape
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork
from pgsim.model.work_store import WorkStore
from pgsim.schemes import OutputGate, Pass, Plane, Scheme, layer_passes
from pgsim.workload import LayerTrace

PlanePair = tuple[tuple[int, int], tuple[int, int]]  # (lowest bit, bits) of activations, weights


@dataclass(frozen=True)
class Listed(Scheme):
    """Dense passes over the planes listed first, then gated ones over those listed second."""

    dense: tuple[PlanePair, ...]
    gated: tuple[PlanePair, ...] = ()

    example = "listed"
    signatures: ClassVar[Mapping[str, str]] = {}

    def passes(self, layer: LayerTrace) -> tuple[Pass, ...]:
        gate = OutputGate(layer)
        return tuple(
            Pass(Plane(*activation), Plane(*weight), own)
            for planes, own in ((self.dense, None), (self.gated, gate))
            for activation, weight in planes
        )


def job_of(
    layer: LayerShape,
    mask: np.ndarray | None = None,
    changes: Mapping[str, Any] | None = None,
    scheme: str | Scheme = "full",
    *,
    output_bits: int = 4,
) -> Job:
    """A layer under a scheme; without a mask nothing may gate."""
    if mask is None and layer.gate != "none":
        mask = np.ones((1, layer.mask_channels, layer.mask_positions), bool)
    trace, arch = trace_of(layer, mask).layers[0], design(changes)
    return Job(trace, layer_passes(trace, scheme), arch, output_bits, arch.batch)


def mask_work(job: Job, store: WorkStore | None = None) -> MaskWork:
    """The whole mask of a job's layer, whose images are whole batches."""
    block = Block(0, job.batch, job.layer.images // job.batch, calibration=0)
    return MaskWork(job, block, store or WorkStore(limit_bytes=0))
