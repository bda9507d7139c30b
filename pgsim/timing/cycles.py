"""How long each pass holds the array: steady cycles, the spacing of its folds, port stalls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch import ArchConfig, macs_and_cycles
from pgsim.mapping import Counts, pe_steps, reduction_folds
from pgsim.schemes import Pass
from pgsim.timing.folds import fold_spacing
from pgsim.timing.issue import Issue
from pgsim.timing.ports import port_stall_cycles, slot_reads
from pgsim.workload import LayerShape


@dataclass(frozen=True)
class PassTiming:
    """One pass of a layer: its widths, what it issues, and its cycles in every tile.

    Arrays are int64 and broadcast to the tiles (runs, groups, lane groups, windows).
    reduction_folds: F of M10. folds: those executed. steady_cycles: M15. fold_cycles: steady cycles
    of one fold, S of M17. fold_spacing_cycles: from the begin of one to that of the next, Z of M17.
    busy_pe_cycles: PE cycles spent on outputs.
    """

    activation_bits: int
    weight_bits: int
    gated: bool
    macs_per_pe: int
    issue: Issue
    reduction_folds: int
    folds: Counts
    fold_cycles: Counts
    fold_spacing_cycles: Counts
    steady_cycles: Counts
    port_stall_cycles: Counts
    busy_pe_cycles: Counts

    @property
    def executed(self) -> Counts:
        """1 where the pass happens in a tile, 0 where it issues nothing."""
        return (self.issue.slots > 0).astype(np.int64)

    @property
    def pass_cycles(self) -> Counts:
        """Cycles from the first step of the pass to the end of its last, 0 if it never happens."""
        between = (self.folds - 1) * self.fold_spacing_cycles
        return self.executed * (between + self.fold_cycles)


def time_pass(shape: LayerShape, arch: ArchConfig, pass_: Pass, issue: Issue) -> PassTiming:
    """Return the cycles of one pass in every tile. Source: MODEL.md M5, M10, M15, M17, M21."""
    array = arch.array
    macs, cycles = macs_and_cycles(array.pe, pass_.activation_bits, pass_.weight_bits)
    output_cycles = pe_steps(shape, array, macs) * cycles
    reduction = reduction_folds(shape, array, macs)
    if array.dataflow == "os":
        folds = -(-issue.slots // array.rows)
        fold_cycles = np.full_like(folds, output_cycles)
    else:
        folds = reduction * (issue.slots > 0).astype(np.int64)
        fold_cycles = issue.slots * cycles
    spacing = fold_spacing(array, fold_cycles)
    return PassTiming(
        activation_bits=pass_.activation_bits,
        weight_bits=pass_.weight_bits,
        gated=pass_.gated,
        macs_per_pe=macs,
        issue=issue,
        reduction_folds=reduction,
        folds=folds,
        fold_cycles=fold_cycles,
        fold_spacing_cycles=spacing,
        steady_cycles=folds * fold_cycles,
        port_stall_cycles=port_stall_cycles(slot_reads(shape, arch, pass_), issue, spacing),
        busy_pe_cycles=issue.entries * output_cycles,
    )
