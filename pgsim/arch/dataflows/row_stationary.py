"""`row_stationary`: rows of a kernel stay in the PEs (Eyeriss; Chen et al., ISCA 2016)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from pgsim.arch.dataflows.dataflow import Dataflow, Fabric, Rate
from pgsim.arch.dataflows.operand_stationary import OperandStationary
from pgsim.arch.dataflows.row_sets import (
    RowRate,
    RowSets,
    load_cycles,
    reached_columns,
    reached_rows,
    row_sets,
    taps_before,
    window_words,
)
from pgsim.arch.lanes import Counts
from pgsim.errors import InputError
from pgsim.schemes import Passes
from pgsim.workload import LayerShape


@dataclass(frozen=True)
class RowStationary(OperandStationary):
    """A PE slides a kernel's row along an input row, and PEs above each other add up (M46)."""

    fabric: Fabric = field(default_factory=Fabric)

    name = "row_stationary"
    description = "row stationary: the PEs hold rows of kernels, and rows of the input slide by"
    lanes = ("channels",)
    reads_evenly = True
    takes_nests = False

    def fitted(self, fabric: Fabric) -> Dataflow:
        """Return the dataflow on an array of so many PEs with such register files."""
        return RowStationary(fabric)

    def refusal(self, shape: LayerShape, passes: Passes) -> str | None:
        """Return what of a layer the PEs have no room for; only layers of one pass run."""
        if len(passes) > 1:
            return f"{len(passes)} passes: expected one; it takes operands whole, in one dense pass"
        fabric, (height, width) = self.fabric, shape.kernel_size
        for what, needs, has, key in (
            ("kernel rows", height, fabric.rows, "array.rows"),
            (
                "pixels under a kernel row",
                window_words(shape),
                fabric.activation_words,
                "array.register_files.activation_words",
            ),
            ("weights of a kernel row", width, fabric.weight_words, _WEIGHT_WORDS),
            ("sums", 1, fabric.sum_words, "array.register_files.sum_words"),
            (
                "sums of an output row",
                shape.run_out_size[1],
                fabric.sums,
                "memory.output_sram.kib, in sums",
            ),
        ):
            if needs > has:
                return f"{needs} {what}: expected at most {has}, which is {key}"
        return None

    def lane_group(self, shape: LayerShape, columns: int) -> int:
        """Return the output channels of a fold."""
        return self._sets(shape).lanes

    def window(self, shape: LayerShape, capacity: int) -> int:
        """Return the slots of as many whole strips as the output buffer holds sums for."""
        sets = self._sets(shape)
        strip = sets.columns * shape.run_out_size[1]
        return self.fabric.sums // (sets.lanes * strip) * strip

    def rate(self, shape: LayerShape, rows: int, macs: int, cycles: int) -> Rate:
        """Return how a layer's reduction is taken: in every fold, strip after strip."""
        sets, (height, width) = self._sets(shape), shape.kernel_size
        turns = width * -(-sets.channels // macs) * sets.filters
        weights = sets.lanes * sets.channels * sets.across * height * width
        return RowRate(
            macs,
            cycles,
            pe_steps=self.pe_steps(shape, macs),
            reduction_folds=sets.folds(shape),
            load_cycles=load_cycles(weights, self.fabric),
            strip_slots=sets.columns * shape.run_out_size[1],
            strip_cycles=shape.run_out_size[1] * turns * cycles,
        )

    def pe_steps(self, shape: LayerShape, macs: int) -> int:
        """Return the steps of all PEs that work on an output: none holds channels of two sets."""
        channels = self._sets(shape).channels
        whole, rest = divmod(shape.in_channels_per_group, channels)
        steps = whole * -(-channels // macs) + -(-rest // macs)
        return shape.taps * steps

    def fold_cycles(self, slots: Counts, rate: Rate) -> Counts:
        """Return the cycles in which all strips slide by."""
        own = _own(rate)
        return -(-slots // own.strip_slots) * own.strip_cycles

    def skew_cycles(self, rows: int, columns: int) -> int:
        """Return the PEs that a sum goes up through; the network brings operands to all at once."""
        return rows - 1

    def edge_cycles(self, rows: int, columns: int) -> int:
        """Return the skew: loading counts apart."""
        return self.skew_cycles(rows, columns)

    def bus_cycles(self, rows: int) -> int:
        """Return 0: a fold loads while the array stands still."""
        return 0

    def slot_elements(self, shape: LayerShape, vectors: Counts, rate: Rate) -> Counts:
        """Return the input rows that each window's strips need, each strip's own once."""
        strips = np.cumsum(-(-vectors.reshape(-1) // _own(rate).strip_slots))
        rows = int(vectors.sum()) // shape.run_out_size[1]
        reached = reached_rows(shape, rows, self._sets(shape).columns, strips)
        elements = np.diff(reached, prepend=0) * reached_columns(shape)
        return (elements * shape.in_channels_per_group).reshape(vectors.shape)

    def array_words(
        self, shape: LayerShape, slots: Counts, lanes: Counts, loads: Counts, rate: Rate
    ) -> tuple[Counts, Counts]:
        """Return what PEs are sent, and what they send up; that, and four accesses a busy cycle."""
        sets, width = self._sets(shape), shape.run_out_size[1]
        rows = slots // width
        weights = loads * (lanes * shape.reduction) * np.minimum(sets.columns, rows)
        ends = np.cumsum(rows.reshape(-1)).reshape(rows.shape)
        taps = taps_before(shape, ends) - taps_before(shape, ends - rows)
        row_words = reached_columns(shape) * shape.in_channels_per_group
        activations = taps * row_words * -(-lanes // sets.filters)
        brought, outputs = weights + activations, slots * lanes
        stacked = shape.kernel_size[0] * -(-shape.in_channels_per_group // sets.channels)
        passed = outputs * (stacked - rate.reduction_folds)
        return brought + passed, brought + outputs * rate.output_cycles * _ACCESSES

    def outputs_by_row(self, occupied: npt.NDArray[np.bool_], rows: int) -> Counts:
        """Raise InputError: sets lie in any place of the array."""
        raise InputError(
            "array.dataflow row_stationary leaves open where in the array a set lies: expected "
            "another dataflow for a map of its PEs"
        )

    def issued_cycles(self, slots: int, rows: int, rate: Rate) -> Fraction:
        """Return the cycles of the slots in every fold, parts of a strip in proportion."""
        own = _own(rate)
        return Fraction(slots * own.strip_cycles * own.reduction_folds, own.strip_slots)

    def _sets(self, shape: LayerShape) -> RowSets:
        sets = row_sets(shape, self.fabric)
        assert sets is not None, "a layer that is refused"
        return sets


_WEIGHT_WORDS = "array.register_files.weight_words"
_ACCESSES = 4  # of a busy PE cycle: an activation, a weight, a sum read and written


def _own(rate: Rate) -> RowRate:
    assert isinstance(rate, RowRate)
    return rate
