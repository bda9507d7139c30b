"""What is counted at the ports of the buffers, one file a convention (MODEL.md M22, M47).

`COUNTINGS` has them by their names in design files, `Counting` objects.

Examples
--------
>>> COUNTINGS["per_mac"].description
'every MAC reads both of its operands, and every output is read and written once more'
"""

from pgsim.arch.countings.counting import Counting
from pgsim.arch.countings.per_mac import PerMac
from pgsim.arch.countings.per_read import PerRead
from pgsim.kinds import by_name

__all__ = ["COUNTINGS", "Counting"]

COUNTINGS: dict[str, Counting] = by_name((PerRead(), PerMac()))
