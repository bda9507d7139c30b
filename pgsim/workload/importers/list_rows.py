"""What a row of a layer list means: `[input, weights, output, stride, padding, bits, kind]`.

Sizes are `[images, channels, height, width]`, of weights `[out, in, height, width]`; of fully
connected layers `[positions, features]` and `[out, in]`. `kind` is 0 for a convolution and 1 for a
fully connected layer, and one number of bits is of both operands. ANT's `create_net` asserts that
every output has the size that follows from the rest, and so does this.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any, NamedTuple

from pgsim.errors import InputError
from pgsim.workload.importers.source import Row
from pgsim.workload.problems import short

ListRow = Sequence[Any]

_CONVOLUTION, _CONNECTED = 0, 1
_SAME, _VALID = "SAME", "VALID"
_FIELDS = 7
_ROW = "[input, weights, output, stride, padding, bits, kind]"
_LARGEST_SIZE = 2**24  # as of all layers
_MOST_SIZES = 6  # that one operand has


class _Layer(NamedTuple):
    """A row in parts, its bits apart: one of both operands, or of activations and weights."""

    where: str
    name: str
    input: list[int]
    weights: list[int]
    output: list[int]
    stride: object
    padding: object
    bits: tuple[int, int]
    kind: int


def is_row(value: object) -> bool:
    """Say whether a value is a row: lists of numbers first, after a name where there is one."""
    if not isinstance(value, list | tuple):
        return False
    first = value[1:4] if value and isinstance(value[0], str) else value[:3]
    return len(first) == 3 and all(
        isinstance(sizes, list | tuple)
        and sizes
        and not any(isinstance(each, list | tuple) for each in sizes)
        for sizes in first
    )


def layers_of(rows: Sequence[ListRow], where: str) -> Iterator[Row]:
    """Yield the layers of a list; `where` begins each message.

    Images that convolutions take at once are those of all layers: a layer is of one image.
    """
    layers = [_layer(row, number, where) for number, row in enumerate(rows)]
    images = {layer.input[0] for layer in layers if layer.kind == _CONVOLUTION}
    if len(images) > 1:
        raise InputError(
            f"{where}convolutions of {', '.join(map(str, sorted(images)))} images: expected one "
            "number in all rows"
        )
    for layer in layers:
        if layer.kind == _CONVOLUTION:
            yield Row(layer.where, _convolution(layer))
        else:
            yield Row(layer.where, _connected(layer, max(images, default=1)))


def _layer(row: ListRow, number: int, where: str) -> _Layer:
    """Return a row's parts, each of its type."""
    about = f"{where}row {number}"
    if not is_row(row):
        raise InputError(f"{about}: expected {_ROW}, not {short(row)}")
    items = list(row)
    names = [items.pop(at) for at in (0, -1) if isinstance(items[at], str)]
    if len(items) < _FIELDS:
        raise InputError(f"{about}: {len(items)} fields, expected {_FIELDS}: {_ROW}")
    input_size, weights, output, stride, padding, *bits, kind = items
    if type(kind) is not int or kind not in (_CONVOLUTION, _CONNECTED):
        raise InputError(
            f"{about}: kind {short(kind)}: expected 0 for a convolution, 1 for a fully connected "
            "layer"
        )
    return _Layer(
        about,
        names[0] if names else f"{'fc' if kind else 'conv'}{number}",
        _sizes(input_size, about, "input"),
        _sizes(weights, about, "weights"),
        _sizes(output, about, "output"),
        stride,
        padding,
        _bits(bits, about),
        kind,
    )


def _convolution(layer: _Layer) -> dict[str, object]:
    if not len(layer.input) == len(layer.weights) == len(layer.output) == 4:
        raise InputError(
            f"{layer.where}: a convolution has 4 sizes of input, weights and output each, not "
            f"{len(layer.input)}, {len(layer.weights)} and {len(layer.output)}"
        )
    images, channels, *in_size = layer.input
    filters, depth, *kernel = layer.weights
    if channels % depth or filters % (groups := channels // depth):
        raise InputError(
            f"{layer.where}: weights {layer.weights} do not go with {channels} input channels: "
            "expected as many in their second size, or a part of them that makes groups"
        )
    stride = _pair(layer.stride, layer.where, "stride", 1)
    padding = _padding(layer, kernel)
    sizes = zip(in_size, kernel, stride, padding, strict=True)
    pixels = [(size - side + 2 * margin) // step + 1 for size, side, step, margin in sizes]
    if layer.output != [images, filters, *pixels]:
        raise _other_output(layer, [images, filters, *pixels])
    return {
        "name": layer.name,
        "op": "conv2d",
        "in_channels": channels,
        "out_channels": filters,
        "in_size": in_size,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "groups": groups,
        **_widths(layer),
    }


def _connected(layer: _Layer, images: int) -> dict[str, object]:
    filters, features, *ones = layer.weights if len(layer.weights) > 1 else [0, 0, 0]
    if set(ones) - {1}:
        raise InputError(
            f"{layer.where}: a fully connected layer has weights [out, in], not {layer.weights}"
        )
    # Features are the last size, or all but the first where a map is read at once.
    before = next((layer.input[:at] for at in (-1, 1) if prod(layer.input[at:]) == features), None)
    if before is None:
        raise InputError(
            f"{layer.where}: input {layer.input} does not have the {features} features that "
            f"weights {layer.weights} take"
        )
    positions = prod(before)
    if (prod(layer.output[:-1]), layer.output[-1]) != (positions, filters):
        raise _other_output(layer, [*before, filters])
    if positions % images:
        raise InputError(
            f"{layer.where}: {positions} positions are no multiple of the {images} images that "
            "the convolutions take at once"
        )
    return {
        "name": layer.name,
        "op": "linear",
        "in_channels": features,
        "out_channels": filters,
        "positions": positions // images,
        **_widths(layer),
    }


def _other_output(layer: _Layer, expected: list[int]) -> InputError:
    return InputError(
        f"{layer.where}: layer {layer.name!r}: output {layer.output}, but its input, weights, "
        f"stride and padding give {expected}"
    )


def _widths(layer: _Layer) -> dict[str, object]:
    activation_bits, weight_bits = layer.bits
    return {"activation_bits": activation_bits, "weight_bits": weight_bits}


def _bits(given: Sequence[object], where: str) -> tuple[int, int]:
    """Return the bits of activations and of weights; a third number is of outputs, and not read."""
    flat = [
        each for item in given for each in (item if isinstance(item, list | tuple) else (item,))
    ]
    numbers = [each for each in flat if type(each) is int and each >= 1]
    if not 1 <= len(flat) <= 3 or len(numbers) < len(flat):
        raise InputError(
            f"{where}: bits {short(given[0] if len(given) == 1 else list(given))}: expected one "
            "whole number, or those of activations and of weights"
        )
    return numbers[0], numbers[1 if len(numbers) > 1 else 0]


def _sizes(given: object, where: str, what: str) -> list[int]:
    sizes = list(given) if isinstance(given, list | tuple) else []
    whole = all(type(size) is int and 0 < size <= _LARGEST_SIZE for size in sizes)
    if not whole or not 1 <= len(sizes) <= _MOST_SIZES:
        raise InputError(f"{where}: {what} {short(given)}: expected a list of whole numbers")
    return sizes


def _padding(layer: _Layer, kernel: Sequence[int]) -> list[int]:
    """Return the padding of rows and columns; a word stands for it as in Bit Fusion's graphs."""
    if layer.padding in (_SAME, _VALID):
        return [side // 2 if layer.padding == _SAME else 0 for side in kernel]
    return _pair(layer.padding, layer.where, "padding", 0)


def _pair(given: object, where: str, what: str, nothing: int) -> list[int]:
    """Return what is given of rows and columns: a pair, one number of both, or nothing."""
    items = list(given) if isinstance(given, list | tuple) else [given]
    items = [nothing] if items in ([], [None]) else items
    numbers = [each for each in items if type(each) is int and each >= nothing]
    if len(numbers) < len(items) or len(items) > 2:
        raise InputError(f"{where}: {what} {short(given)}: expected a pair of whole numbers")
    return [numbers[0], numbers[-1]]
