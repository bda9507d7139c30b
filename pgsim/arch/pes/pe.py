"""What every PE kind is: what it does with two operand widths, and what it costs (MODEL.md M5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pgsim.arch.prices import LogicCost
from pgsim.arch.section import parameter
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class PEKind:
    """A processing element; its fields are keys of the file's `array.pe`.

    max_activation_bits, max_weight_bits: the widest operands that it takes in one go.
    stream_bit_modules: synthesized modules that one more bit of an operand stream is made of (M29).
    """

    name: ClassVar[str]
    description: ClassVar[str]
    stream_bit_modules: ClassVar[Mapping[str, float]] = {
        # What three further streams add to a fixed 8 x 8 PE, a bit of its 8-bit operand.
        "fixed_8x8_4_streams": 1 / (3 * 8),
        "fixed_8x8": -1 / (3 * 8),
    }

    max_activation_bits: int = parameter(default=8, least=1, most=16)
    max_weight_bits: int = parameter(default=8, least=1, most=16)

    def problems(self) -> dict[str, str]:
        """Return what no such PE can be: the message by the key that is wrong."""
        return {}

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return (L, T): the PE does L MACs of one reduction side by side in T cycles (M5).

        The widths are a pass's own, 1 or more.
        """
        raise NotImplementedError

    def cost(self, technology: Technology) -> LogicCost:
        """Return what one such PE costs. Raises InputError where the technology has no price."""
        raise NotImplementedError

    def turns(self, activation_bits: int, weight_bits: int) -> int:
        """Return the cycles that operands wider than a parallel PE take turns for."""
        return self.activation_turns(activation_bits) * self.weight_turns(weight_bits)

    def activation_turns(self, bits: int) -> int:
        """Return the turns in which activations of so many bits enter side by side."""
        return -(-bits // self.max_activation_bits)

    def weight_turns(self, bits: int) -> int:
        """Return the turns in which weights of so many bits enter side by side."""
        return -(-bits // self.max_weight_bits)
