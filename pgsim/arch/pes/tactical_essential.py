"""`tactical_essential`: Bit-Tactical's TCLe, a cycle for each essential bit of activations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch.paths import path_ns
from pgsim.arch.pes.tactical import Tactical
from pgsim.arch.pes.terms import Counts, Integers, powers_of
from pgsim.arch.prices import LogicCost, logic_cost
from pgsim.arch.section import switch
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class TacticalEssential(Tactical):
    """The activations that weights are left for, by their essential terms.

    Parameters
    ----------
    signed_digits : bool
        Whether terms are those of the non-adjacent form, not the 1s of the magnitude.
    """

    name = "tactical_essential"
    description = "weights that are not zero, a cycle for each 1 of their activations"

    signed_digits: bool = switch(default=False)

    def steps(self, values: Integers, places: Integers) -> tuple[Counts, Counts, Counts]:
        """Return what the slowest lane of a row takes; each PE is busy as long as its own."""
        folds, rows, elements = values.shape
        counts = np.zeros((folds, rows, elements + 1), np.uint8)  # the last for lanes without any
        counts[..., :-1] = np.bitwise_count(powers_of(values, signed_digits=self.signed_digits))
        row_cycles = np.ones((folds, rows, len(places)), np.int64)
        busy, terms = np.zeros((2, folds), np.int64)
        for column in places.transpose(1, 0, 2):
            taken = counts[..., column]  # of every step and lane
            of_pes = np.maximum(taken.max(axis=-1), 1).astype(np.int64)
            row_cycles = np.maximum(row_cycles, of_pes)
            busy += of_pes.sum(axis=(1, 2))
            terms += taken.sum(axis=(1, 2, 3), dtype=np.int64)
        return row_cycles, busy, terms

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost by the weight bits of all lanes, with what chooses activations."""
        size = self.terms * self.max_weight_bits / (16 * 8)
        chosen = size * (self.ways - 1) / 7
        modules = {
            "pragmatic_16x8_stage_3": size - chosen - self.weight_registers * size,
            "tactical_essential_16x8_8_ways": chosen,
            "pragmatic_16x8_1_register": self.weight_registers * size,
        }
        return logic_cost(technology, modules)

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path of 16 lanes by 8 bits with 8 activations to choose from."""
        return path_ns(technology, "tactical_essential_16x8_8_ways")
