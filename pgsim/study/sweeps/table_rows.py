"""What a row of a sweep's table is: each layer at each point, or each point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgsim.kinds import by_name

if TYPE_CHECKING:
    from pgsim.results import Columns, Result


@dataclass(frozen=True)
class TableRows:
    """What a row is; `columns` makes those of the results of a point."""

    name: str
    description: str
    columns: Callable[[Result], Columns]


def _of_layers(result: Result) -> Columns:
    return result.columns | {"area_mm2": [result.area_mm2] * len(result.layer_results)}


def _of_network(result: Result) -> Columns:
    return {column: [value] for column, value in result.summary.items()}


TABLE_ROWS = by_name(
    (
        TableRows("layer", "one per point and layer", _of_layers),
        TableRows("point", "one per point", _of_network),
    )
)
