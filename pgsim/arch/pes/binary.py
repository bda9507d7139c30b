"""`binary`: XNORs that are counted (Rastegari et al., XNOR-Net, ECCV 2016)."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.paths import path_between_ns
from pgsim.arch.pes.serial import Serial
from pgsim.arch.prices import LogicCost, logic_cost
from pgsim.arch.technology import Technology
from pgsim.schemes import Pass

_SIZES = (16, 64)  # terms of the PEs that were synthesized


@dataclass(frozen=True)
class Binary(Serial):
    """Terms of a bit by a bit side by side in a cycle, and nothing wider."""

    name = "binary"
    description = "terms of a bit by a bit side by side, XNOR and count"

    def problems(self) -> dict[str, str]:
        """Return the widths beyond a bit."""
        widths = {
            "max_activation_bits": self.max_activation_bits,
            "max_weight_bits": self.max_weight_bits,
        }
        return super().problems() | {
            key: f"value {bits}: expected 1 where array.pe.kind is {self.name}."
            for key, bits in widths.items()
            if bits != 1
        }

    def refusal(self, plan: Pass) -> str | None:
        """Return that operands are of one bit; there is nothing that shifts their sums."""
        if plan.activation_bits == plan.weight_bits == 1:
            return None
        return f"takes operands of 1 bit, not {plan.activation_bits} by {plan.weight_bits}"

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return the terms in a cycle, or in one for each pair of bits, were there any."""
        return self.terms, activation_bits * weight_bits

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost on the line through 16 and 64 terms."""
        few, many = _SIZES
        share = (self.terms - few) / (many - few)
        return logic_cost(technology, {f"binary_{many}": share, f"binary_{few}": 1 - share})

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path through the same two syntheses."""
        return path_between_ns(technology, "binary_{}", _SIZES, self.terms)
