"""`zero_skip`: activations that are zero are left out (Cnvlutin, Albericio et al., ISCA 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch.paths import path_ns
from pgsim.arch.pes.by_values import ByValues
from pgsim.arch.pes.pe import FoldWork
from pgsim.arch.pes.terms import Integers
from pgsim.arch.prices import LogicCost, logic_cost
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class ZeroSkip(ByValues):
    """Lanes of whole products, each with its own queue of activations that are not zero.

    Rows share weights, so an activation is left out where it is zero in all rows of a fold. Lanes
    wait for each other at the end of a fold only.
    """

    name = "zero_skip"
    description = "whole products side by side, no cycle for activations that are zero"

    def most_cycles(self, activation_bits: int, weight_bits: int) -> int:
        """Return the turns of operands that are wider than the PE."""
        return self.turns(activation_bits, weight_bits)

    def term_bits(self, activation_bits: int, weight_bits: int) -> int:
        """Return the bit products of a MAC."""
        return activation_bits * weight_bits

    def work(
        self, activations: Integers, weights: Integers, activation_bits: int, weight_bits: int
    ) -> FoldWork:
        """Return the longest queue of each fold; all PEs are busy while there is any."""
        _, rows, _, _ = activations.shape
        there = activations != 0
        queues = there.any(axis=1).sum(axis=1, dtype=np.int64)
        cycles = np.maximum(queues.max(axis=-1), 1) * self.turns(activation_bits, weight_bits)
        terms = there.sum(axis=(1, 2, 3), dtype=np.int64) * len(weights)
        return FoldWork(cycles, cycles * (rows * len(weights)), terms, queues.sum(axis=-1))

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost by the products that are added up in a cycle."""
        bits = self.terms * self.max_activation_bits * self.max_weight_bits
        return logic_cost(technology, {"parallel_16x8": bits / (16 * 8 * 8)})

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path of 16 lanes of 8 x 8 bits, whatever the size."""
        return path_ns(technology, "parallel_16x8")
