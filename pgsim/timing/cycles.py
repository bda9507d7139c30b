"""How long each pass holds the array: steady cycles, waits of short folds, port stalls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch import ArchConfig, macs_and_cycles
from pgsim.mapping import Counts, Tiling, pe_steps, reduction_folds
from pgsim.schemes import Pass
from pgsim.timing.issue import Issue
from pgsim.workload import LayerShape


@dataclass(frozen=True)
class PassTiming:
    """One pass of a layer: its widths, what it issues, and its cycles in every tile.

    Arrays are int64 and broadcast to the tiles (runs, groups, lane groups, windows).
    reduction_folds: F of M10. folds: those executed. steady_cycles: M15. port_stall_cycles: M21.
    fold_steady_cycles: of one fold. busy_pe_cycles: PE cycles spent on outputs.
    """

    activation_bits: int
    weight_bits: int
    gated: bool
    macs_per_pe: int
    issue: Issue
    reduction_folds: int
    folds: Counts
    fold_steady_cycles: Counts
    steady_cycles: Counts
    port_stall_cycles: Counts
    busy_pe_cycles: Counts

    @property
    def executed(self) -> Counts:
        """1 where the pass happens in a tile, 0 where it issues nothing."""
        return (self.issue.slots > 0).astype(np.int64)


def time_pass(
    shape: LayerShape, arch: ArchConfig, tiling: Tiling, pass_: Pass, issue: Issue
) -> PassTiming:
    """Return the cycles of one pass in every tile. Source: MODEL.md M5, M10, M15, M21."""
    array = arch.array
    macs, cycles = macs_and_cycles(array.pe, pass_.activation_bits, pass_.weight_bits)
    output_cycles = pe_steps(shape, array, macs) * cycles
    reduction = reduction_folds(shape, array, macs)
    if array.dataflow == "os":
        folds = -(-issue.slots // array.rows)
        fold_steady = np.full_like(folds, output_cycles)
    else:
        folds = reduction * (issue.slots > 0).astype(np.int64)
        fold_steady = issue.slots * cycles
    steady = folds * fold_steady
    return PassTiming(
        activation_bits=pass_.activation_bits,
        weight_bits=pass_.weight_bits,
        gated=pass_.gated,
        macs_per_pe=macs,
        issue=issue,
        reduction_folds=reduction,
        folds=folds,
        fold_steady_cycles=fold_steady,
        steady_cycles=steady,
        port_stall_cycles=_port_stalls(shape, arch, tiling, pass_, issue, steady),
        busy_pe_cycles=issue.entries * output_cycles,
    )


def _port_stalls(
    shape: LayerShape,
    arch: ArchConfig,
    tiling: Tiling,
    pass_: Pass,
    issue: Issue,
    steady_cycles: Counts,
) -> Counts:
    """Return how long each pass waits for the ports that feed its slots (M21)."""
    if pass_.gated and arch.lsb.scheduler == "ideal":
        return np.zeros_like(steady_cycles)
    memory = arch.memory
    if tiling.slots_are_positions:
        sram, bits = memory.activation_sram, pass_.activation_bits
    else:
        sram, bits = memory.weight_sram, pass_.weight_bits
    read_cycles = -(-issue.vectors * shape.reduction * bits // (sram.banks * sram.port_bits))
    stalls: Counts = np.maximum(0, read_cycles - steady_cycles)
    return stalls
