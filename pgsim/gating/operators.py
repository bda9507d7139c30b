"""Which layers an operator of PyTorch multiplies in, from the shapes that it is called with.

The first of two matrices holds activations, the second weights: of the products of attention, which
have two activations, the second is taken as weights that are each image's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

Parts = dict[str, dict[str, Any]]
"""Fields of layers that an operator multiplies in, by what the layer is of it; `""` for all."""

_ATTENTION = re.compile(r"^aten::_scaled_dot_product_\w*attention")


def layers_of(
    operator: str, module: nn.Module, args: Sequence[Any], kwargs: Mapping[str, Any], images: int
) -> Parts:
    """Return the layers of an operator, as manifest fields without names and widths.

    Parameters
    ----------
    operator : str
        Such as ``aten::addmm``.
    module : nn.Module
        The one whose `forward` called it.
    args, kwargs : sequence, mapping
        What it was called with.
    images : int
        How many images it was of.

    Returns
    -------
    dict of str to fields
        Empty where no layer describes it, such as a product of half an image.
    """
    if _ATTENTION.match(operator):
        query, key, value = args[:3]
        return _attention(query, key, value, images)
    layers = _LAYERS.get(operator)
    return layers(module, args, images) if layers else {}


def _matrices(module: nn.Module, args: Sequence[Any], images: int) -> Parts:
    """Return a product of two matrices, the last two tensors that there are."""
    first, second = [each for each in args if isinstance(each, Tensor)][-2:]
    (rows, inputs), outputs = first.shape, second.shape[1]
    return {"": _linear(inputs, outputs, rows // images)} if rows and not rows % images else {}


def _batched(module: nn.Module, args: Sequence[Any], images: int) -> Parts:
    """Return a product of many pairs of matrices, each image's in groups."""
    first, second = [each for each in args if isinstance(each, Tensor)][-2:]
    (batch, rows, inputs), outputs = first.shape, second.shape[2]
    if not batch or not rows or batch % images:
        return {}
    make = _linear if _is_of_weights(second) else _matmul
    return {"": make(inputs, outputs, rows, groups=batch // images)}


def _attention(query: Tensor, key: Tensor, value: Tensor, images: int) -> Parts:
    """Return the products of attention: queries by keys, and what comes of them by values."""
    if query.dim() != 4 or len(query) != images or query.shape[:2] != key.shape[:2]:
        return {}
    heads, queries, width = query.shape[1:]
    keys, values = key.shape[2], value.shape[3]
    return {
        "scores": _matmul(width, keys, queries, groups=heads),
        "values": _matmul(keys, values, queries, groups=heads),
    }


def _linear(inputs: int, outputs: int, positions: int, groups: int = 1) -> dict[str, Any]:
    return {
        "op": "linear",
        "in_channels": groups * inputs,
        "out_channels": groups * outputs,
        "positions": positions,
        "groups": groups,
    }


def _matmul(inputs: int, outputs: int, positions: int, groups: int) -> dict[str, Any]:
    """Return a product whose second operand is another for each image, matrix by matrix."""
    return {**_linear(inputs, outputs, positions, groups), "op": "matmul"}


def _is_of_weights(matrix: Tensor) -> bool:
    """Return whether a matrix is a parameter of a module, or a view of one."""
    return any(isinstance(each, nn.Parameter) for each in (matrix, matrix._base))


def _convolution(module: nn.Module, args: Sequence[Any], images: int) -> Parts:
    """Return a convolution, transposed or not."""
    x, weight, _, stride, padding, dilation, transposed, output_padding, groups = args[:9]
    axes = x.dim() - 2
    if len(x) != images:
        return {}
    sizes, padding = list(x.shape[2:]), _each(padding, axes)
    if isinstance(module, _ConvNd) and (module.padding, module.padding_mode) == ("same", "zeros"):
        padding = _ends_of_same(module)
        # Zeros that only the end has are there before the operator is called.
        before, after = padding[::2], padding[1::2]
        sizes = [size + b - a for size, b, a in zip(sizes, before, after, strict=True)]
    fields = {
        "op": f"conv{'_transpose' if transposed else ''}{axes}d",
        "in_channels": x.shape[1],
        "out_channels": weight.shape[1] * groups if transposed else weight.shape[0],
        "in_size": sizes,
        "kernel": list(weight.shape[2:]),
        "stride": _each(stride, axes),
        "padding": padding,
        "dilation": _each(dilation, axes),
        "groups": groups,
    }
    return {"": fields | ({"output_padding": _each(output_padding, axes)} if transposed else {})}


def _ends_of_same(module: _ConvNd) -> list[int]:
    """Return the padding before and after each axis, which PyTorch has from the last axis on."""
    ends = module._reversed_padding_repeated_twice
    return [margin for axis in range(len(ends) - 2, -1, -2) for margin in ends[axis : axis + 2]]


def _each(numbers: Sequence[int], axes: int) -> list[int]:
    """Return a number for each axis; PyTorch takes one for all of them too."""
    return list(numbers) * (axes if len(numbers) == 1 else 1)


_LAYERS: dict[str, Callable[[nn.Module, Sequence[Any], int], Parts]] = {
    "aten::mm": _matrices,
    "aten::addmm": _matrices,
    "aten::bmm": _batched,
    "aten::baddbmm": _batched,
    "aten::convolution": _convolution,
}
