"""Which layers an operator of PyTorch multiplies in, from the shapes that it is called with.

The first of two matrices holds activations, the second weights, or the other way round. Of two that
hold activations, as in attention, the second is taken as weights that are each image's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from pgsim.gating.plain_layer import Fields, PlainLayer, linear, matmul
from pgsim.gating.products import factors_of

IsActivation = Callable[[Tensor], bool]
Make = Callable[..., Fields]

_ATTENTION = re.compile(r"^aten::_scaled_dot_product_\w*attention")
_MOST_AXES = 3  # of a convolution


def layers_of(
    operator: str, module: nn.Module, args: Sequence[Any], is_activation: IsActivation
) -> tuple[PlainLayer, ...]:
    """Return the layers of an operator.

    Parameters
    ----------
    operator : str
        Such as ``aten::addmm``.
    module : nn.Module
        The one whose `forward` called it.
    args : sequence
        What it was called with.
    is_activation : callable
        Whether a tensor was computed from the images, and not from weights alone.

    Returns
    -------
    tuple of PlainLayer
        Empty where none describes it.
    """
    if _ATTENTION.match(operator):
        return _attention(*args[:3])
    if operator == "aten::convolution":
        bare = [_bare(each) if isinstance(each, Tensor) else each for each in args]
        return (PlainLayer("", partial(_convolution, module, bare), (args[0],)),)
    if operator not in _OF_MATRICES:
        return ()
    factors = factors_of(operator, args)
    activations = tuple(each for each in factors if is_activation(each))
    first, second = map(_matrix, factors, (0, 1))
    if (
        len(activations) == 1 and activations[0] is factors[1]
    ):  # weights on the left: transposed they are on the right
        first, second = second.mT, first.mT
    make = matmul if len(activations) > 1 else linear
    fields_of = partial(_OF_MATRICES[operator], first, second, make)
    return (PlainLayer("", fields_of, activations),)


def _bare(tensor: Tensor) -> Tensor:
    """Return a tensor without its numbers, which so are not kept until the model ran."""
    return torch.empty_strided(tensor.shape, tensor.stride(), device="meta")


def _matrix(factor: Tensor, axis: int) -> Tensor:
    """Return the sizes of a factor: a vector is a row, or behind another factor a column."""
    return _bare(factor if factor.dim() > 1 else factor.unsqueeze(axis))


def _matrices(first: Tensor, second: Tensor, make: Make, images: int) -> Fields | None:
    """Return a product of two matrices; of two activations it is of one image."""
    (rows, inputs), outputs = first.shape, second.shape[1]
    if not rows or rows % images or (make is matmul and images > 1):
        return None
    return make(inputs, outputs, rows // images)


def _batched(first: Tensor, second: Tensor, make: Make, images: int) -> Fields | None:
    """Return a product of many pairs of matrices, each image's in groups.

    By weights the images may also lie in the rows, as they do where each head has its own. Where
    all pairs have the same weights, there are no groups.
    """
    (pairs, rows, inputs), outputs = first.shape, second.shape[2]
    if not pairs or not rows:
        return None
    if make is linear and not second.stride(0):
        return None if pairs * rows % images else make(inputs, outputs, pairs * rows // images)
    in_rows = pairs % images or first.stride(1) > first.stride(0)
    if make is linear and in_rows and not rows % images:
        return make(inputs, outputs, rows // images, groups=pairs)
    return None if pairs % images else make(inputs, outputs, rows, groups=pairs // images)


def _attention(query: Tensor, key: Tensor, value: Tensor) -> tuple[PlainLayer, ...]:
    """Return the products of attention: queries by keys, and what comes of them by values.

    Several heads of queries may share one of keys.
    """
    if query.dim() != 4 or len(query) != len(key) or query.shape[1] % key.shape[1]:
        return ()
    batch, heads, queries, width = query.shape
    keys, values = key.shape[2], value.shape[3]

    def of_heads(inputs: int, outputs: int, images: int) -> Fields | None:
        whole = batch > 0 and not batch % images
        return matmul(inputs, outputs, queries, batch // images * heads) if whole else None

    return (
        PlainLayer("scores", partial(of_heads, width, keys), (query, key)),
        PlainLayer("values", partial(of_heads, keys, values), (value,), reads=("scores",)),
    )


def _convolution(module: nn.Module, args: Sequence[Any], images: int) -> Fields | None:
    """Return a convolution, transposed or not; frames of an image are an axis more."""
    x, weight, _, stride, padding, dilation, transposed, output_padding, groups = args[:9]
    axes, frames = x.dim() - 2, len(x) // images
    whole = [frames] if frames > 1 else []
    if not frames or len(x) % images or len(whole) + axes > _MOST_AXES:
        return None
    sizes, padding = list(x.shape[2:]), _each(padding, axes)
    if isinstance(module, _ConvNd) and (module.padding, module.padding_mode) == ("same", "zeros"):
        padding = _ends_of_same(module)
        # Zeros that only the end has are there before the operator is called.
        before, after = padding[::2], padding[1::2]
        sizes = [size + b - a for size, b, a in zip(sizes, before, after, strict=True)]
    one, none = [1] * len(whole), [0] * len(whole) * (len(padding) // axes)
    fields = {
        "op": f"conv{'_transpose' if transposed else ''}{len(whole) + axes}d",
        "in_channels": x.shape[1],
        "out_channels": weight.shape[1] * groups if transposed else weight.shape[0],
        "in_size": whole + sizes,
        "kernel": one + list(weight.shape[2:]),
        "stride": one + _each(stride, axes),
        "padding": none + padding,
        "dilation": one + _each(dilation, axes),
        "groups": groups,
    }
    if transposed:
        fields["output_padding"] = [0] * len(whole) + _each(output_padding, axes)
    return fields


def _ends_of_same(module: _ConvNd) -> list[int]:
    """Return the padding before and after each axis, which PyTorch has from the last axis on."""
    ends = module._reversed_padding_repeated_twice
    return [margin for axis in range(len(ends) - 2, -1, -2) for margin in ends[axis : axis + 2]]


def _each(numbers: Sequence[int], axes: int) -> list[int]:
    """Return a number for each axis; PyTorch takes one for all of them too."""
    return list(numbers) * (axes if len(numbers) == 1 else 1)


_OF_MATRICES: dict[str, Callable[[Tensor, Tensor, Make, int], Fields | None]] = {
    "aten::mm": _matrices,
    "aten::addmm": _matrices,
    "aten::_int_mm": _matrices,
    "aten::mv": _matrices,
    "aten::addmv": _matrices,
    "aten::dot": _matrices,
    "aten::bmm": _batched,
    "aten::baddbmm": _batched,
}
