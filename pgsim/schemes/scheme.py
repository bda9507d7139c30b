"""What every scheme is: the rule that turns layers into their passes (MODEL.md M3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar, Self

from pgsim.errors import InputError
from pgsim.schemes.operands import Operand
from pgsim.schemes.passes import WIDEST_BITS, Pass, Passes, Plane, whole
from pgsim.workload import LayerShape, LayerTrace


class Scheme:
    """A rule from a layer to its passes; a scheme of your own is a subclass with `passes`.

    One whose passes depend on a layer's place in the network has `network` too.

    Attributes
    ----------
    signatures : mapping of str to str
        How the scheme is written, with what it does, a line each; A and W stand for bits.
    example : str
        One name that is a scheme of this kind, and by default the scheme's own.
    networks : tuple of str
        What manifests call a network that runs so, as in `top1_full`: the most fitting first.

    Notes
    -----
    Source: MODEL.md M3.

    Examples
    --------
    >>> from pgsim import simulate
    >>> class Binary(Scheme):
    ...     example = "binary"
    ...     def passes(self, layer):
    ...         return (Pass(whole(1), whole(1)),)
    >>> result = simulate("digits_pg_4_2", "pg_ws", Binary())
    >>> result.scheme, result.summary["mac_average_bits"]
    ('binary', 1.0)
    """

    signatures: ClassVar[Mapping[str, str]] = {}
    example: ClassVar[str]

    @property
    def networks(self) -> tuple[str, ...]:
        """What manifests call a network that runs so, by default nothing (M48)."""
        return ()

    @property
    def name(self) -> str:
        """The name by which this scheme is asked for, and which tables show."""
        return self.example

    @classmethod
    def parsed(cls, name: str) -> Self | None:
        """Return the scheme that a name stands for, or None if it is not one of this kind.

        Parameters
        ----------
        name : str
            As a person writes it.

        Returns
        -------
        Scheme or None
            Of this class.

        Raises
        ------
        InputError
            For a name of this kind whose numbers no operand has.
        """
        return cls() if name == cls.example else None

    def passes(self, layer: LayerTrace) -> Passes:
        """Return the layer's passes, first to last.

        Parameters
        ----------
        layer : LayerTrace
            Its geometry, widths and masks.

        Returns
        -------
        tuple of Pass
            At least one, and the first without a gate.

        Raises
        ------
        InputError
            Where the layer's gate or bits do not allow this scheme.
        """
        raise NotImplementedError

    def weight_bits_of(self, layer: LayerTrace) -> int:
        """Return the bits of the weights whose planes the passes of a layer take.

        Parameters
        ----------
        layer : LayerTrace
            As `passes` takes it.

        Returns
        -------
        int
            By default the layer's own. Others are other weights, of a network of other bits.
        """
        return layer.shape.weight_bits

    def network(self, layers: Sequence[LayerTrace]) -> Mapping[str, Passes]:
        """Return the passes of the layers of a network, by their names.

        Parameters
        ----------
        layers : sequence of LayerTrace
            All of them, in the network's order.

        Returns
        -------
        mapping of str to tuple of Pass
            By default each layer's own `passes`. A layer that is not there is skipped whole (M56).

        Raises
        ------
        InputError
            As `passes` does.
        """
        return {layer.shape.name: self.passes(layer) for layer in layers}


def numbers_in(
    name: str, prefix: str, counts: Collection[int], of: str = "bits"
) -> tuple[int, ...] | None:
    """Return the numbers in the name of a scheme, ``prefix:A,W``; None for another name.

    counts: how many there may be. of: what they number. Raises InputError for one that no operand
    has.

    Examples
    --------
    >>> numbers_in("top:4,8", "top", (1, 2)), numbers_in("top:4,8", "top", (1,))
    ((4, 8), None)
    """
    found = re.fullmatch(rf"{prefix}:(\d+(?:,\d+)*)", name)
    numbers = tuple(map(int, found[1].split(","))) if found else ()
    if len(numbers) not in counts:
        return None
    if not all(1 <= each <= WIDEST_BITS for each in numbers):
        raise InputError(f"scheme {name!r}: expected 1 to {WIDEST_BITS} {of}")
    return numbers


def inner_layers(layers: Sequence[LayerTrace]) -> Sequence[LayerTrace]:
    """Return the layers but the first and the last, which networks of few bits leave wide."""
    return layers[1:-1]


def top(bits: int, of: int) -> Plane:
    """Return the most significant bits of an operand, all of them if it has no more."""
    own = min(bits, of)
    return Plane(of - own, own)


def zero_weight_planes(shape: LayerShape) -> frozenset[int]:
    """Return the bits that are zero in every weight of a layer, as its `zeros` have them."""
    bits = range(shape.weight_bits)
    return frozenset(bit for bit in bits if shape.zero_fraction("weight", bit, 1) == 1)


def whole_pass(layer: LayerTrace) -> Pass:
    """Return the pass over all bits of both operands of a layer."""
    return Pass(whole(layer.shape.activation_bits), whole(layer.shape.weight_bits))


def split(layer: LayerTrace) -> tuple[Pass, Pass]:
    """Return the dense passes over the MSBs and over the LSBs of a layer with a gate."""
    shape = layer.shape
    weights = whole(shape.weight_bits)
    msbs, lsbs = Plane(shape.lsb_bits, shape.msb_bits), Plane(0, shape.lsb_bits)
    return Pass(msbs, weights), Pass(lsbs, weights)


def cut_at(
    layer: LayerTrace, scheme: str, operand: Operand, upper_bits: int
) -> tuple[Plane, Plane]:
    """Return the planes of so many upper bits of an operand of a layer, and of all others.

    Raises InputError where one of them would have no bits.
    """
    bits = operand.width(layer.shape)
    if not 1 <= upper_bits < bits:
        most = f"expected 1 to {bits - 1}" if bits > 1 else "a single bit cannot be split"
        raise InputError(
            f"layer {layer.shape.name!r} has {bits} {operand.name} bits, of which scheme "
            f"{scheme!r} takes {upper_bits} first: {most}"
        )
    lower_bits = bits - upper_bits
    return Plane(lower_bits, upper_bits), Plane(0, lower_bits)
