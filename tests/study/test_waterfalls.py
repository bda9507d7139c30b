"""Where the saving goes, every total of M30 worked by hand for one layer."""

from __future__ import annotations

from fractions import Fraction

from designs import design, drawn, linear, trace_of

from pgsim import simulate
from pgsim.study.waterfalls import STEPS, waterfall


def test_every_total_by_hand() -> None:
    # 5 positions by 3 channels, D = 6, on a 4 x 2 array of 8-bit fusion units, `os`, `skip`: lane
    # groups of 2 and 1 channels; L is 1 at 8 by 8 bits and 4 at 2 by 8; 15 outputs, 5 gated.
    trace = trace_of(linear(5, 6, 3), drawn("xx..x ..x.. ....x"))
    arch = design({"array.pe.kind": "fusion"})
    baseline, gated = (simulate(trace, arch, scheme) for scheme in ("uniform:8,8", "pg"))
    expected = {
        "baseline": 30,  # 2 lane groups of 2 folds of 6 cycles, skew 4, DRAM 2
        "promise": 10,  # 30 * (15 * 2 * 8 + 5 * 2 * 8) / (15 * 64)
        "rounding": Fraction(15, 4),  # (15 + 5) * 6 MACs / (4 MACs * 8 PEs)
        "edges": Fraction(19, 2),  # MSB 2 * 2 folds * 2; 2 + 1 ideal slots * 2 / 4 rows
        "lane imbalance": 10,  # 3 + 1 entries in the fullest lanes
        "scheduler": Fraction(21, 2),  # 4 + 1 active slots
        "whole folds": 12,  # one LSB fold of 2 cycles in each lane group
        "port stalls": 12,
        # 6 folds of 2 cycles end 4 apart, at 2, 6, ... 22 (gates are known at 10 and 18); the skew
        "bubbles": 26,
        "DRAM stalls": 28,
    }
    assert list(expected) == list(STEPS)
    found = waterfall(baseline, gated)
    assert found["linear"] == found["network"] == list(expected.values())
