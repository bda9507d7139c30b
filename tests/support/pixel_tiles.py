"""Layers under a mask of input pixels, tile by tile: pgsim's passes beside the reference's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
from cases import Case, pixels_case
from listed_passes import scheme_of
from reference import sweeps_of
from reference.layers import layer_of
from reference.mapping import Job as ReferenceJob
from reference.mapping import TilePlan, runs_of, tiles_of
from reference.plans import plan_tile

from pgsim import ArchConfig, GateTrace
from pgsim.model.blocks import Block, blocks_of
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork
from pgsim.model.passes import Timings, time_passes
from pgsim.model.work_store import WorkStore
from pgsim.schemes import scheme_named
from pgsim.study.jobs import jobs_of
from pgsim.workload import layer_shape


@dataclass(frozen=True)
class Beside:
    """A block of images: how pgsim times its passes, and what the reference plans of each tile."""

    job: Job
    block: Block
    timings: Timings
    reference: ReferenceJob
    plans: list[TilePlan]

    def by_tile(self, counts: Any) -> list[int]:
        """Counts of the tiles, in the order of the plans."""
        tiles = self.job.tiling.tiles(self.block.batches)
        return np.broadcast_to(counts, tiles).ravel().tolist()


def beside(case: Case) -> Iterator[Beside]:
    """The blocks of a case, a smaller last batch apart."""
    job, shape = _job_of(case), layer_of(case.layer)
    passes = sweeps_of(shape, case.scheme, case.arch)
    reference = ReferenceJob(shape, passes, case.arch, first=True)
    calibration = case.calibration_images
    for block in blocks_of(job, calibration, case.images + calibration):
        own = job.of_batch(block.batch)
        timings = time_passes(own, MaskWork(own, block, WorkStore(limit_bytes=0)))
        images = range(block.start - calibration, block.stop - calibration)
        plans = [
            plan_tile(reference, tile, case.mask)
            for run in runs_of(reference, case.images)
            if run.first_image in images
            for tile in tiles_of(reference, run, case.calibration_mask)
        ]
        yield Beside(own, block, timings, reference, plans)


def steady_case(seed: int) -> Case:
    """A case of `pixels_case` on an array whose PEs hold operands, and which runs pass by pass."""
    case = pixels_case(seed)
    own = {"dataflow": Random(seed).choice(("ws", "is", "bitfusion"))}
    array = case.arch["array"] | {"lanes": "channels", "speed": "steady"} | own
    lsb = case.arch["lsb"] | {"lane_order": "raster"}  # which changes nothing under such a mask
    return replace(case, arch=case.arch | {"array": array, "lsb": lsb})


def sweep_case(seed: int) -> Case:
    """The same case on an array of variable speed, if its passes can share a step (M53)."""
    case = steady_case(seed)
    fixed = case.arch["array"]["pe"] | {"kind": "serial_activation", "max_activation_bits": 16}
    array = case.arch["array"] | {"speed": "variable", "pe": fixed}
    return replace(case, arch=case.arch | {"array": array}, scheme="pg")


def through_narrow_ports(case: Case) -> Case:
    """A case in a hurry: eight rows of PEs of one cycle whose operands come through 8 or 16 bits.

    The ports are limited in either way.
    """
    rng, memory = Random(case.seed), dict(case.arch["memory"])
    memory["ports"] = rng.choice(("slots", "all"))
    for buffer in ("activation_sram", "weight_sram"):
        memory[buffer] = memory[buffer] | {"banks": rng.choice((1, 2)), "port_bits": 8}
    pe = {"kind": "fixed", "max_activation_bits": 16, "max_weight_bits": 16}
    array = case.arch["array"] | {"rows": 8, "pe": case.arch["array"]["pe"] | pe}
    return replace(case, arch=case.arch | {"memory": memory, "array": array})


def useful_macs(reference: ReferenceJob, plan: TilePlan) -> int:
    """MACs of a tile on important pixels: each of them, for each input and output channel."""
    tile = plan.tile
    channels = len(tile.lanes if reference.slots_are_positions else tile.slots)
    pixels = sum(sum(own) for own in (plan.pixels or {}).values())
    return pixels * channels * reference.layer.group_in_channels


def _job_of(case: Case) -> Job:
    layer = layer_shape(case.layer)
    planes = (*(case.calibration_mask or ()), *(case.mask or ()))
    trace = GateTrace.from_masks({layer.name: np.array(planes, bool)}, [layer], images=len(planes))
    scheme = scheme_named(scheme_of(case.scheme))
    (job,) = jobs_of(trace, ArchConfig.model_validate(case.arch), scheme)
    return job
