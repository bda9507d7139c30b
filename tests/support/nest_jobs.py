"""Cases of `nest_cases` as pgsim's jobs, and layers of `designs` mapped by a nest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from jobs import job_of
from listed_passes import scheme_of
from nest_cases import NestCase
from reference.nests import LOOPS

from pgsim import ArchConfig, GateTrace, LayerShape
from pgsim.mapping import loop_sizes, nest_of_blocks
from pgsim.model.job import Job
from pgsim.schemes import Scheme, scheme_named
from pgsim.study.jobs import jobs_of
from pgsim.workload import layer_shape


def trace_of_case(drawn: NestCase) -> GateTrace:
    """A trace of one layer, the calibration images first."""
    case = drawn.case
    layer = layer_shape(case.layer)
    masks: dict[str, Any] = {}
    if case.mask is not None:
        planes = (*(case.calibration_mask or ()), *case.mask)
        masks[layer.name] = np.array(planes, bool)
    return GateTrace.from_masks(masks, [layer], images=case.images + case.calibration_images)


def job_of_case(drawn: NestCase, arch: Mapping[str, Any] | None = None) -> Job:
    """The one layer of a case with its nest; arch: another design than the case's."""
    case = drawn.case
    design = ArchConfig.model_validate(arch or case.arch)
    (job,) = jobs_of(trace_of_case(drawn), design, scheme_named(scheme_of(case.scheme)))
    blocks = tuple(drawn.nest.blocks[loop] for loop in LOOPS)
    return replace(
        job, nest=nest_of_blocks(drawn.nest.order, loop_sizes(job.shape, design.batch), blocks)
    )


def nested(
    layer: LayerShape,
    order: str,
    blocks: tuple[int | None, ...],
    changes: Mapping[str, Any] | None = None,
    scheme: str | Scheme = "full",
    mask: np.ndarray | None = None,
) -> Job:
    """A layer on the design of `designs` in a nest; a block that is None is the whole loop."""
    job = job_of(layer, mask, changes, scheme)
    return replace(job, nest=nest_of_blocks(order, loop_sizes(layer, job.batch), blocks))
