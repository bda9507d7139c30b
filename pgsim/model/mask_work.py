"""Mask work: what schedulers see of a mask and issue for it, shared between designs that agree."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts, Issued, IssuedFromBanks, MaskTiles, Words
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Tiling, lane_rows
from pgsim.mapping.pixels import Taps, positions_under
from pgsim.model.blocks import Block
from pgsim.model.job import Job
from pgsim.model.work_store import Arrays, WorkStore
from pgsim.workload.mask_words import read_only

if TYPE_CHECKING:
    from pgsim.kernels.banks import Reads


@dataclass(frozen=True)
class MaskWork:
    """The mask of a layer in one block of images, on one tiling.

    taps: of the kernel, where the mask is of input pixels: a position is active that has an
    important pixel under any of them. None for all of them (M52).
    """

    job: Job
    block: Block
    store: WorkStore
    taps: Taps | None = None

    def under(self, taps: Taps | None) -> MaskWork:
        """Return the mask of input pixels under some taps."""
        return replace(self, taps=taps)

    @property
    def tiling(self) -> Tiling | BlockTiles:
        """How the mask is cut into tiles."""
        return self.job.tiling

    @lazy
    def rows(self) -> Words:
        """The slots of each lane, packed: uint64 (batches, lanes, words)."""
        parts = self._parts
        return parts[0] if len(parts) == 1 else read_only(np.concatenate(parts))

    @lazy
    def _parts(self) -> tuple[Words, ...]:
        """The same, some batches each: masks of several files are not joined without need."""
        return tuple(map(self._rows_of, self._masks()))

    def _masks(self) -> tuple[Words, ...]:
        """Return the mask, file by file where each has whole batches."""
        layer, block = self.job.layer, self.block
        if self.job.gated_inputs:
            return (positions_under(self._pixels, self.job.shape, self._taps),)
        parts = layer.mask_parts(block.start, block.stop)
        if any(len(each) % self.tiling.batch for each in parts):
            return (layer.mask_words(block.start, block.stop),)
        return parts

    def _rows_of(self, mask: Words) -> Words:
        # Kernels count masks as they lie in a file; those of a trace in memory may lie otherwise.
        whole = np.ascontiguousarray(mask)
        rows = self.tiling.lanes.rows(whole, self.job.shape, self.tiling.batch)
        order = self.tiling.order
        return read_only(rows if order is None else self.tiling.lanes.rows_in(rows, order))

    @lazy
    def _pixels(self) -> npt.NDArray[np.bool_]:
        """Whether each pixel is important, bool (images, pixels)."""
        return self.job.layer.unpack(self.block.start, self.block.stop)[:, 0]

    @property
    def _taps(self) -> Taps:
        return tuple(range(self.job.shape.taps)) if self.taps is None else self.taps

    @lazy
    def taken(self) -> npt.NDArray[np.bool_]:
        """Whether a plane on demand is taken of each pixel of a run (M24, M52).

        Returns bool (runs, pixels), a row for all runs where all are taken.
        """
        batch, runs = self.tiling.batch, self.tiling.runs
        if not self.job.gated_inputs:
            height, width = self.job.shape.run_in_size
            return np.ones((1, batch * height * width), bool)
        of_runs = self._pixels.reshape(-1, batch, runs, self._pixels.shape[1] // runs)
        ordered = np.ascontiguousarray(of_runs.swapaxes(1, 2))
        return ordered.reshape(-1, batch * ordered.shape[-1])

    @lazy
    def useful_pixels(self) -> Counts:
        """Important pixels under the taps of every tile's outputs, in every tile (M52)."""
        by_tile = self.tiling.by_tile
        every = [by_tile(self.under((tap,)).activity[1]) for tap in self._taps]
        return sum(every[1:], every[0])

    @lazy
    def lanes(self) -> Counts:
        """The row of each lane, in lane-group order."""
        return lane_rows(self.job.layer, self.job.arch, self.tiling, self.block.calibration)

    @lazy
    def bounds(self) -> tuple[Counts, Counts, Counts]:
        """The lanes' order, and where lane groups and windows begin, as kernels take them."""
        return (self.lanes, *self.tiling.bounds)

    @lazy
    def key(self) -> Hashable:
        """All that decides what a scheduler sees: masks, their layout, tiles, order of lanes."""
        if not self.store.keeps:
            return None
        block, tiling = self.block, self.tiling
        order = None if tiling.order is None else tiling.order.tobytes()
        layout = (tiling.lanes.name, tiling.batch, tiling.runs, tiling.groups, order)
        bounds = tuple(each.tobytes() for each in self.bounds)
        pixels = (self.job.shape.geometry, self._taps) if self.job.gated_inputs else None
        return (self.job.layer.digest, block.start, block.stop, layout, bounds, pixels)

    @lazy
    def activity(self) -> Arrays:
        """Active slots, entries, and entries of the fullest lane, of every tile (M11, M14)."""
        return self.store.get((self.key, "activity"), self._activity)

    def _activity(self) -> Arrays:
        from pgsim.kernels.activity import activity  # Numba: only if masks are simulated

        (_, lane_bounds, slot_bounds), first = self.bounds, 0
        tiles = sum(map(len, self._parts)), lane_bounds.size - 1, slot_bounds.size - 1
        counts = np.empty((3, *tiles), np.int64)
        for rows in self._parts:
            activity(rows, *self.bounds, counts, first)
            first += len(rows)
        active, entries, fullest = counts
        return active, entries, fullest

    def issued(self, rates: Counts) -> Issued:
        """Return what the design's scheduler issues in every tile, in the order of kernels.

        Raises ValueError for a scheduler that says less than it was asked. Source: M11 to M13.
        """
        arch = self.job.arch
        key = (self.key, arch.array.columns, arch.scheduler, rates.tobytes())
        slots, vectors, *shortfalls = self.store.get(key, lambda: self._issued(rates))
        return Issued(slots, vectors, tuple(shortfalls))

    def issued_alike(self) -> Issued:
        """Return what the scheduler issues where all lanes of a slot are alike (M52)."""
        return self.job.arch.scheduler.issue_alike(self._tiles())

    def issued_alike_from_banks(self, reads: Reads) -> IssuedFromBanks:
        """Return the same, and how late banks are (M43)."""
        return self.job.arch.scheduler.issue_alike_from_banks(self._tiles(), reads)

    def issued_from_banks(self, reads: Reads) -> IssuedFromBanks:
        """Return what the design's scheduler issues in every tile, and how late banks are (M43)."""
        arch = self.job.arch
        own = tuple(each.tobytes() if isinstance(each, np.ndarray) else each for each in reads)
        key = (self.key, arch.array.columns, arch.scheduler, "banks", own)
        return IssuedFromBanks(*self.store.get(key, lambda: self._issued_from_banks(reads)))

    def _issued_from_banks(self, reads: Reads) -> Arrays:
        issued = self.job.arch.scheduler.issue_from_banks(self._tiles(), reads)
        return issued.slots, issued.vectors, issued.late_cycles

    def _tiles(self) -> MaskTiles:
        """Return the tiles as a scheduler takes them.

        Rows are laid out only where it looks at them: activity may be held already.
        """
        active, entries, _ = self.activity
        _, of_slots = self.tiling.lanes.repeats(self.tiling.runs, self.tiling.groups)
        slots = np.broadcast_to(np.tile(self.tiling.window_slots, of_slots), active.shape)
        columns = self.job.arch.array.columns
        return MaskTiles(lambda: self.rows, *self.bounds, columns, slots, active, entries)

    def _issued(self, rates: Counts) -> Arrays:
        scheduler, tiles = self.job.arch.scheduler, self._tiles()
        issued, shape = scheduler.issue(tiles, rates), tiles.active_slots.shape
        found = (issued.slots, issued.vectors, *issued.shortfall_bits)
        if len(issued.shortfall_bits) != len(rates) or {each.shape for each in found} != {shape}:
            raise ValueError(
                f"scheduler {scheduler.name!r}: expected slots, vectors and {len(rates)} "
                f"shortfalls of {shape}, not {[each.shape for each in found]}"
            )
        return found
