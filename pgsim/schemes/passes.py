"""Passes: one sweep of a layer's arithmetic over a plane of activations and one of weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pgsim.errors import InputError
from pgsim.schemes.gates import Gate
from pgsim.workload import LayerTrace

WIDEST_BITS = 16  # of an operand


@dataclass(frozen=True)
class Plane:
    """A run of bits of an operand: `bits` of them, from bit `low` on (0 is the least significant).

    Source: MODEL.md M2.
    """

    low: int
    bits: int

    @property
    def word(self) -> int:
        """The plane as a word: its bits are 1, all others 0."""
        return (1 << self.bits) - 1 << self.low


@dataclass(frozen=True)
class Pass:
    """One sweep over one plane of activations and one of weights, for all outputs or some.

    gate: what says which outputs the pass computes, or which input pixels it takes; None for all
    of them. parts: the passes that an array of variable speed takes step by step in this one (M53);
    its planes are all of theirs. Source: MODEL.md M3.
    """

    activation: Plane
    weight: Plane
    gate: Gate | None = None
    parts: tuple[Pass, ...] = ()

    @property
    def activation_bits(self) -> int:
        """Bits of the plane of activations."""
        return self.activation.bits

    @property
    def weight_bits(self) -> int:
        """Bits of the plane of weights."""
        return self.weight.bits

    @property
    def gated(self) -> bool:
        """Whether a mask steers the pass."""
        return self.gate is not None

    @property
    def scheduled(self) -> bool:
        """Whether a scheduler chooses what the pass issues; else all slots stream by."""
        return self.gated and not self.parts

    @property
    def every_part(self) -> tuple[Pass, ...]:
        """The passes of a scheme that this one is, itself or several."""
        return self.parts or (self,)

    @property
    def always(self) -> tuple[Pass, ...]:
        """Those of its parts that every step takes."""
        return tuple(each for each in self.every_part if not each.gated)


Passes = tuple[Pass, ...]


def whole(bits: int) -> Plane:
    """Return the plane that is a whole operand of so many bits."""
    return Plane(0, bits)


def union_bits(planes: Iterable[Plane]) -> int:
    """Return how many bits of an operand are in any of these planes (M23)."""
    return union(planes).bit_count()


def union(planes: Iterable[Plane]) -> int:
    """Return the bits that are in any of these planes, as a word."""
    word = 0
    for plane in planes:
        word |= plane.word
    return word


def leading(passes: Passes) -> int:
    """Return how many passes come before the first that waits for a gate (M19).

    The last of them decides. All of them where none waits for the layer's sums.
    """
    waiting = (index for index, each in enumerate(passes) if each.gate and each.gate.waits_for_sums)
    return next(waiting, len(passes))


def check_passes(layer: LayerTrace, listed: Iterable[Pass], scheme: str) -> Passes:
    """Return a layer's passes, once no machine has a reason to refuse them.

    Raises InputError naming the layer, the scheme and what cannot be: no pass at all, a first pass
    that is gated, a plane of no bits or beyond an operand's 16, a gate that the layer has no mask
    for. Source: MODEL.md M3.
    """
    where = f"layer {layer.shape.name!r}: scheme {scheme!r}"
    passes = tuple(listed) if isinstance(listed, Iterable) else (listed,)
    for each in passes:
        if not isinstance(each, Pass):
            raise InputError(f"{where} gives {each!r}: expected passes, each a Pass")
    refusals = []
    if not passes:
        refusals.append("has no pass: expected one at least")
    elif passes[0].gated:
        refusals.append("gates its first pass: a gate decides about a sum, and there is none yet")
    for number, each in enumerate(passes, start=1):
        for operand, plane in (("activation", each.activation), ("weight", each.weight)):
            if not (plane.low >= 0 and 1 <= plane.bits <= WIDEST_BITS - plane.low):
                refusals.append(
                    f"pass {number} takes {plane.bits} {operand} bits from bit {plane.low} on: "
                    f"expected 1 bit or more, up to bit {WIDEST_BITS - 1}"
                )
        if each.gate is not None and (reason := each.gate.refusal(layer)):
            refusals.append(f"pass {number} {reason}")
    if refusals:
        raise InputError("\n".join(f"{where} {text}" for text in refusals))
    return passes
