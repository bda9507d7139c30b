"""The report as a file: one page of HTML, with all that it needs in itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pgsim.report.page import page
from pgsim.report.paths import check_report_path
from pgsim.report.subjects import of_comparison, of_simulation, of_table
from pgsim.results import Result
from pgsim.study.comparison import Comparison
from pgsim.study.sweeps import SweepSpec
from pgsim.writing import replacing

if TYPE_CHECKING:
    import pandas as pd


def write_report(
    of: Result | Comparison | pd.DataFrame,
    path: str | Path,
    *,
    commands: Sequence[str] = (),
    spec: SweepSpec | None = None,
) -> None:
    """Write what a simulation, a comparison or a table found as one HTML file.

    The file asks for nothing outside of it, can be read without scripts, and can be printed. The
    same input gives the same bytes.

    Parameters
    ----------
    of : Result, Comparison or DataFrame
        What `simulate`, `compare` or `sweep` returned, or what `read_table` read. Of a result or a
        comparison the report tells of the costliest layer too, which is run once more.
    path : str or Path
        A .html file. It appears, or replaces another, only when it is complete.
    commands : sequence of str
        What the report says how to make it again, a command each (default: nothing).
    spec : SweepSpec, optional
        The sweep that a table is of. Its fastest design is simulated once more, so that the report
        tells its layers, nest, timeline and keys too.

    Raises
    ------
    InputError
        For another suffix, a file that cannot be written, a table without the columns that tell
        designs, time and energy, and one that is not of the sweep.

    Notes
    -----
    Figures, nest and timeline are those of `plot_results`, `simulate --explain` and
    `write_timeline`. Source: MODEL.md M27 to M31, M40, M48, M49.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from pgsim import simulate
    >>> with TemporaryDirectory() as folder:
    ...     write_report(simulate("digits_pg_4_2", "pg_ws"), f"{folder}/report.html")
    ...     Path(f"{folder}/report.html").read_text()[:15]
    '<!doctype html>'
    """
    path = check_report_path(path)
    if isinstance(of, Result):
        told = of_simulation(of, commands)
    elif isinstance(of, Comparison):
        told = of_comparison(of, commands)
    else:
        told = of_table(of, commands, spec)
    made = page(*told)
    with replacing(path) as temporary:
        temporary.write_text(made, encoding="utf-8", newline="\n")
