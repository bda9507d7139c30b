"""The ops that layers can have: one file an op, and the list of them (MODEL.md M1).

`OPS` has them by their names in manifests, `Op` objects.

Examples
--------
>>> OPS["linear"].needed_fields
('positions',)
"""

from __future__ import annotations

from pgsim.kinds import by_name
from pgsim.workload.ops.conv1d import Conv1d
from pgsim.workload.ops.conv2d import Conv2d
from pgsim.workload.ops.conv3d import Conv3d
from pgsim.workload.ops.linear import Linear
from pgsim.workload.ops.matmul import Matmul
from pgsim.workload.ops.op import Op, Sides, Size, Sizes
from pgsim.workload.ops.recurrent import Recurrent
from pgsim.workload.ops.side import Line, Side

__all__ = ["OPS", "Line", "Op", "Side", "Sides", "Size", "Sizes", "fields_of_ops"]

OPS: dict[str, Op] = by_name((Conv1d(), Conv2d(), Conv3d(), Linear(), Matmul(), Recurrent()))


def fields_of_ops() -> set[str]:
    """Return all manifest fields that layers of some ops take, and others do not.

    >>> "kernel" in fields_of_ops(), "weight_bits" in fields_of_ops()
    (True, False)
    """
    return {field for op in OPS.values() for field in op.fields}
