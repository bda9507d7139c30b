"""`bandwidth`: bytes are all that takes time."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pgsim.arch.dram_models.dram_model import DRAMModel
from pgsim.arch.lanes import Counts


@dataclass(frozen=True)
class Bandwidth(DRAMModel):
    """Every transfer runs at the full rate."""

    name = "bandwidth"
    description = "every transfer runs at the full rate"
    has_pages = False

    def row_misses(self, stream_bytes: Counts) -> Counts:
        """Return 0: there are no pages."""
        return np.zeros_like(stream_bytes)

    @property
    def row_miss(self) -> Fraction:
        """0 ns."""
        return Fraction(0)

    @property
    def slowdown(self) -> Fraction:
        """1: nothing is refreshed."""
        return Fraction(1)
