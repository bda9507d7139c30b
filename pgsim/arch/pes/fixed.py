"""`fixed`: a multiply-accumulate unit of one width."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.pes.pe import PEKind
from pgsim.arch.prices import LogicCost, measured_cost
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class Fixed(PEKind):
    """One MAC at a time; wider operands take turns, narrower ones gain nothing."""

    name = "fixed"
    description = "one MAC of the widest operands, narrower ones gain nothing"

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return one MAC in as many cycles as the operands take turns."""
        return 1, self.turns(activation_bits, weight_bits)

    def cost(self, technology: Technology) -> LogicCost:
        """Return the cost of a measured fixed unit."""
        return measured_cost(technology.pe.fixed, self.max_activation_bits, self.max_weight_bits)
