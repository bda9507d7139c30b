"""`serial_weight`: weights a bit a cycle."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.pes.isolation import Isolation
from pgsim.arch.pes.serial import Serial, one_serial_operand, one_serial_operand_path_ns
from pgsim.arch.prices import LogicCost
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class SerialWeight(Serial):
    """Weights bit by bit; activations whole, or in turns if they are wider than the PE."""

    name = "serial_weight"
    description = "terms side by side, a cycle for each bit of the weights"
    isolation = Isolation("serial_weight_16x8", {16: "serial_weight_16x8"})

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return the terms, in a cycle a bit of the weights, for each turn of the activations."""
        return self.terms, weight_bits * self.activation_turns(activation_bits)

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost by the bits of activations that are added up in a cycle."""
        return one_serial_operand(technology, self.terms * self.max_activation_bits)

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path by the same bits."""
        return one_serial_operand_path_ns(technology, self.terms * self.max_activation_bits)
