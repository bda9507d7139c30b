"""Published networks by name: their true geometries, ready for synthetic masks.

Layer names are those of the usual PyTorch implementations. In all of them the first convolution and
the last linear layer keep 8-bit operands and are not gated, as is common for quantized networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pgsim.errors import InputError, nearest
from pgsim.workload.layer import LayerShape, layer_shape

Widths = dict[str, Any]  # activation_bits, msb_bits, weight_bits and gate of some layers

_EDGE: Widths = {"activation_bits": 8, "weight_bits": 8, "gate": "none"}


def network(
    name: str, *, activation_bits: int = 4, msb_bits: int = 2, weight_bits: int = 8
) -> tuple[LayerShape, ...]:
    """Return the layers of a published network in order, its gated layers at the given bit widths.

    - `resnet20`: CIFAR-10, 3 x 32 x 32 (He et al., CVPR 2016, section 4.2), shortcuts without
      weights (option A); all 18 convolutions of the blocks are gated.
    - `resnet18`: ImageNet, 3 x 224 x 224 (He et al., CVPR 2016, table 1). The 3 x 3 convolutions of
      the blocks are gated. The three 1 x 1 shortcut convolutions, 1 % of the MACs, run ungated at
      `activation_bits`: their outputs are added to a sum before any ReLU could hide a coarse value.
    - `shufflenetv2_0.5x`: ImageNet (Ma et al., ECCV 2018, table 5). All pointwise and depthwise
      convolutions behind the first are gated; those that follow a depthwise one, which has no
      ReLU, take signed activations.
    - `lstm_300`: a language model of one LSTM layer of 300 cells on embeddings of 300, 35 time
      steps, and a vocabulary of 10000 (the Penn Treebank's); its input and hidden products are
      gated apart, and take signed activations.

    Parameters
    ----------
    name : str
        One of those above.
    activation_bits, msb_bits, weight_bits : int
        Of the gated layers, and of ungated ones but the first and the last.

    Returns
    -------
    tuple of LayerShape
        All layers that multiply.

    Raises
    ------
    InputError
        For an unknown name, with the nearest known one, and for impossible widths.

    Examples
    --------
    >>> [layer.name for layer in network("lstm_300")]
    ['lstm.input', 'lstm.hidden', 'decoder']
    """
    if name not in _BUILDERS:
        raise InputError(
            f"no network is named {name!r} (known: {', '.join(NETWORKS)}).{nearest(name, NETWORKS)}"
        )
    gated: Widths = {
        "activation_bits": activation_bits,
        "msb_bits": msb_bits,
        "weight_bits": weight_bits,
        "gate": "output",
    }
    return tuple(layer_shape(fields, name) for fields in _BUILDERS[name](gated))


def _conv(
    name: str, channels: tuple[int, int], size: int, kernel: int, widths: Widths, **others: Any
) -> dict[str, Any]:
    """Return a square convolution whose padding keeps the size at stride 1."""
    geometry: dict[str, Any] = {
        "name": name,
        "op": "conv2d",
        "in_channels": channels[0],
        "out_channels": channels[1],
        "in_size": [size, size],
        "kernel": [kernel, kernel],
        "padding": [kernel // 2, kernel // 2],
    }
    return geometry | widths | others


def _linear(name: str, channels: tuple[int, int], positions: int, widths: Widths) -> dict[str, Any]:
    return {
        "name": name,
        "op": "linear",
        "in_channels": channels[0],
        "out_channels": channels[1],
        "positions": positions,
        **widths,
    }


def _resnet20(gated: Widths) -> Iterator[dict[str, Any]]:
    yield _conv("conv1", (3, 16), 32, 3, _EDGE)
    inputs, size, last = 16, 32, "conv1"
    for stage, outputs in enumerate((16, 32, 64), start=1):
        for block in range(3):
            stride = 2 if outputs != inputs else 1
            prefix = f"layer{stage}.{block}"
            first, second = f"{prefix}.conv1", f"{prefix}.conv2"
            channels, strides = (inputs, outputs), [stride, stride]
            yield _conv(first, channels, size, 3, gated, stride=strides, inputs=[last])
            size //= stride
            yield _conv(second, (outputs, outputs), size, 3, gated, inputs=[first, last])
            inputs, last = outputs, second
    yield _linear("linear", (64, 10), 1, _EDGE)


def _resnet18(gated: Widths) -> Iterator[dict[str, Any]]:
    shortcut = {**gated, "gate": "none", "msb_bits": None}
    yield _conv("conv1", (3, 64), 224, 7, _EDGE, stride=[2, 2])
    inputs, size, last = 64, 56, "conv1"  # behind the 3 x 3 max pooling of stride 2
    for stage, outputs in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            stride = 2 if outputs != inputs else 1
            prefix = f"layer{stage}.{block}"
            first, second = f"{prefix}.conv1", f"{prefix}.conv2"
            channels, strides, small = (inputs, outputs), [stride, stride], size // stride
            yield _conv(first, channels, size, 3, gated, stride=strides, inputs=[last])
            reads = [first, last] if stride == 1 else [first]
            yield _conv(second, (outputs, outputs), small, 3, gated, inputs=reads)
            if stride == 2:  # its outputs are added to those of the convolution before it
                name, reads = f"{prefix}.downsample.0", [last, second]
                yield _conv(name, channels, size, 1, shortcut, stride=strides, inputs=reads)
            inputs, size, last = outputs, small, second if stride == 1 else name
    yield _linear("fc", (512, 1000), 1, _EDGE)


def _shufflenetv2_half(gated: Widths) -> Iterator[dict[str, Any]]:
    yield _conv("conv1.0", (3, 24), 224, 3, _EDGE, stride=[2, 2])
    inputs, size = 24, 56  # behind the 3 x 3 max pooling of stride 2
    joined = ["conv1.0"]  # the layers whose outputs are channels of the map
    for stage, (outputs, units) in enumerate(((48, 4), (96, 8), (192, 4)), start=2):
        for unit in range(units):
            prefix, stride = f"stage{stage}.{unit}", 2 if unit == 0 else 1
            if stride == 2:
                yield from _shuffle_branch1(prefix, (inputs, outputs // 2), size, joined, gated)
            branch2 = (inputs if stride == 2 else outputs // 2, outputs // 2)
            yield from _shuffle_branch2(prefix, branch2, size, stride, joined, gated)
            passed = [f"{prefix}.branch1.2"] if stride == 2 else joined
            joined = [*passed, f"{prefix}.branch2.5"]
            inputs, size = outputs, size // stride
    yield _conv("conv5.0", (192, 1024), 7, 1, gated, inputs=joined)
    yield _linear("fc", (1024, 1000), 1, _EDGE)


def _shuffle_branch1(
    prefix: str, channels: tuple[int, int], size: int, joined: list[str], gated: Widths
) -> Iterator[dict[str, Any]]:
    """Yield what a unit of stride 2 has in place of the half that passes others by."""
    inputs, half = channels
    name, depthwise = f"{prefix}.branch1", {**gated, "stride": [2, 2], "groups": inputs}
    yield _conv(f"{name}.0", (inputs, inputs), size, 3, depthwise, inputs=joined)
    yield _conv(f"{name}.2", (inputs, half), size // 2, 1, {**gated, "signed": True})


def _shuffle_branch2(
    prefix: str, channels: tuple[int, int], size: int, stride: int, joined: list[str], gated: Widths
) -> Iterator[dict[str, Any]]:
    """Yield the branch that every unit has: pointwise, depthwise, pointwise."""
    half, small = channels[1], size // stride
    name, depthwise = f"{prefix}.branch2", {**gated, "stride": [stride, stride], "groups": half}
    yield _conv(f"{name}.0", channels, size, 1, gated, inputs=joined)
    yield _conv(f"{name}.3", (half, half), size, 3, depthwise)
    yield _conv(f"{name}.5", (half, half), small, 1, {**gated, "signed": True})


def _lstm_300(gated: Widths) -> Iterator[dict[str, Any]]:
    signed = {**gated, "signed": True}
    yield _linear("lstm.input", (300, 4 * 300), 35, signed)
    yield {
        "name": "lstm.hidden",
        "op": "recurrent",
        "in_channels": 300,
        "out_channels": 4 * 300,
        "time_steps": 35,
        **signed,
    }
    yield _linear("decoder", (300, 10_000), 35, {**_EDGE, "signed": True})


_BUILDERS: dict[str, Callable[[Widths], Iterator[dict[str, Any]]]] = {
    "resnet20": _resnet20,
    "resnet18": _resnet18,
    "shufflenetv2_0.5x": _shufflenetv2_half,
    "lstm_300": _lstm_300,
}
NETWORKS = tuple(_BUILDERS)
