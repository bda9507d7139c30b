"""`bandwidth`: bytes are all that takes time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from pgsim.arch.dram_models.dram_model import DRAMModel


@dataclass(frozen=True)
class Bandwidth(DRAMModel):
    """Every transfer runs at the full rate."""

    name = "bandwidth"
    description = "every transfer runs at the full rate"

    @property
    def row_miss(self) -> Fraction:
        """0 ns."""
        return Fraction(0)

    @property
    def slowdown(self) -> Fraction:
        """1: nothing is refreshed."""
        return Fraction(1)
