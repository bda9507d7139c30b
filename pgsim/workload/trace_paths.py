"""Where traces lie: one file or numbered shards, found by path or by name."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pgsim.errors import InputError
from pgsim.files import check_new_file, shipped
from pgsim.workload.problems import short

SUFFIX = ".safetensors"
_SEPARATORS = ("/", os.sep)
_BESIDE_A_TRACE = (".operands", ".margins")
_SHARD = re.compile(r"(?P<stem>.+)-[0-9]{5}-of-(?P<total>[0-9]{5})" + re.escape(SUFFIX))
_OF_OTHER_FORMATS = {
    ".bin", ".csv", ".gz", ".h5", ".hdf5", ".json", ".npy", ".npz", ".onnx", ".parquet", ".pkl",
    ".pt", ".pth", ".safetensor", ".tar", ".txt", ".yaml", ".yml", ".zip",
}  # fmt: skip


def check_trace_path(path: str | Path) -> Path:
    """Return the path of a trace to be, ending in .safetensors, which is appended where missing.

    Raises InputError where no trace could be written there, where the path ends as files of another
    format do, or those beside a trace, and where it is named as one of several shards. Any other
    ending, as in `resnet.v2`, is part of the name.

    >>> check_trace_path("resnet.v2").name
    'resnet.v2.safetensors'
    """
    check_name(path, "a trace")
    path = Path(path)
    if path.suffix.lower() in _OF_OTHER_FORMATS:
        raise InputError(
            f"{path}: a trace is a {SUFFIX} file: end its name so, or without {path.suffix}"
        )
    target = path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)
    if target.stem.endswith(_BESIDE_A_TRACE):
        raise InputError(f"{target}: so ends what lies beside a trace: choose another name")
    if _SHARD.fullmatch(target.name):
        raise InputError(
            f"{target}: so are the shards of a trace named: choose another name, or the common "
            "one and a number of shards"
        )
    return check_new_file(target)


def check_name(path: str | Path, what: str) -> None:
    """Raise InputError where a path ends in no name that `what` could be given.

    That is a folder, a name of dots alone, and one with characters that cannot be printed. Bytes
    of a name that are no UTF-8 are let pass.
    """
    name = Path(path).name
    if not name.removesuffix(SUFFIX).strip(".") or str(path).endswith(_SEPARATORS):
        raise InputError(f"{str(path)!r}: a folder, not the name of {what} to be")
    if wrong := [each for each in name if not (each.isprintable() or "\udc80" <= each <= "\udcff")]:
        raise InputError(
            f"{short(str(path))}: the name of {what} should be of printable characters, not "
            f"{wrong[0]!r}"
        )


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
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{short(str(given))}: cannot be read: {reason}") from None
