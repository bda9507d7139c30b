"""The order in which channels become lanes, one file a kind (MODEL.md M7).

`LANE_ORDERS` has them by their names in design files, `LaneOrder` objects.

Examples
--------
>>> LANE_ORDERS["density"].description
'channels of a group are sorted by the density of their masks, the densest first'
"""

from pgsim.arch.lane_orders.density import Density
from pgsim.arch.lane_orders.lane_order import LaneOrder
from pgsim.arch.lane_orders.raster import Raster
from pgsim.kinds import by_name

__all__ = ["LANE_ORDERS", "LaneOrder"]

LANE_ORDERS: dict[str, LaneOrder] = by_name((Raster(), Density()))
