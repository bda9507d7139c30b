"""Write a trace in shards while it is captured, and go on where an interrupted capture stopped.

While a capture of `name` runs, its finished shards lie in the folder `name.capture` beside it, with
`progress.json`, which says what was asked for and how far the shards reach (`capture_folder`). When
the last is written they are written again under their names, where each says which of how many it
is: `name-00001-of-0000K.safetensors` (`name.safetensors` if there is only one). Then the folder
goes, unless others have put something into it. So a trace is there whole or not at all, and every
step is safe to stop at: a file appears under its name only when it is complete.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from pgsim.errors import InputError
from pgsim.gating.capture_folder import (
    Progress,
    begin,
    file_to_be,
    plain_file,
    put_in_place,
    read_progress,
    shard_path,
    write_progress,
)
from pgsim.gating.fingerprint import add_tensor
from pgsim.gating.parts import Part, part_of, same_layers
from pgsim.workload.saved_trace import check_trace, load_trace, save_trace
from pgsim.workload.trace import GateTrace
from pgsim.workload.trace_paths import SUFFIX, check_trace_path, files_named

_SAME_OR_ANEW = "call with the same arguments, or remove the folder to start again"


@dataclass(frozen=True)
class Shards:
    """Where a capture goes that is written as it runs, in shards of some images each.

    Memory then holds the masks of one batch and one shard, whatever their number. An interrupted
    capture leaves its finished shards; with `resume` the same call goes on after them, and the
    result is the same, byte for byte. `batches` are gone through from the start again, but the
    model runs only on the first, whose masks have to be those that are there, and on those not yet
    in a finished shard.

    Parameters
    ----------
    path : str or Path
        As `save_trace` takes it.
    images : int
        Of each file, at least 1; the last one has fewer.
    resume : bool
        Whether an interrupted capture is gone on with; with nothing there it starts anew.
    """

    path: str | Path
    images: int = 1000
    resume: bool = False


def stream(
    record: Callable[[Tensor], Part],
    batches: Iterable[Tensor],
    out: Shards,
    asked: Mapping[str, Any],
) -> GateTrace:
    """Write the traces of the batches in shards, and return the whole, mapped.

    `record` runs a batch; `asked` is JSON of all that decides the result beside the batches. Raises
    InputError where a trace of this name stands already, or an interrupted capture that `resume`
    does not ask for or that was begun otherwise.
    """
    target = check_trace_path(out.path)
    if out.images < 1:
        raise InputError(f"{target}: shards of {out.images} images: expected at least 1")
    folder = target.with_name(target.name.removesuffix(SUFFIX) + ".capture")
    begun = reached = _begun(target, folder, out.resume, _as_json(asked, target))
    if not begun.complete:
        parts = _parts(record, batches, folder, begun)
        for reached in _written(parts, folder, out.images, begun):
            write_progress(folder, reached)
    put_in_place(folder, reached.shards, target)
    return load_trace(target)


def _as_json(asked: Mapping[str, Any], target: Path) -> dict[str, Any]:
    """Return what was asked for as the progress file will give it back."""
    try:
        parsed: dict[str, Any] = json.loads(json.dumps(asked, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{target}: accuracy or provenance cannot be written as JSON: {error}"
        ) from None
    return parsed


def _begun(target: Path, folder: Path, resume: bool, asked: dict[str, Any]) -> Progress:
    """Return how far an earlier call came, checked to be this one's; make the folder if it is new.

    The folder is only ever one that holds a capture, because in the end it is removed.
    """
    progress = read_progress(folder)
    if present := [] if progress.complete else sorted(files_named(target)):
        raise InputError(
            f"{present[0]}: a trace of this name is there already: load it, remove it, or choose "
            "another name"
        )
    if not progress.shards:
        return begin(folder, asked)
    if not resume:
        raise InputError(
            f"{folder}: holds an interrupted capture, {progress.shards} shards of it: go on with "
            "resume=True, or remove the folder to start again"
        )
    if other := [field for field in asked if progress.asked.get(field) != asked[field]]:
        raise InputError(f"{folder}: begun with another {', '.join(other)}: {_SAME_OR_ANEW}")
    return progress


class _Rest(NamedTuple):
    """Images of one batch that are in no shard yet, and the digest of all batches up to it."""

    part: Part
    batches: int
    inputs_sha256: str


def _parts(
    record: Callable[[Tensor], Part],
    batches: Iterable[Tensor],
    folder: Path,
    begun: Progress,
) -> Iterator[_Rest]:
    """Yield what the finished shards lack, batch by batch, and first of all the first batch.

    Of a batch that begins within them that is the rest, which for the first may be no image.
    """
    digest = hashlib.sha256()
    paths = (shard_path(folder, number + 1) for number in range(begun.shards))
    finished = [_undamaged(path, begun.asked["shard_images"]) for path in paths]
    done = sum(shard.images for shard in finished)
    number = first = 0
    for number, batch in enumerate(batches, start=1):
        add_tensor(digest, batch)
        if number == begun.batches:
            _require_same_images(folder, begun, digest.hexdigest())
        if number == 1 or first + len(batch) > done:
            part = record(batch)
            if number == 1 and finished:
                _require_same_masks(folder, part.trace, finished[0])
            rest = part_of([part], max(done - first, 0)) if first < done else part
            yield _Rest(rest, number, digest.hexdigest())
        first += len(batch)
    if number < begun.batches:
        _require_same_images(folder, begun, digest.hexdigest())


def _undamaged(path: Path, images: int) -> GateTrace:
    anew = f"remove the folder {path.parent} to start again"
    if problems := check_trace(plain_file(path)):
        raise InputError(f"{problems[0]}; {anew}")
    shard = load_trace(path, verify=False)  # all of it was just read
    if shard.images != images:
        raise InputError(f"{path}: holds {shard.images} images, expected {images}; {anew}")
    return shard


def _require_same_images(folder: Path, begun: Progress, inputs_sha256: str) -> None:
    if inputs_sha256 != begun.inputs_sha256:
        raise InputError(
            f"{folder}: begun with other images in its first {begun.batches} batches, or batches "
            f"of other sizes: {_SAME_OR_ANEW}"
        )


def _require_same_masks(folder: Path, batch: GateTrace, shard: GateTrace) -> None:
    """Raise InputError where the first batch is not what the first shard says it was."""
    images = min(batch.images, shard.images)
    for again, before in zip_longest(batch.layers, shard.layers):
        if again is None or before is None or again.shape.geometry != before.shape.geometry:
            raise InputError(f"{folder}: begun with layers of another shape: {_SAME_OR_ANEW}")
        if again.shards and not np.array_equal(
            again.mask_words(0, images), before.mask_words(0, images)
        ):
            raise InputError(
                f"{folder}: layer {again.shape.name!r}: the first batch gives other masks than "
                f"when this capture was begun: {_SAME_OR_ANEW}"
            )


def _written(
    parts: Iterable[_Rest], folder: Path, images: int, begun: Progress
) -> Iterator[Progress]:
    """Write the parts in shards of `images`; yield the progress after each, complete at the end."""
    progress, pending = begun, list[Part]()
    for rest in parts:
        pending.append(same_layers(rest.part, pending[0]) if pending else rest.part)
        while sum(part.images for part in pending) >= images:
            progress = _one_more(progress, folder, part_of(pending, 0, images), rest)
            pending = [part_of(pending, images)]
            yield progress
    if not pending:
        raise InputError("nothing to capture: there was no batch.")
    if any(part.images for part in pending):
        progress = _one_more(progress, folder, part_of(pending), rest)
    yield progress.model_copy(update={"complete": True})


def _one_more(progress: Progress, folder: Path, shard: Part, last: _Rest) -> Progress:
    """Write one more shard, whose images end within the batch of `last`."""
    shards = progress.shards + 1
    save_trace(shard.stated(), file_to_be(shard_path(folder, shards)))
    return Progress(
        asked=progress.asked,
        shards=shards,
        batches=last.batches,
        inputs_sha256=last.inputs_sha256,
    )
