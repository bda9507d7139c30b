"""What every PE kind is: what it does with two operand widths, and what it costs (MODEL.md M5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from pgsim.arch.pes.isolation import Isolation
from pgsim.arch.pes.terms import Counts, Integers
from pgsim.arch.prices import LogicCost
from pgsim.arch.section import parameter, switch
from pgsim.arch.technology import Technology
from pgsim.schemes import Pass


class FoldWork(NamedTuple):
    """What folds take on PEs that go by values, int64 (folds,) each (M58).

    cycles: steady ones. busy_pe_cycles: of all PEs. terms: that all lanes of all PEs add up.
    weights_read: elements of each column's weights that are read, empty lanes among them.
    """

    cycles: Counts
    busy_pe_cycles: Counts
    terms: Counts
    weights_read: Counts


@dataclass(frozen=True)
class PEKind:
    """A processing element; its fields are keys of the file's `array.pe`.

    stream_bit_modules: synthesized modules that one more bit of an operand stream is made of (M29).
    isolation: what standing still at zeros is made of; None where a kind was never built so.
    by_values: whether its cycles depend on the values of operands, which it then must have (M58).

    Parameters
    ----------
    max_activation_bits, max_weight_bits : int
        The widest operands that it takes in one go.
    zero_gating : bool
        Whether its unit stands still where operands are zero (M45).
    """

    name: ClassVar[str]
    description: ClassVar[str]
    stream_bit_modules: ClassVar[Mapping[str, float]] = {
        # What three further streams add to a fixed 8 x 8 PE, a bit of its 8-bit operand.
        "fixed_8x8_4_streams": 1 / (3 * 8),
        "fixed_8x8": -1 / (3 * 8),
    }

    isolation: ClassVar[Isolation | None] = None
    by_values: ClassVar[bool] = False

    max_activation_bits: int = parameter(default=8, least=1, most=16)
    max_weight_bits: int = parameter(default=8, least=1, most=16)
    zero_gating: bool = switch(default=False)

    def problems(self) -> dict[str, str]:
        """Return what no such PE can be: the message by the key that is wrong."""
        if self.zero_gating and self.isolation is None:
            message = (
                f"value true: expected false where array.pe.kind is {self.name}: no such PE was "
                "synthesized that stands still at zeros."
            )
            return {"zero_gating": message}
        return {}

    def refusal(self, plan: Pass) -> str | None:
        """Return why a PE cannot take a pass, as the end of a sentence, or None; most take any."""
        return None

    def macs_and_cycles(self, activation_bits: int, weight_bits: int) -> tuple[int, int]:
        """Return (L, T): the PE does L MACs of one reduction side by side in T cycles (M5).

        The widths are a pass's own, 1 or more.
        """
        raise NotImplementedError

    @property
    def peak(self) -> tuple[int, int]:
        """Bit operations that it does at most, and in how many cycles (M27)."""
        widest = self.max_activation_bits, self.max_weight_bits
        macs, cycles = self.macs_and_cycles(*widest)
        return macs * math.prod(widest), cycles

    def term_bits(self, activation_bits: int, weight_bits: int) -> int:
        """Return the useful bit operations of one term, of PEs that go by values (M27, M58)."""
        raise NotImplementedError

    def laid_out(self, weights: Integers) -> Integers:
        """Return the weights of a lane group as `work` takes them, the same for all folds (M58).

        weights: (columns, steps, lanes). Lanes that a short step leaves empty hold zeros.
        """
        return weights

    def work(
        self, activations: Integers, weights: Integers, activation_bits: int, weight_bits: int
    ) -> FoldWork:
        """Return what folds take of such PEs, from the integers that they hold (M58).

        activations: (folds, rows, steps, lanes), zeros in lanes that a short step leaves empty.
        weights: what `laid_out` returned. The widths are those of the pass.
        """
        raise NotImplementedError

    def plain_cost(self, technology: Technology) -> LogicCost:
        """Return what one such PE costs that does not stand still at zeros.

        Raises InputError where the technology has no price.
        """
        raise NotImplementedError

    def plain_path_ns(self, technology: Technology) -> float:
        """Return its critical path in ns (M45). Raises InputError as `plain_cost` does.

        The selector of further operand streams is left out: it adds less than syntheses differ by.
        """
        raise NotImplementedError

    def cost(self, technology: Technology) -> LogicCost:
        """Return what one such PE costs. Raises InputError where the technology has no price."""
        plain = self.plain_cost(technology)
        isolation = self.isolation if self.zero_gating else None
        return isolation.cost(technology, plain) if isolation else plain

    def path_ns(self, technology: Technology) -> float:
        """Return the critical path of one such PE in ns. Raises InputError as `cost` does (M45)."""
        plain_ns = self.plain_path_ns(technology)
        isolation = self.isolation if self.zero_gating else None
        return isolation.path_ns(technology, plain_ns) if isolation else plain_ns

    def zero_share(self, technology: Technology, macs: int) -> float:
        """Return the energy of a MAC with a zero operand, over that of one without (M45).

        macs: that the PE does side by side. Raises InputError as `cost` does.
        """
        isolation = self.isolation if self.zero_gating else None
        return isolation.zero_share(technology, macs) if isolation else 1.0

    def turns(self, activation_bits: int, weight_bits: int) -> int:
        """Return the cycles that operands wider than a parallel PE take turns for."""
        return self.activation_turns(activation_bits) * self.weight_turns(weight_bits)

    def activation_turns(self, bits: int) -> int:
        """Return the turns in which activations of so many bits enter side by side."""
        return -(-bits // self.max_activation_bits)

    def weight_turns(self, bits: int) -> int:
        """Return the turns in which weights of so many bits enter side by side."""
        return -(-bits // self.max_weight_bits)
