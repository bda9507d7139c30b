"""The readers of pgsim, one a file, by name."""

from __future__ import annotations

from fuzz.reader import Reader
from fuzz.readers.architecture import ARCHITECTURE
from fuzz.readers.imported import CSV_LAYER_TABLE, LAYER_LISTS, LAYER_TABLE, SCALE_SIM
from fuzz.readers.imported_precisions import IMPORTED_PRECISIONS
from fuzz.readers.margins import MARGINS
from fuzz.readers.onnx_models import ONNX
from fuzz.readers.operands import OPERANDS
from fuzz.readers.other_simulators import OTHER_SIMULATORS
from fuzz.readers.precisions import PRECISIONS
from fuzz.readers.progress import PROGRESS
from fuzz.readers.sweep import SWEEP
from fuzz.readers.synthesis import SYNTHESIS
from fuzz.readers.tables import CSV_TABLE, JSON_TABLE, PARQUET_TABLE
from fuzz.readers.technology import TECHNOLOGY
from fuzz.readers.trace import TRACE

READERS: dict[str, Reader] = {
    each.name: each
    for each in (
        TRACE,
        OPERANDS,
        MARGINS,
        ARCHITECTURE,
        OTHER_SIMULATORS,
        TECHNOLOGY,
        SYNTHESIS,
        SWEEP,
        CSV_TABLE,
        PARQUET_TABLE,
        JSON_TABLE,
        PROGRESS,
        PRECISIONS,
        SCALE_SIM,
        LAYER_LISTS,
        LAYER_TABLE,
        CSV_LAYER_TABLE,
        IMPORTED_PRECISIONS,
        ONNX,
    )
}
