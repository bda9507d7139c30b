"""What PEs share whose cycles depend on the values of operands (MODEL.md M58)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pgsim.arch.pes.serial import Serial
from pgsim.arch.pes.terms import Counts, Integers
from pgsim.schemes import Pass


@dataclass(frozen=True)
class ByValues(Serial):
    """So many lanes side by side, each of which takes the terms of its operands one by one."""

    by_values: ClassVar[bool] = True

    def refusal(self, plan: Pass) -> str | None:
        """Return that no mask steers it."""
        if not plan.gated:
            return None
        return (
            "goes by the values of operands and takes dense passes only: choose a scheme that "
            "gates nothing, as in pgsim simulate --scheme full"
        )

    @property
    def peak(self) -> tuple[int, int]:
        """Bit operations of a term of the widest operands in every lane, in a cycle."""
        return self.terms * self.term_bits(self.max_activation_bits, self.max_weight_bits), 1

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return the lanes, and the most cycles that any operands of these bits take."""
        return self.terms, self.most_cycles(activation_bits, weight_bits)

    def most_cycles(self, activation_bits: int, weight_bits: int) -> int:
        """Return the most cycles of a step, whatever its operands are."""
        return (activation_bits + 1) * self.weight_turns(weight_bits)

    def term_bits(self, activation_bits: int, weight_bits: int) -> int:
        """Return the useful bit operations of one term in a pass of such widths (M27)."""
        return weight_bits


def every_weight(activations: Integers) -> Counts:
    """Return that folds read all weights, int64 (folds,); activations: as `work` has them."""
    folds, _, steps, lanes = activations.shape
    return np.full(folds, steps * lanes, np.int64)


def run_ahead(row_cycles: Counts, registers: int) -> Counts:
    """Return the cycles of folds whose rows wait for each other.

    row_cycles: int64 (folds, rows, steps), of each row alone. registers: a row may begin a step
    once all rows have ended the step `registers` + 1 before it. Returns int64 (folds,).

    >>> both = np.array([[[1, 3], [3, 1]]])
    >>> int(run_ahead(both, 0)[0]), int(run_ahead(both, 1)[0])
    (6, 4)
    """
    if registers == 0:
        in_lockstep: Counts = row_cycles.max(axis=1).sum(axis=-1)
        return in_lockstep
    folds, rows, steps = row_cycles.shape
    if registers >= steps - 1:
        alone: Counts = row_cycles.sum(axis=-1).max(axis=1)
        return alone
    ends = np.zeros((folds, rows), np.int64)
    slowest: list[Counts] = []
    for step in range(steps):
        if step > registers:
            ends = np.maximum(ends, slowest[step - registers - 1][:, None])
        ends = ends + row_cycles[..., step]
        slowest.append(ends.max(axis=1))
    return slowest[-1]
