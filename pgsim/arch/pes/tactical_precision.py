"""`tactical_precision`: Bit-Tactical's TCLp, a cycle for each bit that any activation needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pgsim.arch.paths import path_ns
from pgsim.arch.pes.tactical import Tactical
from pgsim.arch.pes.terms import Counts, Integers
from pgsim.arch.prices import LogicCost, logic_cost
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class TacticalPrecision(Tactical):
    """The activations that weights are left for, from their lowest 1 to their highest."""

    name = "tactical_precision"
    description = "weights that are not zero, a cycle for each bit between 1s of their activations"

    def steps(self, values: Integers, places: Integers) -> tuple[Counts, Counts, Counts]:
        """Return the bits that the activations of a row need together, and one for a sign."""
        columns = places.shape[1]
        found = [_step(values, each) for each in places]
        row_cycles = np.stack([cycles for cycles, _ in found], axis=-1)
        terms = np.sum([own for _, own in found], axis=0)
        return row_cycles, row_cycles.sum(axis=(1, 2)) * columns, terms

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost by the weight bits of all lanes, with what chooses activations."""
        size = self.terms * self.max_weight_bits / (16 * 8)
        chosen = size * (self.ways - 1) / 7
        modules = {
            "pragmatic_16x8_stage_0": size - chosen,
            "tactical_precision_16x8_8_ways": chosen,
            "pragmatic_16x8_1_register": self.weight_registers * size,
            "pragmatic_16x8_stage_3": -self.weight_registers * size,
        }
        return logic_cost(technology, modules)

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path of 16 lanes by 8 bits with 8 activations to choose from."""
        return path_ns(technology, "tactical_precision_16x8_8_ways")


def _step(values: Integers, places: Integers) -> tuple[Counts, Counts]:
    """Return the cycles of each row in one step, (folds, rows), and the terms added up."""
    taken, often = np.unique(places[places >= 0], return_counts=True)
    own = values[..., taken].astype(np.int32)
    magnitudes = np.abs(own)
    used = np.bitwise_or.reduce(magnitudes, axis=-1)
    # Of 2^b - 1 the 1s are b, and x | x - 1 has all below the lowest of x.
    filled = _filled_below(used)
    lowest = np.bitwise_count((used & -used) - (used > 0))
    bits = np.bitwise_count(filled).astype(np.int64) - lowest
    counts = np.bitwise_count(magnitudes).astype(np.int64) @ often
    return np.maximum(bits + (own < 0).any(axis=-1), 1), counts.sum(axis=1)


def _filled_below(words: Integers) -> Integers:
    """Return words with a 1 at and below their highest 1; of at most 16 bits."""
    for shift in (1, 2, 4, 8):
        words = words | words >> shift
    return words
