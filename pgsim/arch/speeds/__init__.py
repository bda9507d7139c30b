"""Speeds: how long the steps of an array are, one file a kind (MODEL.md M15, M53).

`SPEEDS` has them by their names in design files, `Speed` objects.

Examples
--------
>>> SPEEDS["variable"].description
'a step takes the passes that any of its input pixels needs'
"""

from pgsim.arch.speeds.speed import Speed
from pgsim.arch.speeds.steady import Steady
from pgsim.arch.speeds.variable import Variable
from pgsim.kinds import by_name

__all__ = ["SPEEDS", "Speed"]

SPEEDS: dict[str, Speed] = by_name((Steady(), Variable()))
