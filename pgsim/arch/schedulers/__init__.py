"""LSB schedulers: what a gated pass issues, one file a kind (MODEL.md M11 to M14).

`SCHEDULERS` has them by their names in design files, subclasses of `Scheduler`.

Examples
--------
>>> SCHEDULERS["skip"].description
'slots with an active lane are issued, the others dropped'
"""

from pgsim.arch.schedulers.combine import Combine
from pgsim.arch.schedulers.dense import Dense
from pgsim.arch.schedulers.ideal import Ideal
from pgsim.arch.schedulers.queue import Queue
from pgsim.arch.schedulers.scheduler import (
    InOrder,
    Issued,
    IssuedFromBanks,
    MaskTiles,
    Scheduler,
    even_shortfalls,
)
from pgsim.arch.schedulers.skip import Skip
from pgsim.kinds import by_name

__all__ = [
    "SCHEDULERS",
    "InOrder",
    "Issued",
    "IssuedFromBanks",
    "MaskTiles",
    "Scheduler",
    "even_shortfalls",
]

SCHEDULERS: dict[str, type[Scheduler]] = by_name((Dense, Skip, Combine, Queue, Ideal))
