"""Whether trace files are as they were written: padding, and the SHA-256 of what they hold."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from hashlib import sha256
from itertools import islice

from pgsim.cores import usable_cores
from pgsim.errors import InputError
from pgsim.files import FileState, require_same
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.manifest import MANIFEST, capture_sha256
from pgsim.workload.mask_words import padding_problem
from pgsim.workload.trace_file import Shard, mask_digest, mask_tensor

_ROWS_REPORTED = 10  # of set padding bits, per layer
_CLOCK_TICK_NS = 2 * 10**9  # a file system may note times no finer than this

_CHANGED = "changed after the file was written: the SHA-256 is not that of the metadata"

# States of files that this process has found as they were written. A state is of one inode at one
# time, so another file in its place, or the same one written again, is looked at again.
_SOUND: set[FileState] = set()


def require_sound(shards: Sequence[Shard]) -> None:
    """Raise InputError where a file of a trace is not as it was written, with the first problem.

    Reads all masks, but those of a file only once in a process while the file stays the same.
    """
    now = time.time_ns()
    if problem := next(trace_problems(shards, known=_SOUND), ""):
        raise InputError(problem)
    for shard in shards:
        require_same(shard.path, shard.state)
        # What was written just now could be written again within the same tick, unseen.
        if max(shard.state.mtime_ns, shard.state.ctime_ns) + _CLOCK_TICK_NS < now:
            _SOUND.add(shard.state)


def trace_problems(
    shards: Sequence[Shard], known: Collection[FileState] = frozenset()
) -> Iterator[str]:
    """Yield every problem of a trace's content, and read all masks but of files in `known` states.

    A file's problems are padding bits that are set, by layer, image and channel, the first ten rows
    of a layer, and how many more there are; then what differs from the digests that the file has.
    Where there are none, the files are held to the mark of what was written together.
    """
    first_image, clean = 0, True
    with ThreadPoolExecutor(usable_cores()) as threads:  # hashing lets other threads run
        for shard in shards:
            if shard.state not in known:
                for problem in _shard_problems(shard, first_image, threads):
                    clean = False
                    yield problem
            first_image += shard.manifest.images
    if clean and (problem := _capture_problem(shards)):
        yield problem


def _capture_problem(shards: Sequence[Shard]) -> str:
    """Return what is wrong where the files do not hold what was once written together, or nothing.

    Only headers are read: masks are known by the digests that their file states.
    """
    place = shards[0].manifest.shard
    if place is None or place.total != len(shards):
        return ""  # before version 2, or one shard alone
    stated = [(shard.manifest.images, shard.digests or {}) for shard in shards]
    about = shards[0].manifest.about()
    if capture_sha256(about, stated, str(shards[0].path)) == place.capture_sha256:
        return ""
    whole = "its content" if len(shards) == 1 else f"the content of all {len(shards)} files"
    return (
        f"{shards[0].path}: 'capture_sha256' in the manifest is not that of {whole}: not all of it "
        "was written together"
    )


def _shard_problems(shard: Shard, first_image: int, threads: Executor) -> Iterator[str]:
    """Yield the problems of one file, whose first image has this number in its trace."""
    layers = [
        LayerTrace(each, (shard.masks[each.name],), verify=False)
        for each in shard.layers
        if each.name in shard.masks
    ]
    for layer in layers:
        yield from _padding_problems(shard, layer, first_image)
    if shard.digests is None:
        return
    if sha256(shard.text.encode()).hexdigest() != shard.digests.get(MANIFEST):
        yield f"{shard.path}: the manifest was {_CHANGED}"
    for layer, digest in zip(layers, threads.map(mask_digest, layers), strict=True):
        if digest != shard.digests.get(mask_tensor(layer.shape)):
            yield f"{shard.path}: layer {layer.shape.name!r}: the masks were {_CHANGED}"


def _padding_problems(shard: Shard, layer: LayerTrace, first_image: int) -> Iterator[str]:
    where = f"{shard.path}: layer {layer.shape.name!r}"
    rows = layer.set_padding()
    for image, channel in islice(rows, _ROWS_REPORTED):
        yield f"{where}, {padding_problem(layer.shape, first_image + image, channel)}"
    if more := sum(1 for _ in rows):
        yield f"{where}: and {more} rows more"
