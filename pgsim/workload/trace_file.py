"""The trace file: gate masks in the safetensors layout, with a JSON manifest in its metadata.

A file is 8 bytes of header length, a JSON header, and the tensors one after the other. Reading
leaves the tensors on disk, memory-mapped; writing streams them. Beside the manifest the metadata
has the SHA-256 of the manifest's text and of each tensor, which only `changes` verifies.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from itertools import accumulate, chain, pairwise
from math import prod
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from safetensors import SafetensorError, safe_open

from pgsim.errors import InputError, nearest
from pgsim.files import replacing
from pgsim.workload.layer import LayerShape, layer_shapes
from pgsim.workload.layer_trace import WORD, LayerTrace, Words, words_of
from pgsim.workload.problems import describe
from pgsim.workload.trace_paths import shard_paths

Shape = tuple[int, ...]

FORMAT_VERSION = 1
_MANIFEST, _DIGESTS = "pgsim", "pgsim_sha256"  # keys of the safetensors metadata
_MASK = ".gate_mask"


class Manifest(BaseModel):
    """What a trace file says about itself; `layers` are checked one by one, by `layer_shape`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)

    format_version: Literal[1]
    model: str
    dataset: str
    mask_source: Literal["captured", "synthetic"]
    images: int = Field(ge=1, le=2**40)
    accuracy: dict[str, float]
    provenance: dict[str, Any]
    layers: list[dict[str, Any]] = Field(min_length=1)


class Shard(NamedTuple):
    """One file's content: masks by layer name, uint64 (images, channels, words)."""

    manifest: Manifest
    layers: tuple[LayerShape, ...]
    masks: dict[str, Words]


def check_manifest(fields: object, where: str) -> Manifest:
    """Return the Manifest of parsed JSON; raises InputError that begins with `where`."""
    if not isinstance(fields, dict):
        raise InputError(f"{where}: the pgsim manifest should be a JSON object")
    version = fields.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise InputError(
            f"{where}: written in trace format version {version}; "
            f"this pgsim reads version {FORMAT_VERSION}; upgrade pgsim"
        )
    try:
        return Manifest.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{where}: manifest: {describe(error, Manifest.model_fields)}") from None


def read_shard(path: Path) -> Shard:
    """Return one file's manifest, layers, and masks as read-only views of the mapped file.

    The header is checked, the data are not touched. Raises InputError naming the file, the layer
    where there is one, and what was expected.
    """
    metadata, tensors = _read_header(path)
    if _MANIFEST not in metadata:
        raise InputError(
            f"{path}: no pgsim trace: its safetensors metadata has no key {_MANIFEST!r}"
        )
    try:
        fields = from_json(metadata[_MANIFEST])
    except ValueError as error:
        raise InputError(f"{path}: the pgsim manifest is not JSON: {error}") from None
    manifest = check_manifest(fields, str(path))
    layers = layer_shapes(manifest.layers, str(path))
    _check_tensors(path, manifest.images, layers, tensors)
    return Shard(manifest, layers, _map_masks(path, tensors))


def _read_header(path: Path) -> tuple[dict[str, str], dict[str, tuple[str, Shape]]]:
    """Return the metadata, and dtype and shape by tensor name, in the order of the data."""
    if not path.is_file():
        raise InputError(f"{path}: {'a folder, not' if path.is_dir() else 'not'} a trace file")
    try:
        with safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.offset_keys()}
            tensors = {
                name: (str(part.get_dtype()), tuple(part.get_shape()))
                for name, part in slices.items()
            }
            return file.metadata() or {}, tensors
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"{path}: not a readable safetensors file, perhaps cut short: {error}"
        ) from None


def _check_tensors(
    path: Path,
    images: int,
    layers: Sequence[LayerShape],
    tensors: Mapping[str, tuple[str, Shape]],
) -> None:
    expected = _tensor_shapes(images, layers)
    for name, shape in expected.items():
        where = f"{path}: layer {name.removesuffix(_MASK)!r}"
        if name not in tensors:
            raise InputError(
                f"{where}: tensor {name!r} is missing.{nearest(name, tensors.keys() - expected)}"
            )
        if tensors[name] != ("U8", shape):
            found = f"{tensors[name][0]} {list(tensors[name][1])}"
            raise InputError(
                f"{where}: tensor {name!r} should be U8 {list(shape)} (images, channels, bytes), "
                f"is {found}"
            )
    if extra := sorted(tensors.keys() - expected):
        raise InputError(
            f"{path}: tensor {extra[0]!r} is of no gated layer in the manifest."
            f"{nearest(extra[0], expected)}"
        )


def _map_masks(path: Path, tensors: Mapping[str, tuple[str, Shape]]) -> dict[str, Words]:
    # safe_open has checked that the tensors fill the data without gaps, so sizes give the offsets.
    try:
        file = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be mapped: {error}") from None
    begin = 8 + int.from_bytes(file[:8].tobytes(), "little")
    masks: dict[str, Words] = {}
    for name, (_, shape) in tensors.items():
        end = begin + prod(shape)
        words = file[begin:end].view(WORD).reshape(*shape[:2], shape[2] // 8)
        masks[name.removesuffix(_MASK)] = words if words.flags.aligned else _read_only(words.copy())
        begin = end
    return masks


def _read_only(words: Words) -> Words:
    words.flags.writeable = False
    return words


def write_shards(
    path: Path,
    manifests: Sequence[Manifest],
    layers: Sequence[LayerTrace],
    spans: Sequence[tuple[int, int]],
) -> tuple[Path, ...]:
    """Write one file per manifest, none before all are complete, and return their paths.

    `spans` are the first image and the end of each file. The masks are read twice, for their
    digests and to be written. Raises InputError where a file cannot be written.
    """
    paths = shard_paths(path, len(manifests))
    with ExitStack() as stack:
        for target, manifest, span in zip(paths, manifests, spans, strict=True):
            text = _manifest_text(target, manifest)
            shapes = _tensor_shapes(manifest.images, [layer.shape for layer in layers])
            header = _header(text, _digests(text, layers, *span), shapes)
            temporary = stack.enter_context(replacing(target))
            try:
                with temporary.open("wb") as file:
                    file.write(header)
                    for data in chain.from_iterable(layer.stored(*span) for layer in layers):
                        file.write(data)
            except OSError as error:
                raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    return paths


def _manifest_text(path: Path, manifest: Manifest) -> str:
    try:
        text = json.dumps(manifest.model_dump(), allow_nan=False, ensure_ascii=False)
        text.encode()  # half of a surrogate pair is JSON, but no text
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: the provenance cannot be written as JSON: {error}") from None
    return text


def _header(text: str, digests: Mapping[str, str], shapes: Mapping[str, Shape]) -> bytes:
    """Return the safetensors header with its length, a multiple of 8 so that words lie aligned."""
    metadata = {_MANIFEST: text, _DIGESTS: json.dumps(digests, ensure_ascii=False)}
    ends = list(accumulate(map(prod, shapes.values()), initial=0))
    tensors = {
        name: {"dtype": "U8", "shape": shape, "data_offsets": offsets}
        for (name, shape), offsets in zip(shapes.items(), pairwise(ends), strict=True)
    }
    encoded = json.dumps({"__metadata__": metadata} | tensors, ensure_ascii=False).encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded


def _tensor_shapes(images: int, layers: Iterable[LayerShape]) -> dict[str, Shape]:
    return {
        layer.name + _MASK: (images, layer.mask_channels, 8 * words_of(layer.mask_positions))
        for layer in layers
        if layer.gate != "none"
    }


def _digests(
    text: str, layers: Iterable[LayerTrace], start: int = 0, stop: int | None = None
) -> dict[str, str]:
    """Return the SHA-256 of a manifest's text and of every tensor of those images, by name."""
    digests = {"manifest": sha256(text.encode()).hexdigest()}
    for layer in layers:
        if layer.shards:
            digest = sha256()
            for data in layer.stored(start, stop):
                digest.update(data)
            digests[layer.shape.name + _MASK] = digest.hexdigest()
    return digests


def changes(path: Path) -> list[str]:
    """Return which parts of a file are not as they were written, by the digests in its metadata.

    Reads all masks; a file without digests has no changes that could be seen. Raises InputError as
    `read_shard` does.
    """
    metadata, _ = _read_header(path)
    shard = read_shard(path)
    if _DIGESTS not in metadata:
        return []
    try:
        written = from_json(metadata[_DIGESTS])
    except ValueError:
        written = None
    if not isinstance(written, dict):
        return [f"{path}: changed after it was written: metadata {_DIGESTS!r} is no JSON object"]
    layers = [
        LayerTrace(each, (shard.masks[each.name],))
        for each in shard.layers
        if each.name in shard.masks
    ]
    return [
        f"{path}: {_part(name)} changed after the file was written: the SHA-256 is not that of "
        "the metadata"
        for name, digest in _digests(metadata[_MANIFEST], layers).items()
        if written.get(name) != digest
    ]


def _part(name: str) -> str:
    layer = name.removesuffix(_MASK)
    return "the manifest was" if layer == name else f"layer {layer!r}: the masks were"
