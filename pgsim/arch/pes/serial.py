"""What bit-serial PEs share: terms side by side, and a cost on a line through two syntheses."""

from __future__ import annotations

from dataclasses import dataclass

from pgsim.arch.paths import path_between_ns
from pgsim.arch.pes.pe import PEKind
from pgsim.arch.prices import LogicCost, logic_cost
from pgsim.arch.section import parameter
from pgsim.arch.technology import Technology


@dataclass(frozen=True)
class Serial(PEKind):
    """So many terms of one reduction side by side, an operand bit a cycle.

    A parallel operand that is wider than the PE takes turns. Serial units are synthesized at
    two sizes; the cost of others is on the straight line through those, over the bits of products
    added up in a cycle.

    Parameters
    ----------
    terms : int
        Terms of one reduction that a PE multiplies side by side.
    """

    terms: int = parameter(default=16, least=1, most=1024)


def one_serial_operand(technology: Technology, product_bits: int) -> LogicCost:
    """Return the cost of a PE with one serial operand, on the line through 4 and 8 bits by 16."""
    share = (product_bits - 16 * 4) / (16 * 8 - 16 * 4)
    shares = {"serial_activation_16x8": share, "serial_activation_16x4": 1 - share}
    return logic_cost(technology, shares)


def one_serial_operand_path_ns(technology: Technology, product_bits: int) -> float:
    """Return the path of such a PE, through the same two syntheses (M45)."""
    module = "serial_activation_16x{}"
    return path_between_ns(technology, module, (4, 8), product_bits / 16)
