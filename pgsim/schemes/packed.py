"""`packed:A,W`: fewer bits in memory, and nothing else (Klhufek et al., DDECS 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from pgsim.schemes.passes import Pass, Passes, whole
from pgsim.schemes.scheme import Scheme, numbers_in
from pgsim.workload import LayerTrace

WORD_BITS = 16  # of memory, into which whole elements are packed


@dataclass(frozen=True)
class Packed(Scheme):
    """Every layer's elements of so many bits, as many in a memory word as fit whole.

    It is meant for fixed PEs, which gain nothing from fewer bits: words, bursts and room are all
    that changes. Source: MODEL.md M56.
    """

    activation_bits: int
    weight_bits: int

    example = "packed:5,5"
    signatures: ClassVar[Mapping[str, str]] = {
        "packed:A,W": f"A and W bits, whole elements in memory words of {WORD_BITS} bits"
    }

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for."""
        return f"packed:{self.activation_bits},{self.weight_bits}"

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme of ``packed:A,W``, 1 to 16 bits each."""
        bits = numbers_in(name, "packed", (2,))
        return None if bits is None else cls(*bits)

    def passes(self, layer: LayerTrace) -> Passes:
        """Return one pass, over operands of the bits that they take in memory."""
        activations, weights = map(packed_bits, (self.activation_bits, self.weight_bits))
        return (Pass(whole(activations), whole(weights)),)

    def weight_bits_of(self, layer: LayerTrace) -> int:
        """Return the bits that are asked for, however many they take in memory."""
        return self.weight_bits


def packed_bits(bits: int) -> int:
    """Return the whole bits of a word that each of the elements takes that fit into it.

    Examples
    --------
    >>> [packed_bits(bits) for bits in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
    [1, 2, 3, 4, 5, 8, 8, 8, 16]
    """
    return WORD_BITS // (WORD_BITS // bits)
