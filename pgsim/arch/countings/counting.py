"""What every convention of counting the accesses to the on-chip buffers is (MODEL.md M22, M47)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from pgsim.arch.lanes import Counts

Some = TypeVar("Some", int, Counts)


class Counting:
    """Which bits count as read from the buffers, and written to the output buffer.

    What is counted has a price, and no time: ports bring what the array takes (M21), whatever the
    convention.
    """

    name: ClassVar[str]
    description: ClassVar[str]

    def operands(self, read: Some, macs: Callable[[], Some]) -> Some:
        """Return the elements of an operand that a pass reads in every tile, or in one.

        read: those that leave its buffer. macs: finds the MACs of the pass.
        """
        raise NotImplementedError

    def sum_bits(self, moved: Counts, computed: Callable[[], Counts], finished: Counts) -> Counts:
        """Return the bits that every tile writes to the output buffer, and as many it reads.

        moved: bits of sums and finished outputs that cross its ports. computed: finds the bits of
        a sum for each output that a pass computes. finished: bits of the finished outputs, and of
        their mask.
        """
        raise NotImplementedError
