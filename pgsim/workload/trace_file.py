"""The trace file: gate masks in the safetensors layout, with a JSON manifest in its metadata.

Reading leaves the tensors on disk, memory-mapped; writing streams them. Beside the manifest the
metadata has the SHA-256 of the manifest's text and of each tensor, which `verification` compares.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from itertools import accumulate, chain, pairwise
from math import prod
from pathlib import Path
from typing import NamedTuple

from pgsim.errors import InputError, nearest
from pgsim.files import FileState
from pgsim.workload.connections import check_inputs
from pgsim.workload.layer import LayerShape
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.layers import layer_shapes
from pgsim.workload.manifest import (
    FORMAT_VERSION,
    MANIFEST,
    Digests,
    FileManifest,
    Manifest,
    Place,
    capture_sha256,
    file_manifest,
    manifest_text,
)
from pgsim.workload.mask_words import WORD, Words, read_only, words_of
from pgsim.workload.problems import short
from pgsim.workload.strict_json import parse_json
from pgsim.workload.tensor_file import Shape, TensorFile, map_tensors
from pgsim.workload.trace_paths import shard_paths
from pgsim.writing import replacing

_MANIFEST, _DIGESTS = "pgsim", "pgsim_sha256"  # keys of the safetensors metadata
_MASK = ".gate_mask"


class Shard(NamedTuple):
    """One file's content: masks by layer name, uint64 (images, channels, words).

    text: of the manifest. digests: that the file states, none in some files of version 1.
    """

    path: Path
    state: FileState
    text: str
    manifest: FileManifest
    layers: tuple[LayerShape, ...]
    masks: dict[str, Words]
    digests: Digests | None


def read_shard(path: Path) -> Shard:
    """Return one file's manifest, layers, and masks as read-only views of the mapped file.

    The header is checked, the data are not touched. Raises InputError naming the file, the layer
    where there is one, and what was expected.
    """
    file = map_tensors(path, "safetensors")
    if _MANIFEST not in file.metadata:
        raise InputError(
            f"{path}: no pgsim trace: its safetensors metadata has no key {_MANIFEST!r}"
        )
    text = file.metadata[_MANIFEST]
    manifest = file_manifest(text, str(path))
    layers = layer_shapes(manifest.layers, str(path))
    check_inputs(layers, str(path))
    _check_tensors(path, manifest.images, layers, file.tensors)
    digests = _stated_digests(path, manifest, file.metadata)
    return Shard(path, file.state, text, manifest, layers, _masks(file), digests)


def _stated_digests(
    path: Path, manifest: FileManifest, metadata: Mapping[str, str]
) -> Digests | None:
    if _DIGESTS not in metadata and manifest.format_version == 1:
        return None
    where = f"{path}: metadata {_DIGESTS!r}"
    digests = parse_json(metadata.get(_DIGESTS, "null"), where)
    if not isinstance(digests, dict):
        raise InputError(
            f"{where} should be a JSON object of the SHA-256 of each part; only format version 1 "
            "may do without"
        )
    return digests


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
            dtype, found = tensors[name]
            raise InputError(
                f"{where}: tensor {name!r} should be U8 {list(shape)} (images, channels, bytes), "
                f"is {dtype} {short(list(found))}"
            )
    if extra := sorted(tensors.keys() - expected):
        raise InputError(
            f"{path}: tensor {short(extra[0])} is of no gated layer in the manifest."
            f"{nearest(extra[0], expected)}"
        )


def _masks(file: TensorFile) -> dict[str, Words]:
    # The library has checked that tensors fill the data without gaps, so sizes give the offsets.
    masks: dict[str, Words] = {}
    begin = 0
    for name, (_, shape) in file.tensors.items():
        end = begin + prod(shape)
        words = file.data[begin:end].view(WORD).reshape(*shape[:2], shape[2] // 8)
        masks[name.removesuffix(_MASK)] = words if words.flags.aligned else read_only(words.copy())
        begin = end
    return masks


def write_shards(
    path: Path,
    manifest: Manifest,
    layers: Sequence[LayerTrace],
    spans: Sequence[tuple[int, int]],
) -> tuple[Path, ...]:
    """Write a trace in one file a span of its images, and return their paths.

    No file appears before all are complete. `spans` are the first image and the end of each. The
    masks are read twice, for their digests and to be written. Raises InputError where a file
    cannot be written.
    """
    paths = shard_paths(path, len(spans))
    shapes = [layer.shape for layer in layers]
    digests = [mask_digests(layers, *span) for span in spans]
    with ExitStack() as stack:
        for target, own, text, span in zip(
            paths, digests, _manifest_texts(path, manifest, digests, spans), spans, strict=True
        ):
            stated = {MANIFEST: sha256(text.encode()).hexdigest(), **own}
            header = _header(text, stated, _tensor_shapes(span[1] - span[0], shapes))
            temporary = stack.enter_context(replacing(target))
            with temporary.open("wb") as file:
                file.write(header)
                for data in chain.from_iterable(layer.stored(*span) for layer in layers):
                    file.write(data)
    return paths


def _manifest_texts(
    path: Path,
    manifest: Manifest,
    digests: Sequence[Digests],
    spans: Sequence[tuple[int, int]],
) -> list[str]:
    """Return the text of each file's manifest."""
    about = manifest.model_dump(exclude={"images"})
    images = [stop - start for start, stop in spans]
    mark = capture_sha256(about, list(zip(images, digests, strict=True)), str(path))
    return [
        manifest_text(
            FileManifest(
                **about,
                format_version=FORMAT_VERSION,
                images=count,
                shard=Place(index=number, total=len(spans), capture_sha256=mark),
            ),
            str(path),
        )
        for number, count in enumerate(images, start=1)
    ]


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


def mask_tensor(layer: LayerShape) -> str:
    """Return the name of the tensor of a layer's masks."""
    return layer.name + _MASK


def _tensor_shapes(images: int, layers: Iterable[LayerShape]) -> dict[str, Shape]:
    return {
        mask_tensor(layer): (images, layer.mask_channels, 8 * words_of(layer.mask_positions))
        for layer in layers
        if layer.masked
    }


def mask_digests(
    layers: Iterable[LayerTrace], start: int = 0, stop: int | None = None
) -> dict[str, str]:
    """Return the SHA-256 of each layer's masks of those images, by name of their tensor."""
    return {
        mask_tensor(layer.shape): mask_digest(layer, start, stop)
        for layer in layers
        if layer.shards
    }


def mask_digest(layer: LayerTrace, start: int = 0, stop: int | None = None) -> str:
    """Return the SHA-256 of a layer's masks of those images as they lie in a file."""
    digest = sha256()
    for data in layer.stored(start, stop):
        digest.update(data)
    return digest.hexdigest()
