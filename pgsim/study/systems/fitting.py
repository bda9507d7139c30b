"""The arrays of a system that fill a logic area, a few shapes of them."""

from __future__ import annotations

from collections.abc import Iterator

from pgsim.arch import LONGEST_SIDE, ArchConfig
from pgsim.cost import costs_of, logic_area_mm2
from pgsim.errors import InputError

COLUMNS = (8, 16, 32, 64)  # lanes for which schedulers were synthesized
_UM2_PER_MM2 = 1e6


def fitted(design: ArchConfig, area_mm2: float, *, gated: bool) -> Iterator[ArchConfig]:
    """Yield a design at each number of columns, with as many rows as a logic area has room for.

    gated: whether a scheduler steers anything, so that what gates is built. Rows that the rest of
    the design does not allow, such as an output buffer that does not hold their sums, are left
    out. Raises InputError where a part has no price.
    """
    pes = int(area_mm2 * _UM2_PER_MM2 / costs_of(design, gated=gated).pe.area_um2)
    for columns in COLUMNS:
        for rows in range(min(LONGEST_SIDE, pes // columns), 0, -1):
            shape = _shaped(design, rows, columns)
            if shape is None:
                continue
            if logic_area_mm2(costs_of(shape, gated=gated), gated=gated) <= area_mm2:
                yield shape
                break


def _shaped(design: ArchConfig, rows: int, columns: int) -> ArchConfig | None:
    sides = {"array.rows": rows, "array.columns": columns}
    try:
        return design.override({**sides, "name": design.name})
    except InputError:
        return None
