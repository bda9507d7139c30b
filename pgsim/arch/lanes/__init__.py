"""Lanes: what stands side by side on the array's columns, one file a kind (MODEL.md M7).

`LANES` has them by their names in design files, `Lanes` objects.

Examples
--------
>>> LANES["channels"].description
'channels stand side by side, and slots are positions'
"""

from pgsim.arch.lanes.channels import ChannelLanes
from pgsim.arch.lanes.lanes import NOTHING, Counts, Lanes, Words
from pgsim.arch.lanes.positions import PositionLanes
from pgsim.kinds import by_name

__all__ = ["LANES", "NOTHING", "Counts", "Lanes", "Words"]

LANES: dict[str, Lanes] = by_name((ChannelLanes(), PositionLanes()))
