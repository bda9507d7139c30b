"""Folds and steps of one reduction under every dataflow, worked by hand (M10)."""

from __future__ import annotations

import pytest
from designs import conv, design


@pytest.mark.parametrize(
    ("dataflow", "macs_per_pe", "folds", "steps"),
    [
        # 3 x 3 kernel, 10 input channels in 2 groups: D = 45, 5 channels a tap; 4 rows.
        ("os", 1, 1, 45),
        ("os", 4, 1, 12),  # ceil(45 / 4)
        ("ws", 1, 12, 45),  # ceil(45 / 4)
        ("is", 4, 3, 12),  # ceil(45 / 16)
        ("bitfusion", 1, 18, 45),  # 9 taps of ceil(5 / 4)
        ("bitfusion", 2, 9, 27),  # 9 taps of ceil(5 / 8); 9 taps of ceil(5 / 2)
    ],
)
def test_folds_of_the_reduction(dataflow: str, macs_per_pe: int, folds: int, steps: int) -> None:
    layer, arch = conv(10, 4, 5, 3, groups=2), design({"array.dataflow": dataflow})
    rate = arch.dataflow.rate(layer, arch.array.rows, macs_per_pe, 1)
    assert rate.reduction_folds == folds
    assert rate.pe_steps == steps
