"""Lanes: what stands side by side on the array's columns, one file a kind (MODEL.md M7)."""

from pgsim.arch.lanes.channels import ChannelLanes
from pgsim.arch.lanes.lanes import Counts, Lanes, Words
from pgsim.arch.lanes.positions import PositionLanes
from pgsim.kinds import by_name

__all__ = ["LANES", "Counts", "Lanes", "Words"]

LANES: dict[str, Lanes] = by_name((ChannelLanes(), PositionLanes()))
