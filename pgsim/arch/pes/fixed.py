"""`fixed`: a multiply-accumulate unit of one width."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.paths import square_path_ns
from pgsim.arch.pes.isolation import Isolation
from pgsim.arch.pes.pe import PEKind
from pgsim.arch.prices import LogicCost, measured_cost
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class Fixed(PEKind):
    """One MAC at a time; wider operands take turns, narrower ones gain nothing."""

    name = "fixed"
    description = "one MAC of the widest operands, narrower ones gain nothing"
    isolation = Isolation("fixed_8x8", {1: "fixed_8x8_isolated"})

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return one MAC in as many cycles as the operands take turns."""
        return 1, self.turns(activation_bits, weight_bits)

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost of a measured fixed unit."""
        return measured_cost(technology.pe.fixed, self.max_activation_bits, self.max_weight_bits)

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path of synthesized fixed units."""
        bits = (self.max_activation_bits, self.max_weight_bits)
        return square_path_ns(technology, "fixed_{0}x{0}", bits)
