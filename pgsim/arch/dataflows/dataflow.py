"""What every dataflow is: how a pass's slots and reduction become folds (MODEL.md M10 to M23)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from pgsim.arch.lanes import NOTHING, Counts
from pgsim.schemes import Passes
from pgsim.workload import LayerShape


@dataclass(frozen=True)
class Fabric:
    """What of a design a dataflow may fit itself to.

    rows, columns: PEs. activation_words, weight_words, sum_words: of the register files of a PE.
    word_bits: of its widest operand. activation_port_bits, weight_port_bits: that a buffer brings
    in a cycle. sums: partial sums that the output buffer holds for a tile.
    """

    rows: int = 1
    columns: int = 1
    activation_words: int = 0
    weight_words: int = 0
    sum_words: int = 0
    word_bits: int = 1
    activation_port_bits: int = 1
    weight_port_bits: int = 1
    sums: int = 0


@dataclass(frozen=True)
class Rate:
    """How the array takes one pass: `macs` MACs of a reduction side by side in `cycles` (M5).

    pe_steps: steps of so many MACs that hold one output's reduction (M15). reduction_folds: steps
    of a whole column, F of M10. load_cycles: that the array stands still for the operands of a fold
    to load (M46). Of several layers at once, those that differ are arrays that broadcast to tiles.
    """

    macs: int
    cycles: int
    pe_steps: int
    reduction_folds: int
    load_cycles: int = 0

    @property
    def output_cycles(self) -> int:
        """Cycles in which one PE takes one output's whole reduction."""
        return self.pe_steps * self.cycles


@dataclass(frozen=True)
class Beat:
    """Issued slots that begin together, and how the reduction is cut between folds (M21).

    slots: of a beat. cycles: that it takes. taps: pieces of the reduction that share no fold.
    fold_elements: elements of the reduction in one fold. is_fold: whether a beat is a whole fold,
    so that the next one begins no sooner than the next fold.
    """

    slots: int
    cycles: int
    taps: int
    fold_elements: int
    is_fold: bool


class Dataflow:
    """What moves through the array and what stays in it.

    lanes: the names of the lanes it can have, the usual ones first. drains: whether the bus of a
    column takes the sums of a fold away after its last step; else it brings the operands of a fold
    from its first step on. holds_lane_operand: whether the PEs hold operands of the lanes, which
    may stay from tile to tile (M18). sums_in_pes: whether a PE finishes a sum before it leaves.
    reads_evenly: whether the slots' operand comes evenly (M46); else it comes beat by beat.
    takes_nests: whether layers may be run by a loop nest (M40). takes_values: whether steps may
    take as long as the values of their operands say (M58).

    A search for nests asks for layers of many input channels at once: their reduction and the
    counts of their rates are arrays, with which all reckons as with numbers.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    lanes: ClassVar[tuple[str, ...]]
    drains: ClassVar[bool]
    holds_lane_operand: ClassVar[bool]
    sums_in_pes: ClassVar[bool]
    takes_nests: ClassVar[bool] = True
    takes_values: ClassVar[bool] = False
    reads_evenly: ClassVar[bool] = False

    def fitted(self, fabric: Fabric) -> Dataflow:
        """Return the dataflow as it runs on a design; most run alike on all."""
        return self

    def refusal(self, shape: LayerShape, passes: Passes) -> str | None:
        """Return why a layer cannot run so, as the end of a sentence, or None if it can."""
        return None

    def lane_group(self, shape: LayerShape, columns: int) -> int:
        """Return the most lanes of a tile (M7)."""
        return columns

    def window(self, shape: LayerShape, capacity: int) -> int:
        """Return the most slots of a window of a layer of one pass (M8).

        capacity: those that the output buffer holds sums for.
        """
        return capacity

    @property
    def by_im2col(self) -> Dataflow:
        """The dataflow of a layer whose kernel taps and input channels are taken alike (M47)."""
        return self

    def window_unit(self, rows: int) -> int:
        """Return the slots of which a window must be a multiple (M8)."""
        raise NotImplementedError

    def fold_slots(self, rows: int) -> int:
        """Return the issued slots that one fold holds sums for (M22)."""
        raise NotImplementedError

    def rate(self, shape: LayerShape, rows: int, macs: int, cycles: int) -> Rate:
        """Return how a layer's reduction is taken by PEs of so many MACs in so many cycles."""
        return Rate(
            macs, cycles, self.pe_steps(shape, macs), self.reduction_folds(shape, rows * macs)
        )

    def pe_steps(self, shape: LayerShape, macs: int) -> int:
        """Return the steps that hold one output's reduction, so many MACs each (M15)."""
        return -(-shape.reduction // macs)

    def reduction_folds(self, shape: LayerShape, column_macs: int) -> int:
        """Return the folds of the reduction, F of M10, of so many MACs each."""
        raise NotImplementedError

    def folds(self, slots: Counts, rows: int, rate: Rate) -> Counts:
        """Return the folds of a pass that issues so many slots (M15)."""
        raise NotImplementedError

    def fold_cycles(self, slots: Counts, rate: Rate) -> Counts:
        """Return the steady cycles of one fold of such a pass (M15)."""
        raise NotImplementedError

    def skew_cycles(self, rows: int, columns: int) -> int:
        """Return the cycles from a pass's last step until its last sum has left (M16, M19)."""
        return rows + columns - 2

    def edge_cycles(self, rows: int, columns: int) -> int:
        """Return the bubbles of a fold that runs alone (M16)."""
        raise NotImplementedError

    def bus_cycles(self, rows: int) -> int:
        """Return how long one fold's operands or sums keep the bus of a column busy (M17)."""
        raise NotImplementedError

    def beat(self, shape: LayerShape, rows: int, rate: Rate) -> Beat:
        """Return how a pass reads the operand of its slots, where not evenly (M21)."""
        raise NotImplementedError

    def slot_elements(self, shape: LayerShape, vectors: Counts, rate: Rate) -> Counts:
        """Return the elements of the slots' operand that a pass reads in every tile (M22).

        vectors: operand vectors that its slots need.
        """
        return vectors * shape.reduction

    def array_words(
        self, shape: LayerShape, slots: Counts, lanes: Counts, loads: Counts, rate: Rate
    ) -> tuple[Counts, Counts]:
        """Return the words that move on the array's network, and to or from register files (M46).

        slots, lanes: of every tile. loads: how often it reads the operands of its lanes.
        """
        return NOTHING, NOTHING

    def lane_loads(
        self, folds: Iterable[Counts], first_tile: Counts, *, stay: bool
    ) -> list[Counts]:
        """Return how often each pass of a tile reads the operands of its lanes (M18, M22).

        folds: of each pass, 0 where it never happens. first_tile: 1 for the first tile of a lane
        group. stay: whether operands stay in the array.
        """
        raise NotImplementedError

    def sum_visits(self, rate: Rate, pieces: Counts) -> Counts:
        """Return how often a pass's sums come to the output buffer (M22).

        pieces: in how many the lane operands of each tile fit their buffer.
        """
        raise NotImplementedError

    def outputs_by_row(self, occupied: npt.NDArray[np.bool_], rows: int) -> Counts:
        """Return how many outputs of a tile are computed in each row and column (M27).

        occupied: bool (issued slots, columns), as `Scheduler.occupied` has it. Returns int64 (rows,
        columns), or (1, columns) where every output goes through all rows. Raises InputError where
        it is open which PEs an output is computed in.
        """
        raise NotImplementedError

    def macs_by_row(self, shape: LayerShape, rows: int, rate: Rate) -> Counts:
        """Return how many MACs of an output that is computed there each row does (M27).

        Returns int64 (rows, 1), or (1, 1) where all rows do as many.
        """
        raise NotImplementedError

    def issued_cycles(self, slots: int, rows: int, rate: Rate) -> Fraction:
        """Return the steady cycles of issued slots, parts of a fold in proportion (M30)."""
        raise NotImplementedError
