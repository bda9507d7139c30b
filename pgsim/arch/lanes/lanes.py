"""What every kind of lanes is: what stands side by side on the array's columns (MODEL.md M7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from pgsim.schemes import Operand
from pgsim.workload import LayerShape

if TYPE_CHECKING:
    from pgsim.kernels.demand import Nesting, Plane

Counts = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Some = TypeVar("Some", int, Counts)  # one number, or many at once
Of = TypeVar("Of")

NOTHING: Counts = np.zeros((1, 1, 1, 1), np.int64)  # in any tile
NOTHING.flags.writeable = False


class Lanes:
    """What the lanes of a scheduler are, and so what its slots are.

    slot_operand, lane_operand: the operands that feed the array's slots and its lanes.
    windows_share_lanes: whether windows of a run have the same lanes, whatever their size.
    can_be_ordered: whether a lane is a channel, whose density calibration images tell.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    slot_operand: ClassVar[Operand]
    lane_operand: ClassVar[Operand]
    windows_share_lanes: ClassVar[bool]
    can_be_ordered: ClassVar[bool]

    def slots_and_lanes(self, positions: Of, channels: Of) -> tuple[Of, Of]:
        """Return the slots and the lanes, of what is said of positions and of channels.

        That may be how many of them one run and group has, or a word for them.
        """
        raise NotImplementedError

    def repeats(self, runs: int, groups: int) -> tuple[int, int]:
        """Return how often a batch repeats the lanes, and how often the slots, of a run and group.

        Lanes of a kernel's rows lie one after the other, and so do slots.
        """
        raise NotImplementedError

    def by_tile(self, counts: Counts, runs: int, groups: int) -> Counts:
        """Bring a kernel's counts (batches, all lane groups, all windows) into the order of tiles.

        Returns int64 (batches * runs, groups, lane groups, windows).
        """
        raise NotImplementedError

    def rows(self, mask: Words, shape: LayerShape, batch: int) -> Words:
        """Return a mask as schedulers take it: for each lane its slots, packed (M6, M7).

        mask: uint64 (images, channels, words) as a trace holds it, images a multiple of the batch.
        Returns uint64 (batches, lanes, words); the mask itself, without a copy, where that is it.
        """
        raise NotImplementedError

    def rows_in(self, rows: Words, order: Counts) -> Words:
        """Return the rows of one run with its positions in another order.

        order: int64 (positions,), the position that comes at each place. Rows whose slots are
        channels stay as they are.
        """
        raise NotImplementedError

    def lanes_in(self, lanes: Counts, order: Counts) -> Counts:
        """Return the rows of a run's lanes, int64 (lanes,), with its positions in another order."""
        raise NotImplementedError

    def demand(
        self,
        rows: Words,
        bounds: tuple[Counts, Counts, Counts],
        nesting: Nesting,
        plane: Plane,
        taken: npt.NDArray[np.bool_],
        held: npt.NDArray[np.bool_],
    ) -> Counts:
        """Return the bursts of a plane of activations that every tile's outputs need (M24).

        taken: bool (runs, pixels of a run), or one row for all, whether a pixel's plane is taken
        (M52). held: bool (lane groups,), whether what a lane group fetched stays for the next ones.
        Returns int64 (batches, lane groups, windows), as kernels do.
        """
        raise NotImplementedError
