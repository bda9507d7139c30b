"""A small trace of all kinds of gates, and the headers of trace files, to be spoilt."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from pgsim.workload.trace import GateTrace

Masks = dict[str, np.ndarray[Any, np.dtype[np.bool_]]]


def conv_fields(name: str = "conv", gate: str = "output", **others: Any) -> dict[str, Any]:
    """A pointwise convolution of 9 x 8 pixels, as a manifest has it."""
    return {
        "name": name,
        "op": "conv2d",
        "in_channels": 3,
        "out_channels": 4,
        "in_size": [9, 8],
        "kernel": [1, 1],
        "activation_bits": 4,
        "msb_bits": 2 if gate != "none" else 4,
        "weight_bits": 8,
        "gate": gate,
        **others,
    }


LAYERS = [
    conv_fields("first", "none"),
    conv_fields("conv"),
    conv_fields("region", "input"),
    {
        "name": "hidden",
        "op": "recurrent",
        "in_channels": 5,
        "out_channels": 6,
        "time_steps": 7,
        "activation_bits": 5,
        "msb_bits": 3,
        "weight_bits": 4,
        "gate": "output",
        "signed": True,
    },
]


def tiny_masks(images: int = 5, seed: int = 0) -> Masks:
    """Random masks of the gated layers of LAYERS."""
    generator = np.random.default_rng(seed)
    return {
        "conv": generator.random((images, 4, 9, 8)) < 0.3,
        "region": generator.random((images, 1, 9, 8)) < 0.6,
        "hidden": generator.random((images, 6, 7)) < 0.5,
    }


def tiny_trace(images: int = 5) -> GateTrace:
    """A trace of LAYERS that says all that a trace can say of itself."""
    return GateTrace.from_masks(
        tiny_masks(images),
        LAYERS,
        model="tiny",
        dataset="digits",
        mask_source="captured",
        accuracy={"top1": 0.5},
        provenance={"seed": 1, "nested": {"list": [1, 2.5, None]}},
    )


def assert_same(first: GateTrace, second: GateTrace) -> None:
    """The traces say the same of themselves, and have the same layers and masks."""
    for field in ("model", "dataset", "mask_source", "images", "accuracy", "provenance"):
        assert getattr(first, field) == getattr(second, field)
    for one, other in zip(first.layers, second.layers, strict=True):
        assert one.shape == other.shape
        if one.shards:
            assert np.array_equal(one.mask_words(), other.mask_words())


def header_of(path: Path) -> dict[str, Any]:
    """The header of a safetensors file, as parsed JSON."""
    data = path.read_bytes()
    header: dict[str, Any] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return header


def manifest_of(path: Path) -> dict[str, Any]:
    """The manifest of a trace file, as parsed JSON."""
    manifest: dict[str, Any] = json.loads(header_of(path)["__metadata__"]["pgsim"])
    return manifest


def rewrite(path: Path, header: dict[str, Any], pad: int = 0) -> None:
    """Replace the header and keep the data; `pad` puts them that far off a multiple of 8."""
    data = path.read_bytes()
    body = data[8 + int.from_bytes(data[:8], "little") :]
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8 + pad)
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + body)


def tell(path: Path, **changes: Any) -> None:
    """Change fields of the manifest, and leave the digests as they are; None drops a field."""
    header = header_of(path)
    manifest = json.loads(header["__metadata__"]["pgsim"]) | changes
    kept = {name: value for name, value in manifest.items() if value is not None}
    header["__metadata__"]["pgsim"] = json.dumps(kept)
    rewrite(path, header)


def as_version_1(path: Path, *, digests: bool = False) -> None:
    """Make it a file of format version 1, which says nothing of shards; digests were optional."""
    tell(path, format_version=1, shard=None)
    header = header_of(path)
    del header["__metadata__"]["pgsim_sha256"]
    rewrite(path, header)
    if digests:
        seal(path)


def seal(*paths: Path) -> None:
    """Give the files of a trace the digests and the mark of their content, as the format says."""
    tensors = [_tensor_digests(path) for path in paths]
    manifests = [manifest_of(path) for path in paths]
    about = {
        field: manifests[0][field]
        for field in ("model", "dataset", "mask_source", "accuracy", "provenance", "layers")
    }
    contents = [[each["images"], own] for each, own in zip(manifests, tensors, strict=True)]
    mark = sha256(json.dumps([about, contents], ensure_ascii=False).encode()).hexdigest()
    for path, manifest, own in zip(paths, manifests, tensors, strict=True):
        if "shard" in manifest:
            tell(path, shard=manifest["shard"] | {"capture_sha256": mark})
        header = header_of(path)
        text = header["__metadata__"]["pgsim"].encode()
        digests = {"manifest": sha256(text).hexdigest(), **own}
        header["__metadata__"]["pgsim_sha256"] = json.dumps(digests)
        rewrite(path, header)


def _tensor_digests(path: Path) -> dict[str, str]:
    header, data = header_of(path), data_of(path)
    return {
        name: sha256(data[slice(*header[name]["data_offsets"])]).hexdigest()
        for name in header
        if name != "__metadata__"
    }


def data_of(path: Path) -> bytes:
    """The tensors of a safetensors file, one after the other."""
    data = path.read_bytes()
    return data[8 + int.from_bytes(data[:8], "little") :]


def flip(path: Path, place: int, bit: int = 0) -> None:
    """Flip one bit, `place` bytes behind the header."""
    data = bytearray(path.read_bytes())
    data[8 + int.from_bytes(data[:8], "little") + place] ^= 1 << bit
    path.write_bytes(data)
