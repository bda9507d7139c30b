"""The operands file: a few images' integer operands of the gated layers of a captured trace.

In the safetensors layout: for each gated layer the tensors `<layer>.activations`,
`<layer>.weights` and `<layer>.thresholds`, and in the metadata a JSON manifest that names the
trace, the SHA-256 of its file, the images, and the layers as the trace's manifest has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from pgsim.errors import InputError, nearest
from pgsim.files import check_folder, replacing, shipped
from pgsim.workload.layer import LayerShape, describe, layer_shapes
from pgsim.workload.operands import (
    THRESHOLD_DTYPE,
    Integers,
    LayerOperands,
    Operands,
    operand_dtype,
)

SUFFIX = ".operands.safetensors"
_MANIFEST = "pgsim_operands"  # key of the safetensors metadata
_PARTS = ("activations", "weights", "thresholds")


class Manifest(BaseModel):
    """What an operands file says about itself; `layers` are checked by `layer_shapes`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    format_version: Literal[1]
    trace: str
    trace_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    first_image: int = Field(ge=0)
    images: int = Field(ge=1)
    layers: list[dict[str, Any]] = Field(min_length=1)


class _Expected(NamedTuple):
    """What a tensor should be: its dtype, its size and what the axes are, the range of values."""

    dtype: np.dtype[Any]
    size: tuple[int, ...]
    axes: str
    lowest: int
    highest: int


def load_operands(name_or_path: str | Path) -> Operands:
    """Return the operands in a file, or those shipped with the trace of that name.

    Raises InputError naming the file, the layer, the tensor and what was expected.
    """
    path = shipped("traces", name_or_path, SUFFIX)
    metadata, tensors = _read(path)
    if _MANIFEST not in metadata:
        raise InputError(
            f"{path}: no operands file: its safetensors metadata has no key {_MANIFEST!r}"
        )
    try:
        fields = from_json(metadata[_MANIFEST])
    except ValueError as error:
        raise InputError(f"{path}: the manifest is not JSON: {error}") from None
    manifest, shapes = _check(fields, tensors, str(path))
    layers = tuple(
        LayerOperands(shape, *(tensors[f"{shape.name}.{part}"] for part in _PARTS))
        for shape in shapes
    )
    return Operands(manifest.trace, manifest.trace_sha256, manifest.first_image, layers)


def save_operands(operands: Operands, path: str | Path) -> Path:
    """Write operands as one file and return its path, which ends in `.operands.safetensors`.

    The suffix is appended where it is missing; the same operands give the same bytes. Raises
    InputError where `load_operands` would refuse the file, or where none can be written.
    """
    path = Path(path)
    target = path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)
    fields = {
        "format_version": 1,
        "trace": operands.trace,
        "trace_sha256": operands.trace_sha256,
        "first_image": operands.first_image,
        "images": operands.images,
        "layers": [layer.shape.manifest() for layer in operands.layers],
    }
    tensors = {
        f"{layer.shape.name}.{part}": np.ascontiguousarray(getattr(layer, part))
        for layer in operands.layers
        for part in _PARTS
    }
    _check(fields, tensors, str(target))
    with replacing(check_folder(target)) as temporary:
        try:
            save_file(tensors, temporary, {_MANIFEST: json.dumps(fields, ensure_ascii=False)})
        except (SafetensorError, OSError) as error:
            raise InputError(f"{target}: cannot be written: {error}") from None
    return target


def _read(path: Path) -> tuple[dict[str, str], dict[str, Integers]]:
    """Return a file's metadata, and its tensors by name."""
    try:
        with safe_open(path, framework="numpy") as file:
            tensors = {name: file.get_tensor(name) for name in file.offset_keys()}
            return file.metadata() or {}, tensors
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        # The last two: numpy has no such dtype.
        raise InputError(f"{path}: not a readable operands file: {error}") from None


def _check(
    fields: object, tensors: Mapping[str, Integers], where: str
) -> tuple[Manifest, tuple[LayerShape, ...]]:
    """Return the manifest and the layers of a file; raises InputError that begins with `where`."""
    try:
        manifest = Manifest.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{where}: manifest: {describe(error, Manifest.model_fields)}") from None
    shapes = layer_shapes(manifest.layers, where)
    for shape in shapes:
        if not shape.gated:
            raise InputError(
                f"{where}: layer {shape.name!r}: gate is {shape.gate!r}, expected 'output': "
                "only layers whose outputs are gated have operands"
            )
    _check_tensors(manifest.images, shapes, tensors, where)
    return manifest, shapes


def _check_tensors(
    images: int, shapes: Sequence[LayerShape], tensors: Mapping[str, Integers], where: str
) -> None:
    names = {f"{shape.name}.{part}" for shape in shapes for part in _PARTS}
    extra = sorted(tensors.keys() - names)
    for shape in shapes:
        for part, expected in _expected(shape, images).items():
            name = f"{shape.name}.{part}"
            about = f"{where}: layer {shape.name!r}: tensor {name!r}"
            if name not in tensors:
                raise InputError(f"{about} is missing.{nearest(name, extra)}")
            _check_tensor(tensors[name], expected, about)
    if extra:
        raise InputError(
            f"{where}: tensor {extra[0]!r} is of no layer in the manifest."
            f"{nearest(extra[0], names)}"
        )


def _check_tensor(tensor: Integers, expected: _Expected, about: str) -> None:
    dtype, size, axes, lowest, highest = expected
    if (tensor.dtype, tensor.shape) != (dtype, size):
        raise InputError(
            f"{about} should be {dtype} {list(size)} {axes}, is {tensor.dtype} {list(tensor.shape)}"
        )
    found = int(tensor.min()), int(tensor.max())
    if found[0] < lowest or found[1] > highest:
        raise InputError(
            f"{about} should hold integers from {lowest} to {highest}, "
            f"holds {found[0]} to {found[1]}"
        )


def _expected(shape: LayerShape, images: int) -> dict[str, _Expected]:
    """Return what the tensors of a layer should be, by the names of `_PARTS`."""
    in_size = shape.in_size or shape.out_size  # positions and time steps are one column (M1)
    inputs = (images, shape.in_channels, *in_size)
    kernels = (shape.out_channels, shape.in_channels_per_group, *shape.kernel)
    return {
        "activations": _Expected(
            operand_dtype(shape.activation_bits, shape.signed),
            inputs,
            "(images, in channels, height, width)",
            *_range(shape.activation_bits, shape.signed),
        ),
        "weights": _Expected(
            operand_dtype(shape.weight_bits, signed=True),
            kernels,
            "(out channels, in channels / groups, kernel height, kernel width)",
            *_range(shape.weight_bits, signed=True),
        ),
        "thresholds": _Expected(
            THRESHOLD_DTYPE,
            (shape.out_channels,),
            "(out channels)",
            *_range(8 * THRESHOLD_DTYPE.itemsize, signed=True),
        ),
    }


def _range(bits: int, signed: bool) -> tuple[int, int]:
    """Return the lowest and the highest integer of `bits` bits, in two's complement if signed."""
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
