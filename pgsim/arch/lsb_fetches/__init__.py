"""When the planes of an activation are fetched, one file a kind (MODEL.md M24).

`LSB_FETCHES` has them by their names in design files, `LSBFetch` objects.

Examples
--------
>>> LSB_FETCHES["on_demand"].description
'planes that only gated passes use are fetched as open gates need them'
"""

from pgsim.arch.lsb_fetches.lsb_fetch import LSBFetch
from pgsim.arch.lsb_fetches.on_demand import OnDemand
from pgsim.arch.lsb_fetches.with_msb import WithMSB
from pgsim.kinds import by_name

__all__ = ["LSB_FETCHES", "LSBFetch"]

LSB_FETCHES: dict[str, LSBFetch] = by_name((WithMSB(), OnDemand()))
