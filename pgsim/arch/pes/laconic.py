"""`laconic`: a cycle for each product of essential terms (Laconic, Sharify et al., ISCA 2019)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch.paths import path_ns
from pgsim.arch.pes.by_values import ByValues, every_weight
from pgsim.arch.pes.pe import FoldWork
from pgsim.arch.pes.terms import Integers, powers_of
from pgsim.arch.prices import LogicCost, logic_cost
from pgsim.arch.section import switch
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class Laconic(ByValues):
    """Both operands by their essential terms, a product of two a cycle; all PEs wait for all.

    Parameters
    ----------
    signed_digits : bool
        Whether terms are those of the non-adjacent form, not the 1s of the magnitude.
    """

    name = "laconic"
    description = "terms side by side, a cycle for each pair of 1s of both operands"

    signed_digits: bool = switch(default=False)

    def most_cycles(self, activation_bits: int, weight_bits: int) -> int:
        """Return a cycle for each pair of powers."""
        return (activation_bits + 1) * (weight_bits + 1)

    def term_bits(self, activation_bits: int, weight_bits: int) -> int:
        """Return one: a product of two powers of two."""
        return 1

    def work(
        self, activations: Integers, weights: Integers, activation_bits: int, weight_bits: int
    ) -> FoldWork:
        """Return what the slowest lane of all PEs takes, step by step."""
        own, others = (
            np.bitwise_count(powers_of(each, signed_digits=self.signed_digits)).astype(np.int16)
            for each in (activations, weights)
        )
        # The same lane's most terms in any row, and in any column, meet in some PE.
        slowest = (own.max(axis=1) * others.max(axis=0)).max(axis=-1)
        cycles = np.maximum(slowest, 1).sum(axis=-1, dtype=np.int64)
        busy = np.zeros(len(own), np.int64)
        for column in others:  # one by one, for all PEs at once would not fit
            of_pes = np.maximum((own * column).max(axis=-1), 1)
            busy += of_pes.sum(axis=(1, 2), dtype=np.int64)
        in_rows = own.sum(axis=1, dtype=np.int64)
        in_columns = others.sum(axis=0, dtype=np.int64)
        terms = (in_rows * in_columns).sum(axis=(1, 2))
        return FoldWork(cycles, busy, terms, every_weight(activations))

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost by lanes."""
        return logic_cost(technology, {"laconic_16": self.terms / 16})

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path of 16 lanes, whatever their number."""
        return path_ns(technology, "laconic_16")
