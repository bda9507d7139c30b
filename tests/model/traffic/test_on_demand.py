"""The LSB plane with the MSBs or on demand (M24)."""

from __future__ import annotations

import pytest
from designs import drawn, linear
from layer_rows import row_of


@pytest.mark.parametrize(
    ("fetch", "image", "bytes_read"),
    [
        ("with_msb", "....", 64),  # 4 positions of 32 channels of 4 bits
        ("on_demand", "....", 32),  # the MSBs alone
        ("on_demand", "x...", 48),  # and one position's LSBs: 64 bits, one burst of 16 bytes
        ("on_demand", "xx..", 48),  # the next position's lie in the same burst
        ("on_demand", "x..x", 64),
    ],
)
def test_the_lsb_plane_is_fetched_with_the_msbs_or_on_demand(
    fetch: str, image: str, bytes_read: int
) -> None:
    row = row_of(linear(4, 32, 1), drawn(image), {"memory.lsb_fetch": fetch})
    assert row["dram_activation_read_bytes"] == bytes_read
