"""Reports of a simulation for users of other simulators, written to a folder."""

from __future__ import annotations

from pathlib import Path

from pgsim.errors import InputError, nearest
from pgsim.kinds import by_name
from pgsim.results.reports.report import Report
from pgsim.results.reports.scalesim import ScaleSimReports
from pgsim.results.reports.timeloop import TimeloopReports
from pgsim.results.tables import Result
from pgsim.writing import write_folder

REPORTS: dict[str, Report] = by_name((ScaleSimReports(), TimeloopReports()))


def write_reports(
    result: Result, folder: str | Path, *, kind: str = "scalesim"
) -> tuple[Path, ...]:
    """Write a simulation's reports as another simulator has them.

    Parameters
    ----------
    result : Result
        Of `simulate`.
    folder : str or Path
        Where the files go; it is made if it is not there.
    kind : str
        `scalesim`: COMPUTE_REPORT.csv and DETAILED_ACCESS_REPORT.csv, with the headers of
        SCALE-Sim 3.0.0, of an image. `timeloop`: action_counts.yaml of all images, with ERT.yaml
        and ART.yaml, as Accelergy 0.4 has them.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        Where there is no such kind, or a file cannot be written.

    Notes
    -----
    Source: MODEL.md, M51.

    Examples
    --------
    >>> import pgsim
    >>> result = pgsim.simulate("digits_pg_4_2", "fixed_8bit")
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     [path.name for path in write_reports(result, folder)]
    ['COMPUTE_REPORT.csv', 'DETAILED_ACCESS_REPORT.csv']
    """
    if kind not in REPORTS:
        hint = nearest(kind, REPORTS)
        raise InputError(f"kind {kind!r}: expected one of {', '.join(REPORTS)}.{hint}")
    return write_folder(folder, REPORTS[kind].files(result))
