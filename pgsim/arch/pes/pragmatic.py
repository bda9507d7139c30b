"""`pragmatic`: a cycle for each essential bit (Pragmatic, Albericio et al., MICRO 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch.paths import path_ns
from pgsim.arch.pes.by_values import ByValues, every_weight, run_ahead
from pgsim.arch.pes.pe import FoldWork
from pgsim.arch.pes.terms import Integers, one_by_one, powers_of
from pgsim.arch.prices import LogicCost, logic_cost
from pgsim.arch.section import parameter, switch
from pgsim.arch.technology import Technology

WIDEST_REACH = 5  # bits of a shifter that reaches every power


@dataclass(frozen=True)
class Pragmatic(ByValues):
    """Activations by their essential terms, one a cycle, against whole weights.

    Parameters
    ----------
    signed_digits : bool
        Whether terms are those of the non-adjacent form, not the 1s of the magnitude.
    first_stage_bits : int
        Bits by which each lane shifts on its own: its power is at most so far from the lowest.
    weight_registers : int
        Steps whose weights a row keeps for when it is ahead of the slowest row.
    """

    name = "pragmatic"
    description = "terms side by side, a cycle for each 1 of the activations"

    signed_digits: bool = switch(default=False)
    first_stage_bits: int = parameter(default=WIDEST_REACH, least=0, most=WIDEST_REACH)
    weight_registers: int = parameter(default=0, least=0, most=1024)

    def work(
        self, activations: Integers, weights: Integers, activation_bits: int, weight_bits: int
    ) -> FoldWork:
        """Return what rows take that wait for each other; all columns do as their row does."""
        powers = powers_of(activations, signed_digits=self.signed_digits)
        cycles = one_by_one(powers, 2**self.first_stage_bits - 1)
        row_cycles = np.maximum(cycles, 1) * self.weight_turns(weight_bits)
        terms = np.bitwise_count(powers).sum(axis=(1, 2, 3), dtype=np.int64)
        return FoldWork(
            run_ahead(row_cycles, self.weight_registers),
            row_cycles.sum(axis=(1, 2)) * len(weights),
            terms * len(weights),
            every_weight(activations),
        )

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost by the weight bits of all lanes, the shifters and the registers."""
        size = self.terms * self.max_weight_bits / (16 * 8)
        modules = {"pragmatic_16x8_1_register": 1.0 * self.weight_registers, self._shifters: 1.0}
        plain = "pragmatic_16x8_stage_3"
        modules[plain] = modules.get(plain, 0.0) - self.weight_registers
        modules = {name: size * count for name, count in modules.items()}
        return logic_cost(technology, modules)

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the longest path of 16 lanes by 8 bits, whatever the size."""
        registered = ["pragmatic_16x8_1_register"] * (self.weight_registers > 0)
        return max(path_ns(technology, each) for each in (self._shifters, *registered))

    @property
    def _shifters(self) -> str:
        """The synthesized PE of such shifters: those of 3 bits reach all of 8 bits."""
        return f"pragmatic_16x8_stage_{min(self.first_stage_bits, 3)}"
