"""The inner loops: packed 64-bit words in, integers out; numpy and numba only, no state.

Each file stands alone (its helpers too), because Numba's disk cache does not notice a change in
another file.
"""

import os
import tempfile
from pathlib import Path


def _writable(folder: Path) -> bool:
    """Say whether `folder`, or the nearest parent that exists, can be written to."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)


_HOME = Path(os.path.expanduser("~"))  # "~" itself for a user without a home

# Numba caches beside the code or under the home folder and fails where neither is writable.
if not (_writable(Path(__file__).parent / "__pycache__") or _writable(_HOME / ".cache")):
    os.environ.setdefault(
        "NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"pgsim-numba-{os.getuid()}")
    )
