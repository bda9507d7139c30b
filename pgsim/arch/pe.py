"""What a processing element does with two operand widths: MACs side by side, and cycles."""

from __future__ import annotations

from pgsim.arch.config import PE

_BRICK_BITS = 2  # Bit Fusion's BitBricks multiply 2 bits by 2 (Sharma et al., ISCA 2018)


def macs_and_cycles(pe: PE, activation_bits: int, weight_bits: int) -> tuple[int, int]:
    """Return (L, T): a PE does L MACs of one reduction side by side in T cycles (M5).

    `activation_bits` and `weight_bits` are a pass's own widths, 1 or more. A fusion unit rounds
    each up to a power of two of at least 2 bits; operands wider than a parallel PE take turns;
    serial PEs take a cycle a bit of the serial operand, whatever the other's width.
    """
    turns = -(-activation_bits // pe.max_activation_bits) * -(-weight_bits // pe.max_weight_bits)
    match pe.kind:
        case "fixed":
            return 1, turns
        case "fusion":
            macs = _fused(pe.max_activation_bits, activation_bits)
            return macs * _fused(pe.max_weight_bits, weight_bits), turns
        case "serial_activation":
            return pe.terms, activation_bits
        case "serial_weight":
            return pe.terms, weight_bits
        case "serial_both":
            return pe.terms, activation_bits * weight_bits


def _fused(max_bits: int, bits: int) -> int:
    """Return how many operands of `bits` fit side by side on one axis of a fusion unit."""
    brick_multiple = max(_BRICK_BITS, 1 << (min(bits, max_bits) - 1).bit_length())
    return max_bits // brick_multiple
