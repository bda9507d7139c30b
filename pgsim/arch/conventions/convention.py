"""What every convention of counting an array's cycles is (MODEL.md M16, M51)."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from pgsim.arch.dataflows import Dataflow
from pgsim.arch.lanes import NOTHING, Counts


class Folds(NamedTuple):
    """One pass in every tile, on an array of so many rows and columns.

    slots: that it issues. lanes: of the tile. folds: that it executes, of fold_cycles steady cycles
    each (M15). All are int64 and broadcast to the tiles (runs, groups, lane groups, windows).
    is_first: whether it is the first pass of its layer.
    """

    flow: Dataflow
    rows: int
    columns: int
    slots: Counts
    lanes: Counts
    folds: Counts
    fold_cycles: Counts
    is_first: bool


class Convention:
    """Whose way it is to count the cycles of passes on an array.

    dataflows: the names of those that it knows; none means all. by_tiles: whether it only knows
    passes that take tiles in the fixed order, and ports that bring what they are asked for.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    dataflows: ClassVar[tuple[str, ...]] = ()
    by_tiles: ClassVar[bool] = False

    def folds_overlap(self, asked: bool) -> bool:
        """Return whether a fold begins while the one before drains, from what the file asks for."""
        raise NotImplementedError

    def edge_cycles(self, flow: Dataflow, rows: int, columns: int) -> int:
        """Return the bubbles of a whole fold that runs alone."""
        return flow.edge_cycles(rows, columns)

    def spacing_cycles(self, pass_: Folds) -> Counts:
        """Return from the begin of one fold to that of the next where folds run alone."""
        return pass_.fold_cycles + self.edge_cycles(pass_.flow, pass_.rows, pass_.columns)

    def pass_cycles(self, pass_: Folds) -> Counts:
        """Return the cycles of a pass whose folds run alone, their edges included."""
        return pass_.folds * self.spacing_cycles(pass_)

    def missed_cycles(self, pass_: Folds) -> Counts:
        """Return the steady cycles that are not counted."""
        return NOTHING
