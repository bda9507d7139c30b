"""The trace file: gate masks in the safetensors layout, with a JSON manifest in its metadata.

A file is 8 bytes of header length, a JSON header, and the tensors one after the other. Reading
leaves the tensors on disk, memory-mapped; writing streams them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from safetensors import SafetensorError, safe_open

from pgsim.errors import InputError, nearest
from pgsim.files import replacing, shipped
from pgsim.workload.layer import LayerShape, describe, layer_shape
from pgsim.workload.masks import WORD, Words, words_of

Shape = tuple[int, ...]

SUFFIX = ".safetensors"
FORMAT_VERSION = 1
_MASK = ".gate_mask"
_SHARD = re.compile(r"(?P<stem>.+)-[0-9]{5}-of-(?P<total>[0-9]{5})" + re.escape(SUFFIX))


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


def unique_layers(layers: Iterable[LayerShape], where: str) -> tuple[LayerShape, ...]:
    """Return the layers as a tuple; raises InputError where two share a name."""
    by_name: dict[str, LayerShape] = {}
    for number, layer in enumerate(layers, start=1):
        if layer.name in by_name:
            raise InputError(f"{where}: layer {layer.name!r} appears again as layer {number}")
        by_name[layer.name] = layer
    return tuple(by_name.values())


def read_shard(path: Path) -> Shard:
    """Return one file's manifest, layers, and masks as read-only views of the mapped file.

    The header is checked, the data are not touched. Raises InputError naming the file, the layer
    where there is one, and what was expected.
    """
    metadata, tensors = _read_header(path)
    if "pgsim" not in metadata:
        raise InputError(f"{path}: no pgsim trace: its safetensors metadata has no key 'pgsim'")
    try:
        fields = from_json(metadata["pgsim"])
    except ValueError as error:
        raise InputError(f"{path}: the pgsim manifest is not JSON: {error}") from None
    manifest = check_manifest(fields, str(path))
    layers = unique_layers((layer_shape(each, str(path)) for each in manifest.layers), str(path))
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
    expected = {
        layer.name + _MASK: _mask_shape(images, layer) for layer in layers if layer.gate != "none"
    }
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
    layers: Sequence[LayerShape],
    masks: Sequence[Mapping[str, Iterator[Words]]],
) -> tuple[Path, ...]:
    """Write one file per manifest, none before all are complete, and return their paths.

    `masks` has for each file, by name of gated layer, its words (images, channels, words) in pieces
    along the images. Raises InputError where a file cannot be written.
    """
    paths = shard_paths(path, len(manifests))
    with ExitStack() as stack:
        for target, manifest, pieces in zip(paths, manifests, masks, strict=True):
            temporary = stack.enter_context(replacing(target))
            header = _header(target, manifest, layers)
            try:
                with temporary.open("wb") as file:
                    file.write(header)
                    for words in chain.from_iterable(pieces.values()):
                        file.write(np.ascontiguousarray(words, dtype=WORD).data)
            except OSError as error:
                raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    return paths


def _header(path: Path, manifest: Manifest, layers: Sequence[LayerShape]) -> bytes:
    """Return the safetensors header with its length, a multiple of 8 so that words lie aligned."""
    begin = 0
    tensors = {}
    for layer in layers:
        if layer.gate != "none":
            shape = _mask_shape(manifest.images, layer)
            end = begin + prod(shape)
            tensors[layer.name + _MASK] = {
                "dtype": "U8",
                "shape": shape,
                "data_offsets": (begin, end),
            }
            begin = end
    try:
        text = json.dumps(manifest.model_dump(), allow_nan=False, ensure_ascii=False)
        header = json.dumps({"__metadata__": {"pgsim": text}} | tensors, ensure_ascii=False)
        encoded = header.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: the provenance cannot be written as JSON: {error}") from None
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded


def _mask_shape(images: int, layer: LayerShape) -> Shape:
    return (images, layer.mask_channels, 8 * words_of(layer.mask_positions))


def shard_paths(path: Path, total: int) -> tuple[Path, ...]:
    """Return the paths of a trace in `total` files: `path` itself, or numbered from 00001."""
    return (path,) if total == 1 else _numbered(path, total)


def _numbered(path: Path, total: int) -> tuple[Path, ...]:
    stem = path.name.removesuffix(SUFFIX)
    names = (f"{stem}-{number:05d}-of-{total:05d}{SUFFIX}" for number in range(1, total + 1))
    return tuple(path.with_name(name) for name in names)


def files_named(path: Path) -> set[Path]:
    """Return the files in the folder of `path` that hold a trace of its name, whole or in shards.

    Raises InputError where the folder cannot be read.
    """
    try:
        siblings = list(path.parent.iterdir()) if path.parent.is_dir() else []
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be read: {error.strerror}") from None
    stem = path.name.removesuffix(SUFFIX)
    matches = ((each, _SHARD.fullmatch(each.name)) for each in siblings)
    return {each for each, match in matches if each == path or (match and match["stem"] == stem)}


def find_trace(name_or_path: str | Path) -> tuple[str, tuple[Path, ...]]:
    """Return a trace's name and its files in order.

    `name_or_path` is a file, the common name of shards (with or without `.safetensors`), any one
    shard, or the name of a shipped trace. Raises InputError where there is none, or a shard is
    missing.
    """
    first = _first_file(name_or_path)
    match = _SHARD.fullmatch(first.name)
    if match is None:
        return first.name.removesuffix(SUFFIX), (first,)
    common = first.with_name(match["stem"] + SUFFIX)
    total = int(match["total"])
    paths = _numbered(common, total)
    present = files_named(common) | {first}
    if missing := [each.name for each in paths if each not in present]:
        raise InputError(
            f"{common}: {len(missing)} of {total} shards missing: {', '.join(missing[:3])}"
        )
    if surplus := sorted(present.difference(paths)):
        raise InputError(f"{first}: {surplus[0].name} stands beside it, and is no shard of {total}")
    return match["stem"], paths


def _first_file(name_or_path: str | Path) -> Path:
    given = Path(name_or_path)
    whole = given if given.name.endswith(SUFFIX) else Path(f"{given}{SUFFIX}")
    try:
        for path in (given, whole):
            if path.is_file():
                return path
        shards = files_named(whole)
        return min(shards) if shards else shipped("traces", name_or_path, SUFFIX)
    except OSError as error:
        raise InputError(f"{given}: cannot be read: {error.strerror}") from None
