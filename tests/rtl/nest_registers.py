"""What the host sets in the walker of a loop nest, and what it tells the port of the outputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from reference.mapping import Job, Run
from reference.nests import LOOPS, MATTER, Nest, Walk


def nest_registers(job: Job, run: Run, nest: Nest, output_bits: int) -> Iterator[int]:
    """The nest, what the buffers hold of it, and what else the walker needs (`read_nest`)."""
    walk = Walk(job, run, nest, output_bits)
    yield from (LOOPS.index(loop) for loop in nest.order)
    yield from (walk.sizes[loop] for loop in LOOPS)
    yield from (nest.blocks[loop] for loop in LOOPS)
    yield from (walk.usable_bits(operand) for operand in MATTER)
    yield from (job.arch["memory"]["dram"]["burst_bytes"], output_bits, int(run.step > 0))


def open_tiles(job: Job, run: Run, nest: Nest, mask: npt.NDArray[np.bool_]) -> Iterator[int]:
    """Of each tile of a nest whether its gated passes have anything to do.

    mask: (images, channels, positions). The port of the outputs moves them with a tile's last pass,
    which it has to know before the gate speaks.
    """
    if not job.gated:
        return
    layer, walk = job.layer, Walk(job, run, nest, 0)
    positions = layer.positions_per_step
    own = mask[run.first_image :][: run.images, :, run.step * positions :][..., :positions]
    grid = own.reshape(run.images, layer.groups, layer.group_channels, *layer.out_size)
    for group in range(layer.groups):
        for blocks in walk.turns:
            images, rows, columns, channels, _ = (
                slice(taken.start, taken.stop) for taken in (blocks[0].takes[x] for x in LOOPS)
            )
            box = grid[images, group, channels, rows, columns]
            by_position = box.any(axis=1).ravel()
            by_lane = box.any(axis=(0, 2, 3)) if job.slots_are_positions else by_position
            for first in range(0, len(by_lane), job.columns):
                yield int(by_lane[first : first + job.columns].any())
