"""A layer of a network without gates, as something multiplied in one forward tells it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor

Fields = dict[str, Any]


class PlainLayer(NamedTuple):
    """A layer that is multiplied in, or one of several that an operator multiplies in.

    Attributes
    ----------
    part : str
        Which of several it is, such as ``scores``; empty for the only one.
    fields_of : callable
        Returns its manifest fields, without name and widths, given how many images it was of; None
        where no layer describes it, such as a product of half an image.
    operands : tuple of Tensor
        Whose makers it reads.
    reads : tuple of str
        The parts whose outputs it reads.
    """

    part: str
    fields_of: Callable[[int], Fields | None]
    operands: tuple[Tensor, ...]
    reads: tuple[str, ...] = ()


def linear(inputs: int, outputs: int, positions: int, groups: int = 1) -> Fields:
    """Return the fields of a linear layer, from the inputs and outputs of one group."""
    return {
        "op": "linear",
        "in_channels": groups * inputs,
        "out_channels": groups * outputs,
        "positions": positions,
        "groups": groups,
    }


def matmul(inputs: int, outputs: int, positions: int, groups: int = 1) -> Fields:
    """Return a product whose second operand is another for each image, matrix by matrix."""
    return {**linear(inputs, outputs, positions, groups), "op": "matmul"}
