"""`per_read`: what crosses the ports of the buffers."""

from __future__ import annotations

from collections.abc import Callable

from pgsim.arch.countings.counting import Counting, Some
from pgsim.arch.lanes import Counts


class PerRead(Counting):
    """Operands on their way to the array, and sums as often as they come and go."""

    name = "per_read"
    description = "what crosses the ports: PEs that share an operand read it once"

    def operands(self, read: Some, macs: Callable[[], Some]) -> Some:
        """Return what leaves the buffer."""
        return read

    def sum_bits(self, moved: Counts, computed: Callable[[], Counts], finished: Counts) -> Counts:
        """Return what crosses the ports."""
        return moved
