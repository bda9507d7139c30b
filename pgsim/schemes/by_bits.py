"""What schemes are that are asked for by their bits: `word:A,W`, or `word:A`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from pgsim.schemes.scheme import Scheme, numbers_in


@dataclass(frozen=True)
class ByBits(Scheme):
    """A scheme of so many bits of activations and of weights, whose own stay where None is said.

    word: what its name begins with.
    """

    word: ClassVar[str]

    activation_bits: int
    weight_bits: int | None = None

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for."""
        weights = "" if self.weight_bits is None else f",{self.weight_bits}"
        return f"{self.word}:{self.activation_bits}{weights}"

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme of ``word:A,W`` or ``word:A``, 1 to 16 bits each."""
        bits = numbers_in(name, cls.word, (1, 2))
        return None if bits is None else cls(*bits)
