"""Lanes of positions: a slot is a channel, and a lane a position."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes.lanes import Counts, Lanes, Of, Words
from pgsim.schemes import ACTIVATIONS, WEIGHTS
from pgsim.workload import LayerShape

if TYPE_CHECKING:
    from pgsim.kernels.demand import Nesting, Plane


class PositionLanes(Lanes):
    """Positions side by side: weights feed the slots, activations the lanes."""

    name = "positions"
    description = "positions stand side by side, and slots are channels"
    slot_operand = WEIGHTS
    lane_operand = ACTIVATIONS
    windows_share_lanes = False
    can_be_ordered = False

    def slots_and_lanes(self, positions: Of, channels: Of) -> tuple[Of, Of]:
        """Return channels as slots, positions as lanes."""
        return channels, positions

    def repeats(self, runs: int, groups: int) -> tuple[int, int]:
        """Return that lanes repeat run by run, and slots group by group."""
        return runs, groups

    def by_tile(self, counts: Counts, runs: int, groups: int) -> Counts:
        """Bring (batches, runs x lane groups, groups x windows) into the order of tiles."""
        batches, all_lane_groups, all_windows = counts.shape
        lane_groups, windows = all_lane_groups // runs, all_windows // groups
        nested = counts.reshape(batches, runs, lane_groups, groups, windows)
        ordered = np.ascontiguousarray(nested.transpose(0, 1, 3, 2, 4))
        return ordered.reshape(batches * runs, groups, lane_groups, windows)

    def rows(self, mask: Words, shape: LayerShape, batch: int) -> Words:
        """Return a position's channels, image after image; of steps, the images of each in turn."""
        from pgsim.kernels.layout import transpose_positions  # Numba: only if masks are

        positions, batches = shape.outputs_per_channel, len(mask) // batch
        turned: Words = transpose_positions(mask, positions)
        nested = turned.reshape(batches, batch, positions, turned.shape[-1])
        if shape.runs_per_batch > 1:
            nested = np.ascontiguousarray(nested.swapaxes(1, 2))
        return nested.reshape(batches, batch * positions, turned.shape[-1])

    def rows_in(self, rows: Words, order: Counts) -> Words:
        """Return the rows: a position's channels stay in order."""
        return rows

    def lanes_in(self, lanes: Counts, order: Counts) -> Counts:
        """Return the rows of the positions in their order."""
        return lanes[order]

    def demand(
        self,
        rows: Words,
        bounds: tuple[Counts, Counts, Counts],
        nesting: Nesting,
        plane: Plane,
        taken: npt.NDArray[np.bool_],
        held: npt.NDArray[np.bool_],
    ) -> Counts:
        """Return the bursts of a plane that feeds the lanes."""
        from pgsim.kernels.demand import demand_by_lanes  # Numba: only if masks are simulated

        bursts: Counts = demand_by_lanes(rows, bounds, nesting, plane, taken, held)
        return bursts
