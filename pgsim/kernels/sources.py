"""A digest of sources, by which what they made is told from what others did."""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path


def digest_of_sources(folder: Path, about: str) -> str:
    """Return the SHA-256 of all Python files in and below a folder, and of what is said of them.

    Raises OSError where one cannot be read, or where there is none.
    """
    told, paths = sha256(about.encode()), sorted(folder.rglob("*.py"))
    if not paths:
        raise FileNotFoundError(f"{folder} has no sources")
    for path in paths:
        told.update(f"\0{path.relative_to(folder)}\0".encode())
        told.update(path.read_bytes())
    return told.hexdigest()


def cache_digest(folder: Path, makers: str) -> str | None:
    """Return 16 digits for what sources make of whatever they are given; None without sources.

    makers: the libraries that decide it too, and their versions, beside Python's.
    """
    try:
        return digest_of_sources(folder, f"{makers}, Python {sys.version}")[:16]
    except OSError:
        return None
