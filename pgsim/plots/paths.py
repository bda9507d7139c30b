"""Where a figure may be written; imports nothing that draws, to refuse a path before the work."""

from __future__ import annotations

from pathlib import Path

from pgsim.errors import InputError, nearest
from pgsim.files import check_new_file

_SUFFIXES = (".png", ".svg", ".pdf")


def check_plot_path(path: str | Path) -> Path:
    """Return the path of a figure to be; raises InputError where no figure could be written there.

    The suffix, in either case, is the format: .png, .svg or .pdf. The folder must exist.
    """
    path = Path(path)
    if path.suffix.lower() not in _SUFFIXES:
        raise InputError(
            f"{path}: a figure's name ends in one of {', '.join(_SUFFIXES)}."
            f"{nearest(path.suffix.lower(), _SUFFIXES)}"
        )
    return check_new_file(path)
