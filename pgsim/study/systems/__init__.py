"""The precision systems of the field, on the same network, area and bandwidth.

`SYSTEMS` has them by their names.

Examples
--------
>>> SYSTEMS["Precision Gating"].runs["resnet20"].scheme
'pg'
"""

from pgsim.kinds import by_name
from pgsim.study.systems.by_values import BY_VALUES
from pgsim.study.systems.gated import GATED
from pgsim.study.systems.static import STATIC_SYSTEMS
from pgsim.study.systems.system import FAMILIES, Run, System

__all__ = ["FAMILIES", "SYSTEMS", "Run", "System"]

SYSTEMS: dict[str, System] = by_name((*GATED, *STATIC_SYSTEMS, *BY_VALUES))
