"""Trace files: gate masks, with a manifest and digests."""

from __future__ import annotations

import json
import re
from functools import cached_property
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.mutators.tensor_edits import Format, TensorFile, parse, render
from fuzz.reader import Broken, Reader
from fuzz.readers.small import SCHEMES, small_design, small_traces, written
from fuzz.rows import check_rows
from pgsim import InputError, check_trace, load_trace, save_trace, simulate
from pgsim.workload import layer_shape

_MANIFEST, _DIGESTS = "pgsim", "pgsim_sha256"
_ABOUT = ("model", "dataset", "mask_source", "accuracy", "provenance", "layers")
_MARK = re.compile(r'"capture_sha256": "[0-9a-f]{64}"')


def _expected(manifest: dict[str, Any]) -> dict[str, tuple[str, list[int]]]:
    """Return what the tensors of a manifest's gated layers are."""
    shapes = [layer_shape(each) for each in manifest["layers"]]
    return {
        f"{shape.name}.gate_mask": (
            "U8",
            [manifest["images"], shape.mask_channels, 8 * -(-shape.mask_positions // 64)],
        )
        for shape in shapes
        if shape.gate != "none"
    }


def _digests_of(file: TensorFile) -> dict[str, str]:
    """Return the SHA-256 of the manifest's text and of every tensor, by name."""
    text = file.metadata[_MANIFEST].encode("utf-8", "surrogatepass")
    tensors = {name: sha256(each.data).hexdigest() for name, each in file.tensors.items()}
    return {"manifest": sha256(text).hexdigest(), **tensors}


def _capture_mark(file: TensorFile) -> str:
    """Return the `capture_sha256` of one file alone, as the format's description has it."""
    manifest = json.loads(file.metadata[_MANIFEST])
    tensors = {name: sha256(each.data).hexdigest() for name, each in file.tensors.items()}
    about = {name: manifest[name] for name in _ABOUT}
    text = json.dumps([about, [[manifest["images"], tensors]]], ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _seal(file: TensorFile) -> None:
    """Make the mark and the digests of a file anew, as far as it has them."""
    try:
        mark = f'"capture_sha256": "{_capture_mark(file)}"'
        file.metadata[_MANIFEST] = _MARK.sub(mark, file.metadata[_MANIFEST])
    except (ValueError, TypeError, KeyError, RecursionError):
        pass  # no manifest, so whatever marks it does not matter
    if _DIGESTS in file.metadata:
        file.metadata[_DIGESTS] = json.dumps(_digests_of(file))


def _as_version_1(data: bytes, digests: bool) -> bytes:
    """Return a trace file as the first version of the format had it."""
    file = parse(data)
    manifest = json.loads(file.metadata[_MANIFEST]) | {"format_version": 1}
    del manifest["shard"]
    file.metadata = {_MANIFEST: json.dumps(manifest)}
    if digests:
        file.metadata[_DIGESTS] = json.dumps(_digests_of(file))
    return render(file)


class TraceReader(Reader):
    """`load_trace`, `check_trace`, and a simulation of what was loaded."""

    name = "trace"
    suffix = ".safetensors"
    mutators = Format(_MANIFEST, _expected, _seal, _DIGESTS).edits
    plain_inputs = 320

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Traces of all ops and gates, in both versions of the format."""
        current = [
            written(lambda path, trace=trace: save_trace(trace, path), self.suffix)
            for trace in small_traces()
        ]
        return (*current, _as_version_1(current[0], True), _as_version_1(current[1], False))

    def use(self, path: Path) -> None:
        """Load a trace, check it, and simulate it as far as the schemes can run it."""
        trace = load_trace(path)
        problems = check_trace(path)
        file = parse(path.read_bytes())
        faults = [*_faults(file), *_padding_faults(file)]
        refusals = []
        for scheme in SCHEMES:
            try:
                rows = simulate(trace, small_design(), scheme).rows
            except InputError as error:
                refusals.append(error)
                continue
            if faults:
                raise Broken(f"{faults[0]}: check_trace says {problems[:1]}")
            check_rows(rows)
            _check_densities(rows, file)
        if len(refusals) == len(SCHEMES):
            raise refusals[0]


def _faults(file: TensorFile) -> list[str]:
    """Return what is wrong with a file by its text and digests."""
    faults = []
    try:
        json.loads(file.metadata[_MANIFEST], object_pairs_hook=_distinct, parse_constant=_refuse)
    except ValueError as error:
        faults.append(f"the manifest is taken: {error}")
    if _DIGESTS in file.metadata:
        faults += _digest_faults(file)
    return faults


def _digest_faults(file: TensorFile) -> list[str]:
    """Return which digests of a file that has some are not those of its parts."""
    try:
        digests = dict(json.loads(file.metadata[_DIGESTS]))
    except (ValueError, TypeError, RecursionError):
        return ["digests that are no JSON object are taken"]
    return [
        f"a digest is taken that is not that of its part: {name!r}"
        for name, digest in _digests_of(file).items()
        if digests.get(name) != digest
    ]


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _mask_bits(file: TensorFile) -> dict[str, tuple[np.ndarray, int]]:
    """Return each layer's mask as bits with its padding, and how many bits are no padding."""
    bits = {}
    for layer in json.loads(file.metadata[_MANIFEST])["layers"]:
        shape = layer_shape(layer)
        if shape.gate != "none":
            tensor = file.tensors[f"{shape.name}.gate_mask"]
            data = np.frombuffer(tensor.data, "u1").reshape(-1, prod(tensor.shape[-1:]))
            bits[shape.name] = np.unpackbits(data, axis=1, bitorder="little"), shape.mask_positions
    return bits


def _padding_faults(file: TensorFile) -> list[str]:
    return [
        f"padding bits that are set are taken: layer {name!r}"
        for name, (bits, positions) in _mask_bits(file).items()
        if bits[:, positions:].any()
    ]


def _check_densities(rows: list[dict[str, Any]], file: TensorFile) -> None:
    """Raise Broken where a row's density is not the share of ones in the file."""
    masks = _mask_bits(file)
    for row in rows:
        if row["layer"] in masks:
            bits, positions = masks[row["layer"]]
            counted = int(bits[:, :positions].sum()) / (len(bits) * positions)
            if abs(row["mask_density"] - counted) > 1e-12:
                raise Broken(
                    f"mask_density is not that of the file: {row['mask_density']} {counted}"
                )


TRACE = TraceReader()
