"""`serial_activation`: activations a bit a cycle (Stripes, Judd et al., MICRO 2016)."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.pes.serial import Serial, one_serial_operand
from pgsim.arch.prices import LogicCost
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class SerialActivation(Serial):
    """Activations bit by bit; weights whole, or in turns if they are wider than the PE."""

    name = "serial_activation"
    description = "terms side by side, a cycle for each bit of the activations"

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return the terms, in a cycle a bit of the activations, for each turn of the weights."""
        return self.terms, activation_bits * self.weight_turns(weight_bits)

    def cost(self, technology: Technology) -> LogicCost:
        """Return the cost by the bits of weights that are added up in a cycle."""
        return one_serial_operand(technology, self.terms * self.max_weight_bits)
