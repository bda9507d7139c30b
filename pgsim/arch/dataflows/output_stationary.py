"""`os`: a PE sums one output in place, and both operands stream by."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pgsim.arch.dataflows.dataflow import Beat, Dataflow, Rate
from pgsim.arch.lanes import Counts
from pgsim.workload import LayerShape


class OutputStationary(Dataflow):
    """Rows hold issued slots, and their sums leave on the columns' buses, row after row."""

    name = "os"
    description = "output stationary: a PE sums one output in place"
    lanes = ("channels", "positions")
    drains = True
    holds_lane_operand = False
    sums_in_pes = True
    takes_values = True

    def window_unit(self, rows: int) -> int:
        """Return the rows: a fold takes a slot in each."""
        return rows

    def fold_slots(self, rows: int) -> int:
        """Return the rows: each sums a slot."""
        return rows

    def reduction_folds(self, shape: LayerShape, column_macs: int) -> int:
        """Return 1: a fold takes the whole reduction."""
        return 1

    def folds(self, slots: Counts, rows: int, rate: Rate) -> Counts:
        """Return a fold for every `rows` slots."""
        return -(slots // -rows)

    def fold_cycles(self, slots: Counts, rate: Rate) -> Counts:
        """Return the cycles of one output's reduction."""
        return np.zeros_like(slots) + rate.output_cycles

    def edge_cycles(self, rows: int, columns: int) -> int:
        """Return the skew."""
        return self.skew_cycles(rows, columns)

    def bus_cycles(self, rows: int) -> int:
        """Return the rows: each has a sum to send."""
        return rows

    def beat(self, shape: LayerShape, rows: int, rate: Rate) -> Beat:
        """Return a beat of a fold: its rows take the whole reduction together."""
        return Beat(rows, rate.output_cycles, taps=1, fold_elements=shape.reduction, is_fold=True)

    def lane_loads(
        self, folds: Iterable[Counts], first_tile: Counts, *, stay: bool
    ) -> list[Counts]:
        """Return the folds: each streams the lanes' operands again."""
        return list(folds)

    def sum_visits(self, rate: Rate, pieces: Counts) -> Counts:
        """Return the pieces: a window goes through each before it goes on to the next."""
        return pieces

    def outputs_by_row(self, occupied: npt.NDArray[np.bool_], rows: int) -> Counts:
        """Return the outputs of the slots of each row; the first fold may be short (M21)."""
        first = len(occupied) % rows
        rest = occupied[first:].reshape(-1, rows, occupied.shape[1])
        outputs: Counts = rest.sum(axis=0, dtype=np.int64)
        outputs[:first] += occupied[:first]
        return outputs

    def macs_by_row(self, shape: LayerShape, rows: int, rate: Rate) -> Counts:
        """Return the whole reduction: a PE computes an output alone."""
        return np.full((1, 1), shape.reduction, np.int64)

    def issued_cycles(self, slots: int, rows: int, rate: Rate) -> Fraction:
        """Return the cycles of a fold for every `rows` slots, and of a part of one for the rest."""
        return Fraction(slots * rate.output_cycles, rows)
