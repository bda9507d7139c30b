"""The inner loops: packed 64-bit words in, integers out; numpy and numba only, no state.

Each file stands alone (its helpers too), because Numba's disk cache does not notice a change in
another file.
"""

import os
import stat
import tempfile
from pathlib import Path


def _writable(folder: Path) -> bool:
    """Say whether `folder`, or the nearest parent that exists, can be written to."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)


def _own_folder() -> Path:
    """Return a folder for temporary files that nobody else can put a file in.

    Cached kernels are run as they are, so another user's must not be found there.
    """
    user = getattr(os, "getuid", int)()
    folder = Path(tempfile.gettempdir()) / f"pgsim-numba-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid == user and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022:
        return folder
    return Path(tempfile.mkdtemp(prefix="pgsim-numba-"))


_HOME = Path(os.path.expanduser("~"))  # "~" itself for a user without a home

# Numba caches beside the code or under the home folder and fails where neither is writable.
if "NUMBA_CACHE_DIR" not in os.environ and not (
    _writable(Path(__file__).parent / "__pycache__") or _writable(_HOME / ".cache")
):
    os.environ["NUMBA_CACHE_DIR"] = str(_own_folder())
