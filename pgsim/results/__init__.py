"""Results: columns from the ledger, tables, and their files."""

from pgsim.results.columns import (
    COLUMNS,
    IDENTITY,
    LAYER_COLUMNS,
    PARTS_OF_CYCLES,
    PARTS_OF_ENERGY,
    SUMMARY,
    SUMMED,
    Column,
)
from pgsim.results.layer_results import LayerResult
from pgsim.results.rows import Columns, Row
from pgsim.results.tables import Result

__all__ = [
    "COLUMNS",
    "IDENTITY",
    "LAYER_COLUMNS",
    "PARTS_OF_CYCLES",
    "PARTS_OF_ENERGY",
    "SUMMARY",
    "SUMMED",
    "Column",
    "Columns",
    "LayerResult",
    "Result",
    "Row",
]
