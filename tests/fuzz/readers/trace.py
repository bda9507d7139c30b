"""Trace files: gate masks, with a manifest and digests."""

from __future__ import annotations

import json
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.mutators.tensor_edits import TensorFile, digests_of, parse, tensor_edits
from fuzz.reader import Broken, Reader
from fuzz.readers.small import SCHEMES, small_design, small_traces, written
from fuzz.rows import check_rows
from pgsim import InputError, check_trace, load_trace, save_trace, simulate
from pgsim.workload import layer_shape

_MANIFEST, _DIGESTS = "pgsim", "pgsim_sha256"


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


class TraceReader(Reader):
    """`load_trace`, `check_trace`, and a simulation of what was loaded."""

    name = "trace"
    suffix = ".safetensors"
    mutators = tensor_edits(_MANIFEST, _DIGESTS, _expected)

    @cached_property
    def valid(self) -> tuple[bytes, ...]:
        """Traces of all ops and gates."""
        return tuple(
            written(lambda path, trace=trace: save_trace(trace, path), self.suffix)
            for trace in small_traces()
        )

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
        for name, digest in digests_of(file, _MANIFEST).items()
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
