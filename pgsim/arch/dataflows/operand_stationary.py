"""What dataflows share whose PEs hold operands of the lanes while slots stream by."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pgsim.arch.dataflows.dataflow import Beat, Dataflow, Rate
from pgsim.arch.lanes import Counts
from pgsim.workload import LayerShape


class OperandStationary(Dataflow):
    """Rows hold a piece of the reduction each, and every issued slot streams through all folds."""

    drains = False
    holds_lane_operand = True
    sums_in_pes = False

    def window_unit(self, rows: int) -> int:
        """Return 1: slots stream one by one."""
        return 1

    def fold_slots(self, rows: int) -> int:
        """Return 1: a sum leaves before the next slot's is there."""
        return 1

    def reduction_folds(self, shape: LayerShape, column_macs: int) -> int:
        """Return the folds that a column's rows take the reduction in."""
        return self.pe_steps(shape, column_macs)

    def folds(self, slots: Counts, rows: int, rate: Rate) -> Counts:
        """Return the folds of the reduction where anything is issued."""
        return rate.reduction_folds * np.minimum(slots, 1)

    def fold_cycles(self, slots: Counts, rate: Rate) -> Counts:
        """Return the cycles in which all slots stream by."""
        return slots * rate.cycles

    def edge_cycles(self, rows: int, columns: int) -> int:
        """Return the rows' loading and the skew."""
        return rows + self.skew_cycles(rows, columns)

    def bus_cycles(self, rows: int) -> int:
        """Return the rows: each has operands to load."""
        return rows

    def beat(self, shape: LayerShape, rows: int, rate: Rate) -> Beat:
        """Return a beat of one slot, of which a fold takes what its rows hold."""
        return Beat(1, rate.cycles, taps=1, fold_elements=rows * rate.macs, is_fold=False)

    def lane_loads(
        self, folds: Iterable[Counts], first_tile: Counts, *, stay: bool
    ) -> list[Counts]:
        """Return a load of every executed pass, or, where operands stay, of the first one alone."""
        if not stay:
            return [np.minimum(each, 1) for each in folds]
        return [
            first_tile if index == 0 else np.zeros_like(first_tile) for index, _ in enumerate(folds)
        ]

    def sum_visits(self, rate: Rate, pieces: Counts) -> Counts:
        """Return the folds of the reduction: each leaves sums that the next one takes up."""
        return np.zeros_like(pieces) + rate.reduction_folds

    def outputs_by_row(self, occupied: npt.NDArray[np.bool_], rows: int) -> Counts:
        """Return the outputs of each column: all go through all rows."""
        outputs: Counts = occupied.sum(axis=0, keepdims=True, dtype=np.int64)
        return outputs

    def macs_by_row(self, shape: LayerShape, rows: int, rate: Rate) -> Counts:
        """Return the elements of the reduction that each row holds, over all folds.

        The first fold may have fewer rows than there are, and its first row fewer elements (M21).
        """
        taps = self.beat(shape, rows, rate).taps
        elements = shape.reduction // taps
        pieces = -(-elements // rate.macs)  # that a row holds one of in each fold
        own = np.full((rows, 1), pieces // rows * rate.macs, np.int64)
        own[: pieces % rows] += rate.macs
        own[0] -= pieces * rate.macs - elements
        return own * taps

    def issued_cycles(self, slots: int, rows: int, rate: Rate) -> Fraction:
        """Return the cycles of the slots in every fold of the reduction."""
        return Fraction(slots * rate.reduction_folds * rate.cycles)
