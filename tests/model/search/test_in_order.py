"""What schedulers issue in blocks of many orders is what they issue in each tile alone (M11, M41).

Tiles are cut one by one from the masks, and the schedulers of `tests/reference` take them. They
hold their state as the hardware does.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import pytest
from designs import conv, linear, recurrent
from jobs import job_of
from reference.schedulers import Mask, active_entries, active_slots, schedule

from pgsim import LayerShape
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.search.in_order import ScheduledMasks
from pgsim.model.search.issued import tiles_of_blocks
from pgsim.model.work_store import WorkStore

BATCH, BATCHES = 2, 2
SCHEDULERS = (
    {"scheduler": "dense"},
    {"scheduler": "skip"},
    {"scheduler": "combine", "ways": 2, "open": 2},
    {"scheduler": "queue", "depth": 2, "scan": 2},
    {"scheduler": "ideal"},
)
CONV = conv(2, 6, 4, 2, groups=2, padding=[1, 0])
# Of images, rows, columns and channels. Those of three channels have the same lanes, whose bits are
# then laid out once for all of them.
SIZES = ((2, 2, 3, 3), (1, 3, 2, 3), (2, 4, 3, 2), (1, 1, 1, 1))
CASES = {
    "lanes of channels": (CONV, {}, SIZES),
    "lanes by density": (CONV, {"lsb.lane_order": "density"}, SIZES),
    "lanes of positions": (CONV, {"array.lanes": "positions"}, SIZES),
    "time steps": (recurrent(3, 2, 5), {"array.dataflow": "ws"}, ((2, 1, 1, 5), (1, 1, 1, 2))),
    "more lanes than a word has bits": (
        linear(5, 2, 70),
        {"array.columns": 66},
        ((1, 3, 1, 70), (2, 5, 1, 35)),
    ),
}


def made(
    layer: LayerShape, changes: dict[str, Any], lsb: dict[str, Any]
) -> tuple[Job, np.ndarray, ScheduledMasks]:
    """The masks of four images in two batches, behind one of calibration."""
    shape = 1 + BATCH * BATCHES, layer.mask_channels, layer.mask_positions
    mask = np.random.default_rng(7).random(shape) < 0.4
    own = {f"lsb.{key}": value for key, value in lsb.items()}
    job = job_of(layer, mask, changes | own | {"batch": BATCH}, "pg")
    block = Block(1, BATCH, BATCHES, calibration=1)
    return job, mask, ScheduledMasks(job, block, WorkStore())


def tiles(job: Job, mask: np.ndarray, sizes: tuple[int, ...]) -> Iterator[list[list[Mask]]]:
    """Of each batch and lane group, the bits of every window: a list of slots, each of lanes."""
    shape, (n, p, q, k), columns = job.shape, sizes, job.arch.array.columns
    loops = (shape.runs_per_batch, BATCH, *shape.run_out_size)
    images = mask[1:].reshape(BATCHES, BATCH, shape.out_channels, loops[0], -1)
    bits = images.transpose(0, 2, 3, 1, 4).reshape(BATCHES, shape.out_channels, -1)
    places = np.arange(bits.shape[-1]).reshape(loops)
    positions = [
        places[run, image : image + n, row : row + p, column : column + q].ravel()
        for run in range(loops[0])
        for image in range(0, loops[1], n)
        for row in range(0, loops[2], p)
        for column in range(0, loops[3], q)
    ]
    channels = [
        group[first : first + k]
        for group in in_order(job, mask[0])
        for first in range(0, shape.channels_per_group, k)
    ]
    of_positions = job.arch.array.lanes == "positions"
    slots, lanes = (channels, positions) if of_positions else (positions, channels)
    for batch in bits:
        for block in lanes:
            for first in range(0, len(block), columns):
                own = block[first : first + columns]
                yield [bits_of(batch if of_positions else batch.T, each, own) for each in slots]


def bits_of(bits: np.ndarray, slots: np.ndarray, lanes: np.ndarray) -> Mask:
    return bits[np.ix_(slots, lanes)].astype(int).tolist()


def in_order(job: Job, calibration: np.ndarray) -> list[np.ndarray]:
    """The channels of each group, those of most bits in the calibration image first if asked."""
    groups = np.arange(job.shape.out_channels).reshape(job.shape.groups, -1)
    if not job.arch.lsb.by_density:
        return list(groups)
    entries = calibration.sum(axis=1).tolist()
    return [np.array(sorted(group, key=lambda each: -entries[each])) for group in groups.tolist()]


@pytest.mark.parametrize("lsb", SCHEDULERS, ids=lambda lsb: lsb["scheduler"])
@pytest.mark.parametrize(("layer", "changes", "sizes"), CASES.values(), ids=CASES)
def test_each_tile_issues_what_it_does_alone(
    layer: LayerShape,
    changes: dict[str, Any],
    sizes: tuple[tuple[int, ...], ...],
    lsb: dict[str, Any],
) -> None:
    job, mask, masks = made(layer, changes, lsb)
    looked_at = []
    for windows in tiles_of_blocks(job, np.array(sizes), masks.images):
        found = masks.issued(windows.tiles)
        every = [list(tiles(job, mask, sizes[place])) for place in windows.places]
        rows = [list(chain(*own)) for own in zip(*every, strict=True)]
        issues = [schedule(tile, lsb, job.arch.array.columns) for row in rows for tile in row]
        expected = (
            [len(each.slots) for each in issues],
            [each.vectors for each in issues],
            [len(active_slots(tile)) for row in rows for tile in row],
            [len(active_entries(tile)) for row in rows for tile in row],
        )
        assert [each.ravel().tolist() for each in found] == [*expected]
        assert found.slots.shape == (BATCHES, len(rows) // BATCHES, len(rows[0]))
        looked_at += windows.places.tolist()
    assert sorted(looked_at) == list(range(len(sizes)))


def test_images_and_entries_are_those_of_the_batches() -> None:
    """Counted in the mask, without the image of calibration."""
    _, mask, masks = made(CONV, {}, {"scheduler": "skip"})
    assert (masks.images, masks.entries) == (4, int(mask[1:].sum()))
