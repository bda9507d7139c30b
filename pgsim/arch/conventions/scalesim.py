"""`scalesim`: as SCALE-Sim counts (Samajdar et al., ISPASS 2020; versions 2 and 3)."""

from __future__ import annotations

import numpy as np

from pgsim.arch.conventions.convention import Convention, Folds
from pgsim.arch.lanes import NOTHING, Counts


class ScaleSim(Convention):
    """Every fold is charged as if it filled the array, and runs alone.

    Its total is the number of the last cycle, counted from 0, and so a cycle short.
    """

    name = "scalesim"
    description = "SCALE-Sim's: whole folds, one after the other, less one cycle a layer"
    dataflows = ("os", "ws", "is")
    by_tiles = True

    def folds_overlap(self, asked: bool) -> bool:
        """Return False, whatever is asked for."""
        return False

    def spacing_cycles(self, pass_: Folds) -> Counts:
        """Return a fold's steady cycles and its edge.

        Where the array holds operands, all windows stream through a fold of the reduction, and the
        first window that the pass happens in has its edge.
        """
        edge: int | Counts = self.edge_cycles(pass_.flow, pass_.rows, pass_.columns)
        if pass_.flow.holds_lane_operand:
            happens = np.minimum(pass_.folds, 1)
            edge = edge * happens * (np.cumsum(happens, axis=-1) == 1)
        return pass_.fold_cycles + edge

    def pass_cycles(self, pass_: Folds) -> Counts:
        """Return the cycles of all folds, less the layer's one."""
        return pass_.folds * self.spacing_cycles(pass_) - _last_cycle(pass_)

    def missed_cycles(self, pass_: Folds) -> Counts:
        """Return the layer's one cycle if it is no bubble: a single PE under `os` has none."""
        edge = self.edge_cycles(pass_.flow, pass_.rows, pass_.columns)
        return NOTHING if edge else _last_cycle(pass_)


def _last_cycle(pass_: Folds) -> Counts:
    """Return 1 in the first tile of every run and group, of the pass that is sure to happen."""
    shape = np.broadcast_shapes(pass_.slots.shape, pass_.lanes.shape)
    last = np.zeros((1, 1, *shape[2:]), np.int64)
    last[:, :, 0, 0] = pass_.is_first
    return last
