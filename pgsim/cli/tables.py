"""The table that a verb is given: of a file, or of the sweep that is writing it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pgsim.results.table_files import read_table


def table_of(results: Path) -> pd.DataFrame:
    """Return the rows of a file of results; of a sweep that has not ended, those it has so far.

    Raises InputError where there is neither, or it cannot be read.
    """
    if results.exists():
        return read_table(results)
    from pgsim.study.sweeps import read_sweep

    return read_sweep(results)
