"""What holds of every row of results, whatever was simulated (the columns' own meaning)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from fuzz.reader import Broken
from pgsim import COLUMNS
from pgsim.results import IDENTITY
from pgsim.results.columns import LAYER_COLUMNS, NEST

_SHARES = {
    "mask_density", "gated_density", "pe_utilization", "msb_pe_utilization", "lsb_pe_utilization",
}  # fmt: skip
_BLOCKS = {name for name, column in NEST.items() if column.unit}  # blocks or a window, not both
_MAY_BE_NAN = _SHARES | {"gated_average_bits"} | _BLOCKS  # nor a gate or pass to take them of
_COUNTED_IN = {"MACs", "outputs", "cycles", "slots", "PE cycles", "bytes", "images"}
_WHOLE = {name for name, column in LAYER_COLUMNS.items() if column.unit in _COUNTED_IN}
_WORDS = {"design", "nest_order", "nest_unheld", *IDENTITY}
_ROUNDING = 1e-9


def check_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Raise Broken where a count is no whole number of int64, or a figure is out of its range."""
    for row in rows:
        for name, value in row.items():
            if name in COLUMNS and name not in _WORDS and not _in_range(name, value):
                raise Broken(
                    f"a column out of its range: {name} is {value!r} in {row.get('layer')!r}"
                )


def _in_range(name: str, value: Any) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    if value != value:  # a NaN; math.isnan takes no integer of hundreds of digits
        return name in _MAY_BE_NAN
    if name in _WHOLE:
        return 0 <= value < 2**63 and value == int(value)
    return 0 <= value <= (1 + _ROUNDING if name in _SHARES else math.inf) and math.isfinite(value)
