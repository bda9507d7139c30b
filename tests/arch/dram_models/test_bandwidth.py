"""`bandwidth`: nothing takes time but bytes (M44)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from designs import design

from pgsim.arch.dram_models.bandwidth import Bandwidth


def test_only_bytes_take_time() -> None:
    assert Bandwidth().row_misses(np.array([0, 1 << 30])).tolist() == [0, 0]
    changes = {"memory.dram.bytes_per_cycle": 12.8, "memory.dram.burst_bytes": 64}
    assert design(changes).dram_cycles == (Fraction(5), 0)
