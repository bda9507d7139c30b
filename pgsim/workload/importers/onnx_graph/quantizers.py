"""What the quantizers of a graph say of its tensors: bits, and whether there is a sign.

QONNX has operators with bits of their own; ONNX has QuantizeLinear, whose bits are those of the
integers that it gives, narrower where a Clip follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pgsim.workload.problems import short

Numbers = Mapping[str, tuple[float, ...]]


class Precision(NamedTuple):
    """Bits of a tensor's values, and whether they are in two's complement."""

    bits: int
    signed: bool


# Of integers that quantizers give; those of indices are wider, and say nothing.
INTEGERS: Mapping[str, Precision] = {
    f"{sign}INT{bits}": Precision(bits, not sign) for sign in ("", "U") for bits in (2, 4, 8, 16)
}
QONNX = ("Quant", "IntQuant", "BipolarQuant", "Trunc")  # each gives what it reads, but coarser
# What gives some of the values that it reads, and no others.
_MOVES = {"Concat", "DepthToSpace", "Expand", "Flatten", "Identity", "Pad", "Reshape", "Slice"}
_MOVES |= {"SpaceToDepth", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze"}
_PICKS = {"Clip", "Gather", "GatherElements", "GatherND", "GlobalMaxPool", "MaxPool", "Relu"}
_RETYPES = {"Cast", "DequantizeLinear", "Dropout"}
_CARRIERS = _MOVES | _PICKS | _RETYPES
_MOST_BITS = 64


class UnknownBits(ValueError):
    """Why the bits that a quantizer gives cannot be told, in words."""


def qonnx_precision(
    op: str, inputs: tuple[str, ...], attributes: Mapping[str, object], numbers: Numbers
) -> Precision:
    """Return what an operator of QONNX gives; raises UnknownBits where that is no whole number."""
    if op == "BipolarQuant":
        return Precision(1, True)
    name = inputs[-1] if op == "Trunc" else inputs[3] if len(inputs) > 3 else ""
    widths = numbers.get(name, ())
    if not widths:
        raise UnknownBits(
            f"its bit width, {short(name)}, is no constant" if name else "it has no bit width"
        )
    for width in widths:
        if not 1 <= width <= _MOST_BITS or width != int(width):
            raise UnknownBits(
                f"bit width {width:g}: expected a whole number from 1 to {_MOST_BITS}"
            )
    return Precision(int(max(widths)), bool(attributes.get("signed", 1)))


def carried(
    op: str, inputs: tuple[str, ...], known: Mapping[str, Precision], numbers: Numbers
) -> Precision | None:
    """Return the precision of what an operator gives, where it is that of what it reads."""
    if op not in _CARRIERS or not inputs:
        return None
    read = [known.get(each) for each in (inputs if op == "Concat" else inputs[:1])]
    found = [each for each in read if each is not None]
    if len(found) < len(read):
        return None
    precision = Precision(max(each.bits for each in found), any(each.signed for each in found))
    return _clipped(precision, inputs, numbers) if op == "Clip" else precision


def _clipped(precision: Precision, inputs: tuple[str, ...], numbers: Numbers) -> Precision:
    """Return the fewest bits that hold the integers between two bounds.

    >>> _clipped(Precision(8, True), ("x", "low", "high"), {"low": (-8.0,), "high": (7.0,)})
    Precision(bits=4, signed=True)
    """
    low, high = (numbers.get(each, ()) for each in (*inputs, "", "")[1:3])
    bounds = [*low[:1], *high[:1]]
    if len(bounds) < 2 or any(bound != bound // 1 for bound in bounds):
        return precision
    least, most = (int(bound) for bound in bounds)
    if least >= 0:
        return Precision(min(precision.bits, max(1, most.bit_length())), False)
    needed = 1 + max((-least - 1).bit_length(), most.bit_length())
    return Precision(min(precision.bits, needed), True)
