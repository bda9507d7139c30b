"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

from pgsim.errors import InputError

_PARTIAL = re.compile(r"\.pgsim-[0-9a-f]{16}\.partial")
_MOST_HANDLES = 512  # of open files at once: a trace may be written in thousands of shards


def is_partial(path: Path) -> bool:
    """Say whether a file is what a killed process left of one that it was writing."""
    return bool(_PARTIAL.fullmatch(path.name)) and path.is_file() and not path.is_symlink()


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a path to write to; what is there replaces `path` when the block ends without an error.

    Until then, and after an error or an interrupt, `path` is as it was; a symbolic link stays, and
    what it leads to is replaced. On Linux the file has no name before it is complete, so that
    nothing is left of it, whatever ends this process before. Elsewhere SIGKILL may leave a
    `.pgsim-....partial` behind, which nothing reads; on Linux too in the instant in which a
    complete file takes the place of another.

    Raises InputError where the folder does not exist or cannot be written, or the disk is full.
    """
    target = Path(os.path.realpath(path))
    hidden = target.with_name(f".pgsim-{secrets.token_hex(8)}.partial")
    handle = _nameless_file(target.parent)
    scratch = hidden if handle is None else Path(f"/proc/{os.getpid()}/fd/{handle}")
    writing = _named(hidden, target) if handle is None else _nameless(handle, hidden, target)
    try:
        with writing:
            yield scratch
    except OSError as error:
        if error.filename not in (None, str(scratch), str(hidden)):
            raise
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None


def check_new_folder(path: str | Path) -> Path:
    """Return the path of a folder that files are to be written to.

    Raises InputError where it is something else, or it is not there and neither is its own folder.
    """
    folder = Path(path)
    try:
        problem = "" if folder.is_dir() else _no_folder(folder)
    except (OSError, ValueError) as error:  # such as a name too long, or a null byte
        problem = str(getattr(error, "strerror", None) or error)
    if problem:
        raise InputError(f"{path}: cannot be written: {problem}")
    return folder


def _no_folder(folder: Path) -> str:
    if folder.exists() or folder.is_symlink():
        return "it is not a folder"
    return "" if folder.parent.is_dir() else f"its folder {folder.parent} does not exist"


def write_folder(path: str | Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write texts by the names of their files to a folder, made if it is not there.

    Each file appears whole. Returns their paths. Raises InputError where one cannot be written.
    """
    folder = check_new_folder(path)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
    for name, text in files.items():
        with replacing(folder / name) as scratch:
            scratch.write_text(text, encoding="utf-8")
    return tuple(folder / name for name in files)


def _nameless_file(folder: Path) -> int | None:
    """Return an open file without a name; None where the system has none, or few are left."""
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    except (AttributeError, OSError):  # not Linux; a file system without; no such folder
        return None
    if handle < _MOST_HANDLES and Path(f"/proc/self/fd/{handle}").exists():
        return handle
    os.close(handle)
    return None


@contextmanager
def _nameless(handle: int, hidden: Path, target: Path) -> Iterator[None]:
    """Name an open file `target` when the block ends; in one step, by `hidden`, where there is one.

    That it has `src_dir_fd` makes `os.link` follow the link of /proc to the file.
    """
    source = f"/proc/self/fd/{handle}"
    try:
        yield
        try:
            os.link(source, target, src_dir_fd=handle)
        except FileExistsError:
            os.link(source, hidden, src_dir_fd=handle)
            try:
                hidden.replace(target)
            finally:
                hidden.unlink(missing_ok=True)
    finally:
        os.close(handle)


@contextmanager
def _named(hidden: Path, target: Path) -> Iterator[None]:
    """Give a new file `hidden` the name `target` when the block ends; else remove it."""
    os.close(os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        with _removed_by_signals(hidden):
            yield
            hidden.replace(target)
    finally:
        hidden.unlink(missing_ok=True)


@contextmanager
def _removed_by_signals(path: Path) -> Iterator[None]:
    """Remove a file before a signal ends this process, where the signal would have ended it."""
    restored: dict[int, Any] = {}
    if current_thread() is main_thread():  # no other may say what signals do
        for number in (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")):
            before = None if number is None else signal.getsignal(number)
            if number is not None and (before == signal.SIG_DFL or isinstance(before, _Removal)):
                restored[number] = signal.signal(number, _Removal(path, before))
    try:
        yield
    finally:
        for number, before in restored.items():
            signal.signal(number, before)


@dataclass(frozen=True)
class _Removal:
    """What a signal does while a file is written: remove it, and then what it did before."""

    path: Path
    before: Any

    def __call__(self, number: int, frame: object) -> None:
        self.path.unlink(missing_ok=True)
        signal.signal(number, self.before)
        signal.raise_signal(number)
