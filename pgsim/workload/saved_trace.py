"""Traces on disk: found by path or name, mapped, written whole or not at all, checked."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from pgsim.errors import InputError
from pgsim.workload.layer_trace import WORD, LayerTrace
from pgsim.workload.trace import GateTrace, trace_of
from pgsim.workload.trace_file import (
    FORMAT_VERSION,
    Manifest,
    changes,
    check_manifest,
    read_shard,
    write_shards,
)
from pgsim.workload.trace_paths import check_trace_path, files_named, find_trace, shard_paths

_ROWS_REPORTED = 10  # of set padding bits, per layer


def load_trace(name_or_path: str | Path) -> GateTrace:
    """Return the trace of a file, of shards along the images, or shipped under a name.

    Masks are not read but mapped, as read-only views of the files.

    Parameters
    ----------
    name_or_path : str or Path
        A file, or the name of a shipped trace. Shards are named by what they share
        (`digits` or `digits.safetensors` for `digits-00001-of-00004.safetensors`) or by any one.

    Returns
    -------
    GateTrace
        Its `name` is that of the file.

    Raises
    ------
    InputError
        Naming the file, the layer and what was expected; of a wrong name, the nearest one.

    Examples
    --------
    >>> load_trace("digits_pg_4_2").images
    500
    """
    name, paths = find_trace(name_or_path)
    shards = [read_shard(path) for path in paths]
    first = shards[0].manifest
    about = first.model_dump(exclude={"images"})
    for path, shard in zip(paths, shards, strict=True):
        other = shard.manifest.model_dump(exclude={"images"})
        if differing := [field for field in about if other[field] != about[field]]:
            raise InputError(
                f"{path}: {', '.join(differing)} in the manifest should be as in {paths[0].name}"
            )
    layers = tuple(
        LayerTrace(shape, tuple(s.masks[shape.name] for s in shards if shape.name in s.masks))
        for shape in shards[0].layers
    )
    return trace_of(name, first, sum(shard.manifest.images for shard in shards), layers)


def save_trace(trace: GateTrace, path: str | Path, shards: int = 1) -> tuple[Path, ...]:
    """Write a trace as one file, or as `shards` files along its images, and return their paths.

    Each file holds digests of its manifest and masks, for `check_trace`. Memory stays flat, the
    same trace gives the same bytes, and files appear only when all are written.

    Parameters
    ----------
    trace : GateTrace
        What is written.
    path : str or Path
        `.safetensors` is appended where it is missing.
    shards : int
        How many files, at most one an image.

    Returns
    -------
    tuple of Path
        Of the files, in the order of their images.

    Raises
    ------
    InputError
        Where nothing can be written, where the path ends as files of another format do (.npz,
        .csv), and where the folder holds a trace of this name in another number of shards.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     paths = save_trace(load_trace("digits_pg_4_2"), f"{folder}/digits", shards=2)
    >>> [path.name for path in paths]
    ['digits-00001-of-00002.safetensors', 'digits-00002-of-00002.safetensors']
    """
    target = check_trace_path(path)
    if not 1 <= shards <= min(trace.images, 99_999):
        raise InputError(f"{target}: {trace.images} images cannot be cut into {shards} shards")
    if surplus := sorted(files_named(target) - set(shard_paths(target, shards))):
        raise InputError(
            f"{surplus[0]}: holds a trace of this name in other shards; remove it first, "
            "or choose another name"
        )
    bounds = [trace.images * number // shards for number in range(shards + 1)]
    spans = list(pairwise(bounds))
    manifests = [_manifest(trace, stop - start, str(target)) for start, stop in spans]
    return write_shards(target, manifests, trace.layers, spans)


def _manifest(trace: GateTrace, images: int, where: str) -> Manifest:
    fields = {
        "format_version": FORMAT_VERSION,
        "model": trace.model,
        "dataset": trace.dataset,
        "mask_source": trace.mask_source,
        "images": images,
        "accuracy": trace.accuracy,
        "provenance": trace.provenance,
        "layers": [each.shape.manifest() for each in trace.layers],
    }
    return check_manifest(fields, where)


def check_trace(name_or_path: str | Path) -> list[str]:
    """Return every problem of a trace, its data included; an empty list means that all is well.

    Beyond what `load_trace` refuses, these are: a manifest or a layer's masks that are not what
    `save_trace` wrote, by the digests in each file that has them; and padding bits that are set,
    named by layer, image and channel: the first ten rows of a layer, and how many more there are.

    Parameters
    ----------
    name_or_path : str or Path
        As `load_trace` takes it.

    Returns
    -------
    list of str
        One problem each.

    Examples
    --------
    >>> check_trace("digits_pg_4_2")
    []
    """
    try:
        trace = load_trace(name_or_path)
        problems = [each for path in find_trace(name_or_path)[1] for each in changes(path)]
    except InputError as error:
        return [str(error)]
    return problems + [
        problem for layer in trace.layers for problem in _padding_problems(trace.name, layer)
    ]


def _padding_problems(name: str, layer: LayerTrace) -> list[str]:
    used = layer.shape.mask_positions % 64
    if not used:
        return []
    padding = WORD.type(2**64 - 2**used)
    rows: list[tuple[int, int]] = []
    first = 0
    for words in layer.chunks():
        images, channels = np.nonzero(words[..., -1] & padding)
        rows += zip((images + first).tolist(), channels.tolist(), strict=True)
        first += len(words)
    problems = [
        f"trace {name!r}: layer {layer.shape.name!r}, image {image}, channel {channel}: "
        f"padding bits after position {layer.shape.mask_positions - 1} are set"
        for image, channel in rows[:_ROWS_REPORTED]
    ]
    if len(rows) > _ROWS_REPORTED:
        more = len(rows) - _ROWS_REPORTED
        problems.append(f"trace {name!r}: layer {layer.shape.name!r}: and {more} rows more")
    return problems
