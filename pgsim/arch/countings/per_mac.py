"""`per_mac`: as Bit Fusion's simulator counts (Sharma et al., ISCA 2018)."""

from __future__ import annotations

from collections.abc import Callable

from pgsim.arch.countings.counting import Counting, Some
from pgsim.arch.lanes import Counts


class PerMac(Counting):
    """An operand for every MAC, a sum for every output that a pass computes.

    Each output counts once as the array writes it and once as DRAM takes it.
    """

    name = "per_mac"
    description = (
        "every MAC reads both of its operands, and every output is read and written once more"
    )

    def operands(self, read: Some, macs: Callable[[], Some]) -> Some:
        """Return the MACs."""
        return macs()

    def sum_bits(self, moved: Counts, computed: Callable[[], Counts], finished: Counts) -> Counts:
        """Return a sum for each computed output, and the finished outputs."""
        return computed() + finished
