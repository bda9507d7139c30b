"""Lanes of channels: a slot is a position, and a lane a channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes.lanes import Counts, Lanes, Of, Words
from pgsim.schemes import ACTIVATIONS, WEIGHTS
from pgsim.workload import LayerShape

if TYPE_CHECKING:
    from pgsim.kernels.demand import Nesting, Plane


class ChannelLanes(Lanes):
    """Channels side by side: activations feed the slots, weights the lanes."""

    name = "channels"
    description = "channels stand side by side, and slots are positions"
    slot_operand = ACTIVATIONS
    lane_operand = WEIGHTS
    windows_share_lanes = True
    can_be_ordered = True

    def slots_and_lanes(self, positions: Of, channels: Of) -> tuple[Of, Of]:
        """Return positions as slots, channels as lanes."""
        return positions, channels

    def repeats(self, runs: int, groups: int) -> tuple[int, int]:
        """Return that lanes repeat group by group, and slots run by run."""
        return groups, runs

    def by_tile(self, counts: Counts, runs: int, groups: int) -> Counts:
        """Bring (batches, groups x lane groups, runs x windows) into the order of tiles."""
        batches, all_lane_groups, all_windows = counts.shape
        lane_groups, windows = all_lane_groups // groups, all_windows // runs
        nested = counts.reshape(batches, groups, lane_groups, runs, windows)
        ordered = np.ascontiguousarray(nested.transpose(0, 3, 1, 2, 4))
        return ordered.reshape(batches * runs, groups, lane_groups, windows)

    def rows(self, mask: Words, shape: LayerShape, batch: int) -> Words:
        """Return a channel's positions, images one after the other, or step by step."""
        from pgsim.kernels.layout import interleave_images, join_images  # Numba: only if masks are

        if batch == 1:
            return mask
        join = interleave_images if shape.runs_per_batch > 1 else join_images
        joined: Words = join(mask, batch, shape.outputs_per_channel)
        return joined

    def rows_in(self, rows: Words, order: Counts) -> Words:
        """Return rows with their bits in another order."""
        from pgsim.kernels.layout import reorder_slots  # Numba: only if masks are simulated

        begins = np.flatnonzero(np.diff(order, prepend=-2) != 1)  # of stretches that stay together
        lengths = np.diff(begins, append=order.size)
        reordered: Words = reorder_slots(rows, order[begins], lengths)
        return reordered

    def lanes_in(self, lanes: Counts, order: Counts) -> Counts:
        """Return the lanes: channels stay where they are."""
        return lanes

    def demand(
        self,
        rows: Words,
        bounds: tuple[Counts, Counts, Counts],
        nesting: Nesting,
        plane: Plane,
        taken: npt.NDArray[np.bool_],
        held: npt.NDArray[np.bool_],
    ) -> Counts:
        """Return the bursts of a plane that feeds the slots."""
        from pgsim.kernels.demand import demand_by_slots  # Numba: only if masks are simulated

        bursts: Counts = demand_by_slots(rows, bounds, nesting, plane, taken, held)
        return bursts
