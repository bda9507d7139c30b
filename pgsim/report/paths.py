"""Where a report may be written; imports nothing that draws, to refuse a path before the work."""

from __future__ import annotations

from pathlib import Path

from pgsim.errors import InputError
from pgsim.files import check_new_file

_SUFFIXES = (".html", ".htm")


def check_report_path(path: str | Path) -> Path:
    """Return the path of a report to be; raises InputError where none could be written there."""
    path = Path(path)
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(f"{path}: a report's name ends in one of {', '.join(_SUFFIXES)}")
    return check_new_file(path)
