"""`ideal`: transfers take no time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pgsim.arch.dram_models.bandwidth import Bandwidth


@dataclass(frozen=True)
class Ideal(Bandwidth):
    """Nothing waits for DRAM, whose bytes count all the same (M51)."""

    name = "ideal"
    description = "transfers take no time, whatever the bandwidth"

    @property
    def slowdown(self) -> Fraction:
        """0: no byte takes time."""
        return Fraction(0)
