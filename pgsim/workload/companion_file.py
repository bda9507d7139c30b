"""Companion files: what a trace's masks came from, for a few images, beside the trace.

`NAME.KIND.safetensors` stands beside the trace `NAME.safetensors`: tensors `<layer>.<part>` for
each layer whose outputs are gated, and in the metadata, under `pgsim_KIND`, a JSON manifest that
names the trace, the SHA-256 of its file, the images, and the layers' sizes, widths and gates as the
trace's manifest has them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pgsim.errors import InputError, nearest
from pgsim.files import check_new_file, shipped
from pgsim.workload.gates import GATED_OUTPUTS, GateKind
from pgsim.workload.layer import LayerShape
from pgsim.workload.layers import layer_shapes
from pgsim.workload.manifest import MOST_IMAGES, MOST_LAYERS, Label
from pgsim.workload.operands import Integers
from pgsim.workload.problems import WHOLE, describe, short
from pgsim.workload.strict_json import parse_json
from pgsim.workload.tensor_file import map_tensors
from pgsim.workload.trace_paths import check_name, find_trace
from pgsim.writing import replacing


class Manifest(BaseModel):
    """What any companion file says about itself; `layers` are checked by `layer_shapes`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    format_version: Annotated[Literal[1], WHOLE]
    trace: Label
    trace_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    first_image: int = Field(ge=0, le=MOST_IMAGES)
    images: int = Field(ge=1, le=MOST_IMAGES)
    layers: list[dict[str, Any]] = Field(min_length=1, max_length=MOST_LAYERS)


_Manifest = TypeVar("_Manifest", bound=Manifest)


class Expected(NamedTuple):
    """What a tensor should be: its dtype, its size and what the axes are, the range of values."""

    dtype: np.dtype[Any]
    size: tuple[int, ...]
    axes: str
    lowest: int
    highest: int


@dataclass(frozen=True)
class Companion(Generic[_Manifest]):
    """A kind of companion file: its manifest, and what tensors a layer has over so many images.

    `gates` are the kinds of gate that a layer in it has.
    """

    kind: str
    manifest: type[_Manifest]
    tensors_of: Callable[[LayerShape, int], dict[str, Expected]]
    gates: tuple[GateKind, ...] = (GATED_OUTPUTS,)

    @property
    def suffix(self) -> str:
        """How a file of this kind ends."""
        return f".{self.kind}.safetensors"

    @property
    def key(self) -> str:
        """Where the manifest is in the safetensors metadata."""
        return f"pgsim_{self.kind}"


class Content(NamedTuple, Generic[_Manifest]):
    """What a companion file holds: `tensors` by the names `<layer>.<part>`."""

    manifest: _Manifest
    shapes: tuple[LayerShape, ...]
    tensors: dict[str, Integers]


def companion_path(companion: Companion[_Manifest], trace: str | Path) -> Path:
    """Return where the companion of a trace is, which is given as `load_trace` takes it.

    The file need not be there. Raises InputError where the trace is not.
    """
    name, paths = find_trace(trace)
    return paths[0].parent / f"{name}{companion.suffix}"  # of the root, too, which has no name


def load_companion(companion: Companion[_Manifest], name_or_path: str | Path) -> Content[_Manifest]:
    """Return what is in a companion file, given by path or by the name of a shipped trace.

    Raises InputError naming the file, the layer, the tensor and what was expected.
    """
    path = shipped("traces", name_or_path, companion.suffix)
    metadata, tensors = _read(path, companion.kind)
    if companion.key not in metadata:
        raise InputError(
            f"{path}: no {companion.kind} file: "
            f"its safetensors metadata has no key {companion.key!r}"
        )
    fields = parse_json(metadata[companion.key], f"{path}: the manifest")
    manifest, shapes = _check(companion, fields, tensors, str(path))
    return Content(manifest, shapes, tensors)


def save_companion(
    companion: Companion[_Manifest],
    fields: Mapping[str, object],
    tensors: Mapping[str, Integers],
    path: str | Path,
) -> Path:
    """Write a manifest's fields and tensors as one file and return its path, suffix included.

    The suffix is appended where it is missing; the same content gives the same bytes. Raises
    InputError where `load_companion` would refuse the file, or where none can be written.
    """
    check_name(path, companion.kind)
    path, suffix = Path(path), companion.suffix
    target = path if path.name.endswith(suffix) else path.with_name(path.name + suffix)
    _check(companion, dict(fields), tensors, str(target))
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    with replacing(check_new_file(target)) as temporary:
        try:
            text = json.dumps(fields, ensure_ascii=False)
            temporary.write_bytes(save(contiguous, {companion.key: text}))
        except (SafetensorError, OSError) as error:
            raise InputError(f"{target}: cannot be written: {error}") from None
    return target


def _read(path: Path, kind: str) -> tuple[dict[str, str], dict[str, Integers]]:
    """Return a file's metadata, and its tensors by name."""
    metadata = map_tensors(path, kind).metadata
    try:
        with safe_open(path, framework="numpy") as file:
            return metadata, {name: file.get_tensor(name) for name in file.offset_keys()}
    except (SafetensorError, OSError, ValueError, TypeError, AttributeError) as error:
        # The last two: numpy has no such dtype.
        raise InputError(f"{path}: not a readable {kind} file: {error}") from None


def _check(
    companion: Companion[_Manifest], fields: object, tensors: Mapping[str, Integers], where: str
) -> tuple[_Manifest, tuple[LayerShape, ...]]:
    """Return the manifest and the layers of a file; raises InputError that begins with `where`."""
    try:
        manifest = companion.manifest.model_validate(fields)
    except ValidationError as error:
        valid = companion.manifest.model_fields
        raise InputError(f"{where}: manifest: {describe(error, valid)}") from None
    shapes = layer_shapes(manifest.layers, where)
    for shape in shapes:
        if shape.gate_kind not in companion.gates:
            expected_gates = " or ".join(repr(each.name) for each in companion.gates)
            raise InputError(
                f"{where}: layer {shape.name!r}: gate is {shape.gate!r}, expected "
                f"{expected_gates}: no other layers have {companion.kind}"
            )
    expected = {shape.name: companion.tensors_of(shape, manifest.images) for shape in shapes}
    _check_tensors(expected, tensors, where)
    return manifest, shapes


def _check_tensors(
    expected: Mapping[str, Mapping[str, Expected]], tensors: Mapping[str, Integers], where: str
) -> None:
    names = {f"{layer}.{part}" for layer, parts in expected.items() for part in parts}
    extra = sorted(tensors.keys() - names)
    for layer, parts in expected.items():
        for part, each in parts.items():
            name = f"{layer}.{part}"
            about = f"{where}: layer {layer!r}: tensor {name!r}"
            if name not in tensors:
                raise InputError(f"{about} is missing.{nearest(name, extra)}")
            _check_tensor(tensors[name], each, about)
    if extra:
        raise InputError(
            f"{where}: tensor {short(extra[0])} is of no layer in the manifest."
            f"{nearest(extra[0], names)}"
        )


def _check_tensor(tensor: Integers, expected: Expected, about: str) -> None:
    dtype, size, axes, lowest, highest = expected
    if (tensor.dtype, tensor.shape) != (dtype, size):
        raise InputError(
            f"{about} should be {dtype} {list(size)} {axes}, is {tensor.dtype} "
            f"{short(list(tensor.shape))}"
        )
    if not tensor.size:
        return
    found = int(tensor.min()), int(tensor.max())
    if found[0] < lowest or found[1] > highest:
        raise InputError(
            f"{about} should hold integers from {lowest} to {highest}, "
            f"holds {found[0]} to {found[1]}"
        )
