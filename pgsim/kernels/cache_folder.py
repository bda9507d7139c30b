"""Where is kept what one run made for the next ones: compiled kernels, nests that were chosen.

Cached kernels are run as they are, so that such things are looked for only in a folder that this
user alone may write. Its name holds a digest of all sources that make them: a change in any of them
makes another folder.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_KEPT_UNUSED_SECONDS = 30 * 24 * 3600


def cache_folder(chosen: str, sources: Path, digest: str) -> Path | None:
    """Return a folder for what sources make, made if it was missing; None where there can be none.

    It lies in the first of these in which it can be used: the folder `chosen`, `__pycache__` beside
    the sources, the user's cache folder (`XDG_CACHE_HOME`, else `~/.cache`), the folder for
    temporary files.

    chosen: a folder that a person chose for caches, empty if none. sources: the folder of all that
    decides what is kept. digest: of what they say, 16 hexadecimal digits.
    """
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    for parent in _parents(chosen, sources):
        folder = parent / f"pgsim-{user}-{digest}"
        is_new = not os.path.exists(folder)
        if _is_usable(folder):
            if is_new:
                _remove_unused(parent, user)
            return folder
    return None


def _parents(chosen: str, sources: Path) -> Iterator[Path]:
    """Yield the folders in which that of a cache may lie, the preferred one first."""
    chosen = os.path.expanduser(chosen)  # "~" stays for a user without a home
    if chosen and not chosen.startswith("~"):
        yield Path(chosen).absolute()
    yield sources / "__pycache__"
    of_user, home = os.environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~")
    if os.path.isabs(of_user):  # the XDG specification says to ignore another
        yield Path(of_user) / "pgsim"
    elif os.path.isabs(home) and os.path.isdir(home):
        yield Path(home) / ".cache" / "pgsim"
    with suppress(OSError):  # there may be no folder for temporary files
        yield Path(tempfile.gettempdir())


def _is_usable(folder: Path) -> bool:
    """Make a folder if it is missing; say whether it is private to this user, and writable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_private(folder):
            return False
        tempfile.TemporaryFile(dir=folder).close()
        os.utime(folder)  # it is in use
    except OSError:
        return False
    return True


def _is_private(folder: Path) -> bool:
    """Say whether a path is a folder, not a link, which is this user's and no other may write."""
    found = folder.lstat()
    if not hasattr(os, "geteuid"):  # on Windows the folders for caches are each user's own
        return stat.S_ISDIR(found.st_mode)
    is_own = found.st_uid == os.geteuid() and not found.st_mode & 0o022
    return is_own and stat.S_ISDIR(found.st_mode)


def _remove_unused(parent: Path, user: int) -> None:
    """Remove this user's folders for other sources that no process has used for a month."""
    oldest = time.time() - _KEPT_UNUSED_SECONDS
    for folder in parent.glob(f"pgsim-{user}-{'[0-9a-f]' * 16}"):
        with suppress(OSError):  # another process may remove it at this moment
            if _is_private(folder) and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
