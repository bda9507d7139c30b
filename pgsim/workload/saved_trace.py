"""Traces on disk: found by path or name, mapped, written whole or not at all, checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, chain, pairwise
from math import prod
from pathlib import Path

from pgsim.errors import InputError
from pgsim.workload.connections import among, check_inputs
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.manifest import MOST_SHARDS, Manifest, capture_sha256, check_manifest
from pgsim.workload.trace import GateTrace, trace_of
from pgsim.workload.trace_file import Shard, mask_digests, read_shard, write_shards
from pgsim.workload.trace_paths import check_trace_path, files_named, find_trace, shard_paths
from pgsim.workload.verification import require_sound, trace_problems
from pgsim.workload.zeros import joined_zeros


def load_trace(name_or_path: str | Path, *, verify: bool = True) -> GateTrace:
    """Return the trace of a file, of shards along the images, or shipped under a name.

    Masks are mapped: they are read-only views of the files. So replace a file by another one of its
    name, as `save_trace` does, and do not write into it: a program that reads masks beyond the end
    of a file that was cut short is ended by the operating system (SIGBUS).

    Parameters
    ----------
    name_or_path : str or Path
        A file, or the name of a shipped trace. Shards are named by what they share
        (`digits` or `digits.safetensors` for `digits-00001-of-00004.safetensors`) or by any one.
    verify : bool
        Whether the masks are read and held to the SHA-256 that the files state, and to padding of
        zeros: once in a process, while a file stays the same. Without it only headers are read.

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
    name, shards = _read(name_or_path)
    if verify:
        require_sound(shards)
    alone, first = len(shards) == 1, shards[0].path
    return replace(_joined(name, shards), path=first if alone else first.with_name(name))


def _read(name_or_path: str | Path) -> tuple[str, list[Shard]]:
    """Return a trace's name and its files in order, which say that they belong together."""
    name, paths = find_trace(name_or_path)
    shards = [read_shard(path) for path in paths]
    first = shards[0].manifest
    about = {"format_version": first.format_version, **first.about()}
    for number, (path, shard) in enumerate(zip(paths, shards, strict=True), start=1):
        own = {"format_version": shard.manifest.format_version, **shard.manifest.about()}
        if differing := [field for field in about if own[field] != about[field]]:
            raise InputError(
                f"{path}: {', '.join(differing)} in the manifest should be as in {paths[0].name}"
            )
        _check_place(shard, number, shards)
    return name, shards


def _check_place(shard: Shard, number: int, shards: Sequence[Shard]) -> None:
    """Raise InputError unless a file is the one that its name says; a whole trace has any name."""
    place, first = shard.manifest.shard, shards[0].manifest.shard
    if place is None or first is None:
        return
    if len(shards) == 1 < place.total:
        name = shard_paths(shard.path, place.total)[place.index - 1].name
        raise InputError(
            f"{shard.path}: holds shard {place.index} of {place.total}, and is no whole trace: put "
            f"it beside the other shards, under their common name as {name!r} has it"
        )
    if (place.index, place.total) != (number, len(shards)):
        raise InputError(
            f"{shard.path}: holds shard {place.index} of {place.total}, expected shard {number} of "
            f"{len(shards)}: it was renamed, or copied over another one"
        )
    if place.capture_sha256 != first.capture_sha256:
        raise InputError(
            f"{shard.path}: 'capture_sha256' in the manifest should be as in "
            f"{shards[0].path.name}: it is a shard of another trace, or of another save"
        )


def _joined(name: str, shards: Sequence[Shard]) -> GateTrace:
    layers = tuple(
        LayerTrace(
            shape,
            tuple(shard.masks[shape.name] for shard in shards if shape.name in shard.masks),
            verify=False,
        )
        for shape in shards[0].layers
    )
    images = sum(shard.manifest.images for shard in shards)
    return trace_of(name, shards[0].manifest, images, layers)


def save_trace(trace: GateTrace, path: str | Path, shards: int = 1) -> tuple[Path, ...]:
    """Write a trace as one file, or as `shards` files along its images, and return their paths.

    Each file says which of how many it is, and holds digests of its manifest and masks, which
    `load_trace` verifies. Memory stays flat, the same trace gives the same bytes, and files appear
    only when all are written.

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
        .csv) or as one of several shards does, and where the folder holds a trace of this name in
        another number of shards.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     paths = save_trace(load_trace("digits_pg_4_2"), f"{folder}/digits", shards=2)
    >>> [path.name for path in paths]
    ['digits-00001-of-00002.safetensors', 'digits-00002-of-00002.safetensors']
    """
    target = check_trace_path(path)
    if not 1 <= shards <= min(trace.images, MOST_SHARDS):
        raise InputError(f"{target}: {trace.images} images cannot be cut into {shards} shards")
    return _save(trace, target, [trace.images * number // shards for number in range(shards + 1)])


def join_traces(parts: Sequence[GateTrace], path: str | Path) -> tuple[Path, ...]:
    """Write traces that differ in their images alone as one trace, a file each; return the paths.

    `path` is as `save_trace` takes it. Raises InputError as `save_trace` does.
    """
    images = [part.images for part in parts]
    layers = tuple(
        _joined_layer(each, images) for each in zip(*(part.layers for part in parts), strict=True)
    )
    bounds = list(accumulate(images, initial=0))
    return _save(
        replace(parts[0], images=bounds[-1], layers=layers), check_trace_path(path), bounds
    )


def _joined_layer(parts: Sequence[LayerTrace], images: Sequence[int]) -> LayerTrace:
    """Return a layer with the masks of all parts, and the zeros among all their operands."""
    shape = parts[0].shape
    inputs = [each * shape.in_channels * prod(shape.image_in_size) for each in images]
    zeros = joined_zeros([part.shape.zeros for part in parts], inputs)
    return replace(
        parts[0],
        shape=shape.replace(zeros=zeros),
        shards=tuple(chain.from_iterable(part.shards for part in parts)),
        verify=False,
    )


def _save(trace: GateTrace, target: Path, bounds: Sequence[int]) -> tuple[Path, ...]:
    """Write a trace in one file between each two `bounds` of its images, and return the paths."""
    spans = list(pairwise(bounds))
    if surplus := sorted(files_named(target) - set(shard_paths(target, len(spans)))):
        raise InputError(
            f"{surplus[0]}: holds a trace of this name in other shards; remove it first, "
            "or choose another name"
        )
    return write_shards(target, _manifest_of(trace, str(target)), trace.layers, spans)


def _manifest_of(trace: GateTrace, where: str) -> Manifest:
    """Return what a trace says of itself; raises InputError that begins with `where`."""
    layers = among([layer.shape for layer in trace.layers])
    check_inputs(layers, where)
    fields = {
        "model": trace.model,
        "dataset": trace.dataset,
        "mask_source": trace.mask_source,
        "images": trace.images,
        "accuracy": trace.accuracy,
        "provenance": trace.provenance,
        "layers": [each.manifest() for each in layers],
    }
    return check_manifest(fields, where)


def trace_sha256(trace: GateTrace) -> str:
    """Return the digest of all that a trace says and holds, in hexadecimal digits.

    It is the `capture_sha256` that the trace has in a single file. All masks are read.
    """
    where = f"trace {trace.name}"
    about = _manifest_of(trace, where).model_dump(exclude={"images"})
    return capture_sha256(about, [(trace.images, mask_digests(trace.layers))], where)


def check_trace(name_or_path: str | Path) -> list[str]:
    """Return every problem of a trace, its data included; an empty list means that all is well.

    These are what `load_trace` refuses: files that cannot be read or do not belong together;
    padding bits that are set, by layer, image and channel, the first ten rows of a layer, and how
    many more there are; and what is not as `save_trace` wrote it, by the SHA-256 in each file. All
    masks are read, whatever was read before.

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
        name, shards = _read(name_or_path)
        _joined(name, shards)
    except InputError as error:
        return [str(error)]
    return list(trace_problems(shards))
