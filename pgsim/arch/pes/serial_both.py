"""`serial_both`: a bit of each operand a cycle."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.paths import path_between_ns
from pgsim.arch.pes.isolation import Isolation
from pgsim.arch.pes.serial import Serial
from pgsim.arch.prices import LogicCost, logic_cost
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class SerialBoth(Serial):
    """Both operands bit by bit: a cycle for each pair of bits."""

    name = "serial_both"
    description = "terms side by side, a cycle for each pair of operand bits"
    isolation = Isolation("serial_both_16x1", {16: "serial_both_16x1"})

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return the terms, in a cycle for each pair of bits."""
        return self.terms, activation_bits * weight_bits

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost on the line through 16 and 64 terms."""
        share = (self.terms - 16) / (64 - 16)
        return logic_cost(technology, {"serial_both_64x1": share, "serial_both_16x1": 1 - share})

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path through the same two syntheses."""
        return path_between_ns(technology, "serial_both_{}x1", (16, 64), self.terms)
