"""`fusion`: Bit Fusion's unit of 2-bit bricks (Sharma et al., ISCA 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pgsim.arch.paths import square_path_ns
from pgsim.arch.pes.isolation import Isolation
from pgsim.arch.pes.pe import PEKind
from pgsim.arch.prices import LogicCost, measured_cost
from pgsim.arch.technology import Technology

_BRICK_BITS = 2  # a BitBrick multiplies 2 bits by 2
_WIDTHS = (2, 4, 8, 16)


@dataclass(frozen=True)
class Fusion(PEKind):
    """Bricks fuse to fewer, wider MACs; a width is rounded up to a power of two, at least 2."""

    name = "fusion"
    description = "2-bit bricks that fuse: narrower operands, more MACs side by side"
    stream_bit_modules: ClassVar[Mapping[str, float]] = {
        # What three further streams add to an 8 x 8 fusion PE, a bit of its 32 operand wires.
        "fusion_8x8_4_streams": 1 / (3 * 32),
        "fusion_8x8": -1 / (3 * 32),
    }
    isolation = Isolation(
        plain="fusion_8x8",
        isolated={
            1: "fusion_8x8_isolated",
            2: "fusion_8x8_isolated_at_4x8",
            4: "fusion_8x8_isolated_at_2x8",
            16: "fusion_8x8_isolated_at_2x2",
        },
    )

    def problems(self) -> dict[str, str]:
        """Return the widths that are no squares of bricks."""
        widths = {
            "max_activation_bits": self.max_activation_bits,
            "max_weight_bits": self.max_weight_bits,
        }
        return super().problems() | {
            key: f"value {bits}: expected a power of two from 2 to 16 where array.pe.kind is "
            f"{self.name}."
            for key, bits in widths.items()
            if bits not in _WIDTHS
        }

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return as many MACs as both operands fit side by side."""
        macs = _fused(self.max_activation_bits, activation_bits)
        macs *= _fused(self.max_weight_bits, weight_bits)
        return macs, self.turns(activation_bits, weight_bits)

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return the cost of a measured fusion unit."""
        return measured_cost(technology.pe.fusion, self.max_activation_bits, self.max_weight_bits)

    def plain_path_ns(self, technology: Technology) -> float:
        """Return the path of synthesized fusion units."""
        bits = (self.max_activation_bits, self.max_weight_bits)
        return square_path_ns(technology, "fusion_{0}x{0}", bits)


def _fused(max_bits: int, bits: int) -> int:
    """Return how many operands of `bits` fit side by side on one axis of a fusion unit."""
    brick_multiple = max(_BRICK_BITS, 1 << (min(bits, max_bits) - 1).bit_length())
    return max_bits // brick_multiple
