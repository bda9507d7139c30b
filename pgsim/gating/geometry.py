"""The geometry of a layer from what it ran on, against how many images there were."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from torch import nn
from torch.nn.modules.conv import _ConvNd

from pgsim.errors import InputError
from pgsim.gating.forwards import plain_name
from pgsim.gating.modules import Gate
from pgsim.workload.gates import GATE_KINDS
from pgsim.workload.layer import LayerShape, layer_shape
from pgsim.workload.ops import OPS
from pgsim.workload.phases import transposed

Axes = tuple[int, ...]


class Calls(NamedTuple):
    """The input shapes of one layer in one batch, one a call, and the images of that batch."""

    images: int
    inputs: list[Axes]


class Described(NamedTuple):
    """The layers that a module runs as: one, or the phases of a transposed convolution (M50).

    macs: of one image, as PyTorch counts them; a phase also counts those on padding.
    """

    shapes: tuple[LayerShape, ...]
    macs: int


def described(name: str, layer: nn.Module, gate: Gate, calls: Calls) -> Described:
    """Return the geometry (M1) and the widths of a layer that ran in a batch.

    A layer without a gate may have images folded with tokens, regions or frames, in any order: all
    positions count. Of a gated one the first axis is the images, because each mask is of one.
    Raises InputError naming the layer where pgsim cannot describe it.
    """
    if not name:
        raise InputError(
            "the model is itself a layer, which has no name: put it into a Sequential."
        )
    if len(calls.inputs) > 1 and not gate.recurrent:
        raise InputError(
            f"layer {plain_name(name)!r} ran twice in one batch: give each place its own."
        )
    widths: dict[str, object] = {
        "name": plain_name(name),
        "activation_bits": gate.activation_bits,
        "msb_bits": gate.msb_bits,
        "weight_bits": gate.weight_bits,
        "gate": "none" if gate.msb_bits is None else gate.gates,
        "signed": gate.signed,
    }
    for axes in calls.inputs:
        _check_images(plain_name(name), gate, axes, calls.images)
    if gate.recurrent:
        return _one(layer_shape(widths | _over_time(plain_name(name), layer, calls)))
    if isinstance(layer, nn.Linear):
        return _one(layer_shape(widths | _positions(layer, calls)))
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        return _one(_frames(widths | _convolution(layer), calls))
    if isinstance(layer, nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d):
        return _phases(widths | _convolution(layer), layer, calls)
    raise InputError(
        f"layer {plain_name(name)!r} is a {type(layer).__name__}: geometry is read from an "
        "nn.Conv1d to nn.Conv3d, an nn.ConvTranspose1d to nn.ConvTranspose3d or an nn.Linear, so "
        "derive it from one of them."
    )


def _one(shape: LayerShape) -> Described:
    return Described((shape,), shape.macs)


def _check_images(name: str, gate: Gate, axes: Axes, images: int) -> None:
    """Raise InputError where an input cannot hold so many images."""
    ran = f"layer {name!r} ran on {_shown(axes)} for a batch of {images} images"
    if (gate.msb_bits is not None or gate.recurrent) and axes[:1] != (images,):
        raise InputError(
            f"{ran}: expected the images, {images}, on its first axis. Where that has tokens or "
            "frames, alone or folded with the images, nobody can tell which mask is whose: give "
            "the layer (images, tokens, features) or (images, channels, height, width)."
        )
    if prod(axes[:-1]) % images:
        raise InputError(
            f"{ran}: that is no whole number of positions an image, so it is not the same work for "
            "every image. Give the layer all tokens of all images, or compute what no image "
            "changes beforehand."
        )


def _shown(axes: Axes) -> str:
    return str(list(axes))


def _over_time(name: str, layer: nn.Module, calls: Calls) -> dict[str, object]:
    """Return the geometry of a recurrent layer, which ran once a time step."""
    if not isinstance(layer, nn.Linear) or set(map(len, calls.inputs)) != {2}:
        raise InputError(
            f"layer {name!r} is a {type(layer).__name__} that ran on {_shown(calls.inputs[0])}: a "
            "recurrent layer is an nn.Linear that runs on (images, in_features) at each step."
        )
    return {
        "op": "recurrent",
        "in_channels": layer.in_features,
        "out_channels": layer.out_features,
        "time_steps": len(calls.inputs),
    }


def _positions(layer: nn.Linear, calls: Calls) -> dict[str, object]:
    """Return the geometry of a linear layer: all axes but the last are images and positions."""
    (axes,) = calls.inputs
    return {
        "op": "linear",
        "in_channels": layer.in_features,
        "out_channels": layer.out_features,
        "positions": prod(axes[:-1]) // calls.images,
    }


def _convolution(layer: _ConvNd) -> dict[str, object]:
    """Return the geometry of a convolution of any dimension, or of one that is transposed."""
    return {
        "op": f"conv{'_transpose' if layer.transposed else ''}{len(layer.kernel_size)}d",
        "in_channels": layer.in_channels,
        "out_channels": layer.out_channels,
        "kernel": layer.kernel_size,
        "stride": layer.stride,
        "padding": (0, 0) if layer.padding == "valid" else layer.padding,
        "dilation": layer.dilation,
        "groups": layer.groups,
    }


def _phases(fields: dict[str, object], layer: _ConvNd, calls: Calls) -> Described:
    """Return what a transposed convolution of one image each runs as."""
    (axes,) = calls.inputs
    if GATE_KINDS[str(fields["gate"])].masked:
        raise InputError(
            f"layer {fields['name']!r} is a {type(layer).__name__}: it runs as several layers, one "
            "for each phase of its outputs, so that its mask is of none of them. Let it have no "
            "gate (msb_bits=None)."
        )
    if len(axes) != 2 + len(layer.kernel_size) or axes[0] != calls.images:
        raise InputError(
            f"layer {fields['name']!r} ran on {_shown(axes)} for a batch of {calls.images} images: "
            "expected the images on its first axis, then channels and pixels."
        )
    geometry = {"in_size": axes[2:], "output_padding": layer.output_padding}
    pairs = layer.in_channels * layer.out_channels // layer.groups
    return Described(
        transposed(fields | geometry), prod(axes[2:]) * prod(layer.kernel_size) * pairs
    )


def _frames(fields: dict[str, object], calls: Calls) -> LayerShape:
    """Return the shape of a convolution of one frame an image, or of several.

    A trace has one input a layer, so that several frames lie there one below the other. Where that
    has another number of outputs than they have alone, it is refused.
    """
    (axes,) = calls.inputs
    where = f"layer {fields['name']!r} ran on {_shown(axes)} for a batch of {calls.images} images"
    names = OPS[str(fields["op"])].axes
    if len(axes) != 2 + len(names):
        raise InputError(f"{where}: expected (images, channels, {', '.join(names)}).")
    frames = axes[0] // calls.images
    if axes[0] % calls.images or not frames:
        raise InputError(
            f"{where}: expected the images, or whole frames of them, on its first axis."
        )
    first, *others = axes[2:]
    one = layer_shape(fields | {"in_size": (first, *others)})
    if frames == 1:
        return one
    stacked = layer_shape(fields | {"in_size": (frames * first, *others)})
    if stacked.outputs_per_channel != frames * one.outputs_per_channel:
        raise InputError(
            f"{where}: of {frames} frames an image a trace has one below the other, which with "
            f"this kernel, stride and padding gives {stacked.out_size[0]} rows instead of {frames} "
            f"x {one.out_size[0]}. Let each frame be an image of the batch."
        )
    return stacked
