"""`serial_activation`: activations a bit a cycle (Stripes, Judd et al., MICRO 2016)."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.pes.isolation import Isolation
from pgsim.arch.pes.serial import Serial, one_serial_operand, one_serial_operand_path_ns
from pgsim.arch.prices import LogicCost
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class SerialActivation(Serial):
    """Activations bit by bit; weights whole, or in turns if they are wider than the PE."""

    name = "serial_activation"
    description = "terms side by side, a cycle for each bit of the activations"
    isolation = Isolation("serial_activation_16x8", {16: "serial_activation_16x8"})

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return the terms, in a cycle a bit of the activations, for each turn of the weights."""
        return self.terms, activation_bits * self.weight_turns(weight_bits)

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost by the bits of weights that are added up in a cycle."""
        return one_serial_operand(technology, self.terms * self.max_weight_bits)

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path by the same bits."""
        return one_serial_operand_path_ns(technology, self.terms * self.max_weight_bits)
