"""Designs written for other tools."""

from __future__ import annotations

from pathlib import Path

from pgsim.arch import ArchConfig, load_arch
from pgsim.cost.exporters.exporter import Exporter
from pgsim.cost.exporters.timeloop import Timeloop
from pgsim.cost.parts import costs_of
from pgsim.errors import InputError, nearest
from pgsim.kinds import by_name
from pgsim.writing import write_folder

EXPORTERS: dict[str, Exporter] = by_name((Timeloop(),))


def export_arch(
    arch: ArchConfig | str | Path, folder: str | Path, *, format: str = "timeloop"
) -> tuple[Path, ...]:
    """Write what a design's parts cost, for another tool.

    Parameters
    ----------
    arch : ArchConfig, str or Path
        Loaded, or the path or name of a shipped one.
    folder : str or Path
        Where the files go; it is made if it is not there.
    format : str
        `timeloop`: ERT.yaml and ART.yaml as Accelergy 0.4 writes them, in pJ and um2.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        Where there is no such design or format, or a file cannot be written.

    Notes
    -----
    Source: MODEL.md, M28, M29 and M51. What steers gated passes is among the parts.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in export_arch("pg_os", folder)]
    ['ERT.yaml', 'ART.yaml']
    """
    if format not in EXPORTERS:
        hint = nearest(format, EXPORTERS)
        raise InputError(f"format {format!r}: expected one of {', '.join(EXPORTERS)}.{hint}")
    return write_folder(folder, EXPORTERS[format].files(costs_of(load_arch(arch)), gated=True))
