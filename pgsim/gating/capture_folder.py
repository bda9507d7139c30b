"""The folder of a capture that is under way: its finished shards, and how far they reach.

Others can reach into it. What a capture did not write there it neither reads, replaces nor
deletes, and a progress file that no capture wrote is refused. What a capture wrote is told by its
name: ``progress.json``, ``00001.safetensors`` and so on, and what a killed one left of them.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape
from pgsim.workload.manifest import MOST_SHARDS
from pgsim.workload.problems import describe
from pgsim.workload.saved_trace import join_traces, load_trace
from pgsim.workload.strict_json import parse_json
from pgsim.workload.trace_file import read_shard
from pgsim.workload.trace_paths import SUFFIX, shard_paths
from pgsim.writing import is_partial, replacing

PROGRESS = "progress.json"

_MOST_BATCHES = 2**40


class Progress(BaseModel):
    """The progress file: what was asked for, and how far the finished shards reach.

    `batches` are those that begin within these shards, `inputs_sha256` is the digest of their bits.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    asked: dict[str, Any]
    shards: Annotated[int, Field(ge=0, le=MOST_SHARDS)] = 0
    batches: Annotated[int, Field(ge=0, le=_MOST_BATCHES)] = 0
    inputs_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    complete: bool = False

    @model_validator(mode="after")
    def _agrees(self) -> Progress:
        begun = self.shards > 0
        if (self.batches > 0, bool(self.inputs_sha256)) != (begun, begun):
            raise ValueError(
                f"{self.shards} 'shards' with {self.batches} 'batches' and 'inputs_sha256' "
                f"{self.inputs_sha256!r}: expected all of them, or none"
            )
        if self.complete and not begun:
            raise ValueError("'complete' with 0 'shards'")
        return self


def read_progress(folder: Path) -> Progress:
    """Return how far a capture in this folder came; without one, none of it.

    Raises InputError where the folder holds something else, naming file and key.
    """
    if not os.path.lexists(folder):
        return Progress(asked={})
    if folder.is_symlink() or not folder.is_dir():
        raise InputError(
            f"{folder}: is in the way: it is no folder; remove it, or choose another name"
        )
    path = folder / PROGRESS
    if not os.path.lexists(path):
        if foreign := _foreign_in(folder):
            raise InputError(
                f"{folder}: is in the way: it holds {foreign[0].name} and no capture's {PROGRESS}; "
                "move what it holds, or choose another name"
            )
        return Progress(asked={})
    try:
        fields = parse_json(plain_file(path).read_bytes(), f"{path}: is no capture's: it")
        return Progress.model_validate(fields)
    except ValidationError as error:
        problems = describe(error, Progress.model_fields)
    except OSError as error:
        problems = str(error.strerror)
    raise InputError(
        f"{path}: is no capture's: {problems}; remove the folder to start again, or choose another "
        "name"
    )


def write_progress(folder: Path, progress: Progress) -> Progress:
    """Write the progress file, and return the progress."""
    with replacing(file_to_be(folder / PROGRESS)) as temporary:
        temporary.write_text(progress.model_dump_json(indent=1), encoding="utf-8")
    return progress


def begin(folder: Path, asked: dict[str, Any]) -> Progress:
    """Make the folder where it is not there, note that nothing is done yet, and return that."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made: {error.strerror}") from None
    return write_progress(folder, Progress(asked=asked))


def shard_path(folder: Path, number: int) -> Path:
    """Return the path of a shard in a capture's folder; they are numbered from one."""
    return folder / f"{number:05d}{SUFFIX}"


def plain_file(path: Path) -> Path:
    """Return the path of a file that is there.

    Raises InputError for a link, a folder or a pipe, which would be read without an end.
    """
    if path.is_symlink() or not path.is_file():
        what = "is missing" if not os.path.lexists(path) else "is no plain file"
        raise InputError(
            f"{path}: {what}: put back what the capture wrote, or remove the folder {path.parent} "
            "to start again"
        )
    return path


def file_to_be(path: Path) -> Path:
    """Return the path of a file to be; raises InputError where no plain file is in its place."""
    return plain_file(path) if os.path.lexists(path) else path


def put_in_place(folder: Path, shards: int, target: Path) -> None:
    """Write the finished shards as one trace, in which each says its place, and drop the folder.

    Raises InputError, before any is written, where a shard is missing or its name is taken.
    """
    finished = [shard_path(folder, number + 1) for number in range(shards)]
    places = shard_paths(target, shards)
    if all(map(os.path.lexists, finished)):  # they go only when the trace is there
        for shard, place in zip(finished, places, strict=True):
            _check_free(place, plain_file(shard))
        join_traces([load_trace(shard) for shard in finished], target)
    if not all(map(os.path.lexists, places)):
        for shard in finished:
            plain_file(shard)
    _drop(folder, finished)


def _check_free(place: Path, shard: Path) -> None:
    """Raise InputError where there is a file that is none of this capture's trace."""
    if not os.path.lexists(place):
        return
    try:
        ours = _said_by(place) == _said_by(shard)
    except InputError:
        ours = False
    if not ours:
        raise InputError(
            f"{place}: is in the way of the captured {shard}: move one of them elsewhere, "
            "and call again with resume=True"
        )


def _said_by(path: Path) -> tuple[dict[str, Any], list[LayerShape]]:
    """Return what all files of a capture say alike: all but the zeros of their own images."""
    shard = read_shard(path)
    about = {key: each for key, each in shard.manifest.about().items() if key != "layers"}
    return about, [layer.replace(zeros=None) for layer in shard.layers]


def _drop(folder: Path, finished: Sequence[Path]) -> None:
    """Remove what a capture wrote into its folder, the progress last, and the folder."""
    for left in [*finished, *filter(is_partial, folder.iterdir())]:
        left.unlink(missing_ok=True)
    (folder / PROGRESS).unlink()  # until then this can be done again
    if foreign := _foreign_in(folder):
        warnings.warn(
            f"{folder} is kept, because it holds {foreign[0].name}, which no capture wrote",
            stacklevel=2,
        )
    else:
        folder.rmdir()


def _foreign_in(folder: Path) -> list[Path]:
    """Return what a folder holds but a progress file and unfinished ones, in the order of names."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    return [path for path in entries if path.name != PROGRESS and not is_partial(path)]
