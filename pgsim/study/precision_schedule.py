"""Precisions that rise again and again while a network trains (CPT; MODEL.md M57)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pgsim.errors import InputError
from pgsim.schemes.passes import WIDEST_BITS

PRODUCTS = ("forward", "error", "gradient")
_MOST_ITERATIONS = 10**7


@dataclass(frozen=True)
class CyclicPrecision:
    """Bits of weights and activations that rise from `lowest` to `highest`, again and again.

    Parameters
    ----------
    lowest, highest : int
        The least and the most bits of a cycle, 1 to 16.
    gradient_bits : int
        Bits of errors and of gradients, which stay.
    cycles : int
        How often the bits rise in all; CPT takes 32.
    iterations : int
        Of the whole training; CPT takes 64,000 for CIFAR, a batch each.

    Examples
    --------
    >>> schedule = CyclicPrecision(3, 8, 8)
    >>> schedule.bits(0), schedule.bits(600), schedule.bits(1999)
    (3, 4, 8)
    """

    lowest: int
    highest: int
    gradient_bits: int
    cycles: int = 32
    iterations: int = 64_000

    def __post_init__(self) -> None:
        if not 1 <= self.lowest <= self.highest <= WIDEST_BITS:
            raise InputError(
                f"bits from {self.lowest} to {self.highest}: expected 1 to {WIDEST_BITS}, the "
                "lowest first"
            )
        if not 1 <= self.gradient_bits <= WIDEST_BITS:
            raise InputError(f"gradient_bits {self.gradient_bits}: expected 1 to {WIDEST_BITS}")
        if not 1 <= self.cycles <= self.iterations <= _MOST_ITERATIONS:
            raise InputError(
                f"{self.cycles} cycles in {self.iterations} iterations: expected as many "
                f"iterations as cycles at least, and {_MOST_ITERATIONS:,} at most"
            )

    @property
    def name(self) -> str:
        """The schedule as its paper writes it: ``3-8/8``."""
        return f"{self.lowest}-{self.highest}/{self.gradient_bits}"

    @property
    def period(self) -> int:
        """Iterations of a cycle; those after the last whole one begin another."""
        return self.iterations // self.cycles

    def bits(self, iteration: int) -> int:
        """Return the bits of weights and activations in an iteration.

        Parameters
        ----------
        iteration : int
            Counted from 0.

        Returns
        -------
        int
            From the lowest to the highest.

        Notes
        -----
        Source: MODEL.md M57; CPT, equation 1.
        """
        turn = math.pi * (iteration % self.period) / self.period
        return round(self.lowest + (self.highest - self.lowest) * (1 - math.cos(turn)) / 2)

    @cached_property
    def counts(self) -> Mapping[int, int]:
        """How many iterations there are at each width, the narrowest first."""
        whole, rest = divmod(self.iterations, self.period)
        found: Counter[int] = Counter()
        for place in range(self.period):
            found[self.bits(place)] += whole + (place < rest)
        return dict(sorted(found.items()))

    def products(self, bits: int) -> dict[str, tuple[int, int]]:
        """Return the bits of both operands of the three products, the streamed one first.

        Errors stand in the place of activations in the error product, and in that of weights in the
        gradient product.

        Parameters
        ----------
        bits : int
            Of weights and activations.

        Returns
        -------
        dict of str to pair of int
            By product: forward, error, gradient.
        """
        errors = self.gradient_bits
        return dict(zip(PRODUCTS, ((bits, bits), (errors, bits), (bits, errors)), strict=True))


def bit_operations(schedule: CyclicPrecision, bits: int) -> int:
    """Return the bit operations of the three products at a width, of one MAC of each.

    Examples
    --------
    >>> bit_operations(CyclicPrecision(3, 8, 8), 8)
    192
    """
    return sum(math.prod(pair) for pair in schedule.products(bits).values())


def saved_bit_operations(schedule: CyclicPrecision) -> float:
    """Return the part of the bit operations that a schedule saves against its highest bits.

    Parameters
    ----------
    schedule : CyclicPrecision
        The bits of each iteration.

    Returns
    -------
    float
        From 0 to 1; the three products of training have equally many MACs.

    Notes
    -----
    Source: MODEL.md M57.

    Examples
    --------
    >>> round(100 * saved_bit_operations(CyclicPrecision(3, 8, 8)), 2)
    36.67
    """
    spent = sum(times * bit_operations(schedule, bits) for bits, times in schedule.counts.items())
    return 1 - spent / (schedule.iterations * bit_operations(schedule, schedule.highest))
