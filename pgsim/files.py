"""Files as pgsim finds them: shipped data by name, what may be read, where one may be written."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pgsim.errors import InputError, nearest

_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # no such flag on Windows
_PIPE = "a pipe"
_PACKAGE = Path(__file__).resolve().parent


@cache
def shipped_folder(kind: str) -> Path:
    """Return the folder of shipped data of one kind, such as ``traces``.

    An installed wheel carries the data inside the package; a checkout has it beside the package.
    """
    installed = _PACKAGE / "shipped" / kind
    return installed if installed.is_dir() else _PACKAGE.parent / kind


def shipped_names(kind: str, suffix: str) -> list[str]:
    """Return the names, without `suffix`, of the shipped files of one kind, sorted.

    Names of shipped files have no dot, so that `x.operands.safetensors` is x in the suffix
    `.operands.safetensors`, and nothing in `.safetensors`.
    """
    names = (path.name[: -len(suffix)] for path in shipped_folder(kind).glob(f"*{suffix}"))
    return sorted(name for name in names if "." not in name)


def shipped(kind: str, name_or_path: str | Path, suffix: str, folder: Path = Path()) -> Path:
    """Return the path of a file given by path, from `folder` on, or by the name of a shipped one.

    Raises InputError, with the nearest shipped name, where there is neither.
    """
    path, ours = _places(kind, name_or_path, suffix, folder)
    is_ours = _is_name(str(name_or_path)) and _exists(ours)
    if _exists(path) and not (path.is_dir() and is_ours):
        return path
    if is_ours:
        return ours
    names = shipped_names(kind, suffix)
    raise InputError(
        f"{name_or_path}: no such file, and nothing in the shipped {kind} has this name "
        f"({', '.join(names) or 'none'}).{nearest(name_or_path, names)}"
    )


@lru_cache(maxsize=256)  # every point of a sweep asks for the same few
def _places(kind: str, name_or_path: str | Path, suffix: str, folder: Path) -> tuple[Path, Path]:
    """Return where a file given by path would be, and where the shipped one of this name."""
    return folder / name_or_path, shipped_folder(kind) / f"{name_or_path}{suffix}"


def _is_name(text: str) -> bool:
    """Say whether a text can be the name of a shipped file: no path, and no dot."""
    return text not in ("", "..") and not {".", "/", os.sep} & set(text)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # such as a name too long for the file system, or a null byte
        return False


class FileState(NamedTuple):
    """What tells a file from the same one changed, and from another one in its place."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, file: Path | int) -> FileState:
        """Return the state of a path, or of an open file by its descriptor; raises OSError."""
        found = os.stat(file)
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Give a regular file, open to be read.

    Raises InputError at once, and waits for nobody, where it is a folder, a pipe, a device or a
    socket, and where it cannot be read.
    """
    try:
        what = _irregular(path.stat().st_mode)
        # Without waiting, should a pipe take the file's place right now.
        descriptor = -1 if what else os.open(path, os.O_RDONLY | _AT_ONCE)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {reason}") from None
    if what:
        hint = ": write what it brings to a file first" if what == _PIPE else ""
        raise InputError(f"{path}: {what}, not a file{hint}")
    with open(descriptor, "rb") as file:
        yield file


def text_of(path: Path, most_kib: int) -> str:
    """Return the text of a small file, without a byte order mark.

    Raises InputError as `opened` does, and where it is larger, or no UTF-8.
    """
    with opened(path) as file:
        try:
            data = file.read(most_kib * 1024 + 1)
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > most_kib * 1024:
        raise InputError(f"{path}: larger than {most_kib} KiB: not a file of this kind")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not UTF-8 text (byte {error.start})") from None


def require_same(path: Path, state: FileState) -> None:
    """Raise InputError where a path is no longer the file, or as the file was, in this state."""
    try:
        same = FileState.of(path) == state
    except OSError:
        same = False
    if not same:
        raise InputError(f"{path}: was changed while it was read: try again")


def _irregular(mode: int) -> str:
    """Return what a file is by its mode, or nothing for a regular one."""
    if stat.S_ISREG(mode):
        return ""
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: _PIPE,
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def check_new_file(path: Path) -> Path:
    """Return the path of a file to be written or replaced.

    Raises InputError where its folder is not, where there is something else than a file, such as a
    folder, a pipe or a device, and where no file can have this name.
    """
    try:
        what = _irregular(path.stat().st_mode)
    except FileNotFoundError:
        what = "" if path.parent.is_dir() else f"its folder {path.parent} does not exist"
    except (OSError, ValueError) as error:
        what = str(getattr(error, "strerror", None) or error)
    else:
        what = what and f"it is {what}"
    if what:
        raise InputError(f"{path}: cannot be written: {what}")
    return path
