"""How many MACs each PE of the array does in a layer (MODEL.md M27)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.errors import InputError
from pgsim.mapping import BlockTiles, Tiling
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.blocks import Block, blocks_of
from pgsim.model.job import Job
from pgsim.model.mask_work import MaskWork
from pgsim.model.nests.blocks import blocks_of_nest
from pgsim.model.work_store import WorkStore

Mask = npt.NDArray[np.bool_]


def pe_macs(job: Job, calibration: int, images: int) -> list[Counts]:
    """Return the MACs of each pass in each PE, int64 (rows, columns), over some images.

    calibration: first images that are not simulated. images: of the trace. Raises InputError where
    it is open which PE does what: under a mask of input pixels, for PEs that go by values, and for
    a dataflow or a scheduler that does not say.
    """
    _check(job)
    array = job.arch.array
    found = [np.zeros((array.rows, array.columns), np.int64) for _ in job.passes]
    for block in blocks_of(job, calibration, images):
        own = _tiled(job.of_batch(block.batch))
        dense = _dense_outputs(own) * block.batches
        gated = _gated_outputs(own, block) if job.gated else dense
        parts = list(_reductions(own))
        for index, each in enumerate(job.passes):
            macs = sum(
                times * part.flow.macs_by_row(part.shape, array.rows, part.rates[index])
                for part, times in parts
            )
            found[index] += (gated if each.gated else dense) * macs
    return found


def _check(job: Job) -> None:
    where = f"layer {job.shape.name!r} on {job.arch.name}"
    if job.arch.array.predictor_share:
        raise InputError(
            f"{where}: a map of the array is of one array: expected array.predictor_share: 0"
        )
    if job.gated_inputs:
        raise InputError(f"{where}: a map of the array is for gates of outputs, not of inputs")
    if job.arch.pe.by_values:
        raise InputError(
            f"{where}: a map of the array is for PEs whose cycles are alike, and those of "
            f"{job.arch.pe.name} go by values"
        )


def _tiled(job: Job) -> Job:
    """Return a job whose tiles are those of its nest, if it has one."""
    return job if job.nest is None else replace(job, tiles=blocks_of_nest(job).every_tile)


def _reductions(job: Job) -> Iterator[tuple[Job, int]]:
    """Find the layer's input channels as its passes take them: block by block under a nest.

    Yields a job of so many input channels, and how many blocks have as many.
    """
    if job.nest is None:
        yield job, 1
        return
    for channels, times in Counter(job.nest.block_sizes(IN_CHANNELS).tolist()).items():
        yield job.of_channels(channels), times


def _dense_outputs(job: Job) -> Counts:
    """Return the outputs of a batch in each row and column, where all are computed.

    Tiles are alike that have as many slots and lanes.
    """
    tiling, array = job.tiling, job.arch.array
    found = np.zeros((1, array.columns), np.int64)
    for lanes, groups in _counted(tiling.lane_group_lanes):
        for slots, windows in _counted(tiling.window_slots):
            occupied = np.ones((slots, lanes), bool)
            found = _added(found, job, occupied, groups * windows)
    return found * tiling.runs * tiling.groups


def _counted(sizes: Counts) -> list[tuple[int, int]]:
    return list(Counter(sizes.tolist()).items())


def _gated_outputs(job: Job, block: Block) -> Counts:
    """Return the outputs in each row and column that gates let through, over a block of images."""
    arch = job.arch
    found = np.zeros((1, arch.array.columns), np.int64)
    for mask in _masks(job.tiling, MaskWork(job, block, WorkStore(limit_bytes=0))):
        if mask.any():
            occupied = arch.scheduler.occupied(mask, arch.array.columns)
            found = _added(found, job, occupied, 1)
    return found


def _added(found: Counts, job: Job, occupied: Mask, times: int) -> Counts:
    """Return outputs with those of some more tiles, which are alike."""
    own = job.flow.outputs_by_row(occupied, job.arch.array.rows) * times
    wide = np.pad(own, ((0, 0), (0, found.shape[1] - own.shape[1])))
    return np.asarray(found + wide)


def _masks(tiling: Tiling | BlockTiles, work: MaskWork) -> Iterator[Mask]:
    """Find the mask of every tile, bool (slots, lanes)."""
    lanes, lane_bounds, slot_bounds = work.bounds
    words = np.ascontiguousarray(work.rows)
    for batch in words:
        bits = np.unpackbits(batch.view(np.uint8), axis=-1, bitorder="little").view(bool)
        for first, last in pairwise(lane_bounds):
            own = np.ascontiguousarray(bits[lanes[first:last]].T)
            for begin, end in pairwise(slot_bounds):
                yield own[begin:end]
