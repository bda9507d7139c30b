"""`stonne`: as STONNE counts on its output-stationary mesh (Munoz-Martinez et al., IISWC 2021)."""

from __future__ import annotations

import numpy as np

from pgsim.arch.conventions.convention import Convention, Folds
from pgsim.arch.dataflows import Dataflow
from pgsim.arch.lanes import Counts

_AROUND = 3  # cycles of a fold beside its reduction, its rows and its columns


class Stonne(Convention):
    """A fold is charged at the rows and columns that it uses, and runs alone."""

    name = "stonne"
    description = "STONNE's output-stationary mesh: folds at their actual size, one after the other"
    dataflows = ("os",)
    by_tiles = True

    def folds_overlap(self, asked: bool) -> bool:
        """Return False, whatever is asked for."""
        return False

    def edge_cycles(self, flow: Dataflow, rows: int, columns: int) -> int:
        """Return the cycles of a fold of so many rows and columns beside those of its reduction."""
        return int(_edges(np.array(rows), np.array(columns)))

    def spacing_cycles(self, pass_: Folds) -> Counts:
        """Return the cycles of a fold of all rows, on the columns of its tile."""
        return pass_.fold_cycles + _edges(np.array(pass_.rows), pass_.lanes)

    def pass_cycles(self, pass_: Folds) -> Counts:
        """Return the cycles of the folds of all rows, and of the one of the rows that are left."""
        whole, rest = np.divmod(pass_.slots, pass_.rows)
        last = np.minimum(rest, 1) * (pass_.fold_cycles + _edges(rest, pass_.lanes))
        cycles: Counts = whole * self.spacing_cycles(pass_) + last
        return cycles


def _edges(rows: Counts, lanes: Counts) -> Counts:
    """Return the cycles of folds of so many rows and lanes beside those of their reduction."""
    edges: Counts = rows + lanes + _AROUND - ((rows == 1) | (lanes == 1))
    return edges
