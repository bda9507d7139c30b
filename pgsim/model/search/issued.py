"""What gated passes issue in windows of many sizes at once (MODEL.md M11, M41)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np

from pgsim.arch import LOOPS, Counts
from pgsim.mapping import BlockTiles, Nest, block_tiles, loop_sizes, order_of_positions
from pgsim.mapping.nest import CHANNELS, IN_CHANNELS
from pgsim.mapping.tiling import Cut
from pgsim.model.job import Job
from pgsim.model.search.goal import Floats

_MOST_BITS = 2**23  # of masks that are laid out at once

Key = tuple[int, ...]  # images, rows, columns and channels of a block
Found = TypeVar("Found")


class Issued(NamedTuple):
    """What gated passes take at least in windows of some sizes, but for their slots' operands.

    cycles, energy_pj: float64 (sizes,). vectors: of operands, int64 (sizes,). sums_pj: float64
    (sizes,), what sums take beside, by rounding, if all input channels are one block. last_cycles:
    int64 (sizes,), of the last tile of every batch. slots: that are issued, int64 (sizes,).
    """

    cycles: Floats
    energy_pj: Floats
    vectors: Counts
    sums_pj: Floats
    last_cycles: Counts
    slots: Counts


class WindowTiles(NamedTuple):
    """Tiles in windows of several sizes, one size after the other.

    places: int64, of the sizes among those that were asked for. begins: int64, the first window of
    each of them.
    """

    tiles: BlockTiles
    places: Counts
    begins: Counts


def shares_lanes(job: Job) -> bool:
    """Say whether windows of several sizes are parts of the same lanes: slots are positions."""
    return job.arch.lanes.windows_share_lanes and job.shape.runs_per_batch == 1


def tiles_of_blocks(job: Job, sizes: Counts, images: int) -> Iterator[WindowTiles]:
    """Yield the tiles of blocks of some sizes, all together where they have the same lanes.

    sizes: int64 (sizes, 4), images, rows, columns and channels. images: whose masks are looked at.
    """
    if not shares_lanes(job):
        for place, (n, p, q, k) in enumerate(sizes.tolist()):
            whole = loop_sizes(job.shape, job.batch)
            nest = Nest(LOOPS, whole, (n, p, q, k, whole[IN_CHANNELS]))
            yield WindowTiles(_of_nest(job, nest), np.array([place]), np.zeros(1, np.int64))
        return
    from pgsim.kernels.nest_windows import blocks_in_raster  # Numba: only if nests are searched

    loops = np.array(loop_sizes(job.shape, job.batch)[:CHANNELS], np.int64)
    bits = int(loops.prod()) * job.shape.mask_channels * images // job.batch
    most = max(1, _MOST_BITS // bits)
    for lanes, every in _by_lanes(job, sizes[:, CHANNELS]):
        for begin in range(0, every.size, most):
            places = every[begin : begin + most]
            order, slots, begins = blocks_in_raster(loops, sizes[places, :CHANNELS])
            yield WindowTiles(_in_windows(job, lanes, slots, order), places, begins)


def tiles_of_windows(job: Job, windows: Counts, images: int) -> Iterator[WindowTiles]:
    """Yield the tiles of the fixed order in windows of some sizes, as `tiles_of_blocks` does.

    windows: int64 (sizes,), slots of each.
    """
    lanes, slots = job.cuts
    most = max(1, _MOST_BITS // (slots.total * job.shape.mask_channels * images // job.batch))
    most = most if shares_lanes(job) else 1
    for begin in range(0, windows.size, most):
        sizes = [Cut(slots.total, each).sizes for each in windows[begin : begin + most].tolist()]
        trips = np.array([each.size for each in sizes], np.int64)
        order = np.tile(np.arange(slots.total), trips.size) if trips.size > 1 else None
        tiles = _in_windows(job, lanes.sizes, np.concatenate(sizes), order)
        yield WindowTiles(tiles, begin + np.arange(trips.size), np.cumsum(trips) - trips)


def _by_lanes(job: Job, channels: Counts) -> Iterator[tuple[Counts, Counts]]:
    """Yield lanes of each lane group, and the places of the sizes of channels that have them."""
    found: dict[bytes, tuple[Counts, list[int]]] = {}
    whole, columns = job.shape.channels_per_group, job.arch.array.columns
    for size in np.unique(channels).tolist():
        blocks = Cut(whole, size).sizes
        lanes = np.concatenate([Cut(each, columns).sizes for each in blocks.tolist()])
        _, places = found.setdefault(lanes.tobytes(), (lanes, []))
        places += np.flatnonzero(channels == size).tolist()
    for lanes, places in found.values():
        yield lanes, np.array(places)


def _in_windows(job: Job, lanes: Counts, slots: Counts, order: Counts | None) -> BlockTiles:
    """Return tiles of all lane groups in all windows."""
    windows = np.arange(slots.size)
    return BlockTiles(
        batch=job.batch,
        runs=job.shape.runs_per_batch,
        groups=job.shape.groups,
        lanes=job.arch.lanes,
        window_slots=slots,
        lane_group_lanes=lanes,
        windows=windows,
        lane_groups=np.arange(lanes.size)[:, None] + np.zeros_like(windows),
        order=order,
    )


def _of_nest(job: Job, nest: Nest) -> BlockTiles:
    indices = np.indices(nest.trips).reshape(5, -1)
    shape, columns = job.shape, job.arch.array.columns
    runs, groups = shape.runs_per_batch, shape.groups
    order = order_of_positions(nest)
    return block_tiles(nest, indices, job.arch.lanes, columns, runs, groups, order)


def of_each_key(
    job: Job, sizes: Counts, known: dict[Key, Found], find: Callable[[Counts], Iterable[Found]]
) -> list[Found]:
    """Return what is found of blocks of some sizes, of those that have the same tiles once.

    sizes: int64 (choices, 5), of blocks, as `LOOPS` has them; all C blocks of a pass are taken
    together. known: what was found before, to which more is added. find: takes the first four
    columns of those that are not known.
    """
    keys = _keys_of(job, sizes)
    unknown = {key: place for place, key in enumerate(keys) if key not in known}
    if unknown:
        found = find(sizes[list(unknown.values()), :IN_CHANNELS])
        known.update(zip(unknown, found, strict=True))
    return [known[key] for key in keys]


def _keys_of(job: Job, sizes: Counts) -> list[Key]:
    """Return what is alike where blocks have the same tiles, of each choice of sizes.

    Input channels do not matter. Nor do channels that fill lane groups: these are those of all.
    """
    *positions, channels = sizes[:, :IN_CHANNELS].T
    if shares_lanes(job):
        whole = job.shape.channels_per_group
        channels = np.where(channels % job.arch.array.columns, channels, whole)
    return list(zip(*(each.tolist() for each in (*positions, channels)), strict=True))
