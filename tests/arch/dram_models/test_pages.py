"""`pages`: what streams open, what refresh takes, and what no DRAM can be (M44)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from designs import design

from pgsim import InputError
from pgsim.arch.dram_models.pages import Pages

SIZES = ((64, 16, 30), (72, 32, 7), (64, 64, 1), (64, 16, 0))  # page, burst, ns of a miss


def test_a_stream_opens_every_page_that_it_crosses() -> None:
    pages = Pages(channels=2, page_bytes=64)
    assert pages.row_misses(np.array([0, 1, 128, 129, 1280])).tolist() == [0, 1, 1, 2, 10]


def test_refresh_takes_its_share_of_the_time() -> None:
    assert Pages(refresh_ns=100, refresh_interval_ns=500).slowdown == Fraction(5, 4)
    assert Pages(refresh_ns=0).slowdown == 1
    assert Pages().slowdown == Fraction(3904, 3904 - 180)


def test_times_become_cycles_of_the_clock() -> None:
    changes = {
        "clock_mhz": 250,
        "memory.dram.model": "pages",
        "memory.dram.gb_per_s": 2,
        "memory.dram.burst_bytes": 16,
        "memory.dram.row_miss_ns": 30,
        "memory.dram.refresh_ns": 1,
        "memory.dram.refresh_interval_ns": 3,
    }
    # 8 bytes a cycle and 4 ns a cycle; refresh makes all half as long again.
    assert design(changes).dram_cycles == (2 * Fraction(3, 2), Fraction(30, 4) * Fraction(3, 2))


def test_no_stream_takes_less_than_its_bursts_with_their_share_of_pages() -> None:
    """Streams of every length up to some pages, with their misses as `row_misses` counts them."""
    for page_bytes, burst_bytes, row_miss_ns in (
        (64, 16, 30),
        (72, 32, 7),
        (64, 64, 1),
        (64, 16, 0),
    ):
        changes = {"page_bytes": page_bytes, "burst_bytes": burst_bytes, "row_miss_ns": row_miss_ns}
        keys = {f"memory.dram.{key}": value for key, value in changes.items()}
        arch = design({"memory.dram.model": "pages", "memory.dram.refresh_ns": 7} | keys)
        burst, row_miss = arch.dram_cycles
        stream_bytes = np.arange(1, 5 * page_bytes)
        bursts = -(-stream_bytes // burst_bytes)
        misses = arch.memory.dram.in_time.row_misses(bursts * burst_bytes)
        takes = [
            b * burst + m * row_miss for b, m in zip(bursts.tolist(), misses.tolist(), strict=True)
        ]
        least = arch.least_burst_cycles
        assert all(own >= b * least for own, b in zip(takes, bursts.tolist(), strict=True))
        assert burst <= least <= burst + row_miss
        # Of whole pages of whole bursts it is what they take, but for the fraction left out.
        if page_bytes % burst_bytes == 0:
            assert least + Fraction(1, 1024) > burst + row_miss * burst_bytes / page_bytes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"refresh_ns": 3904}, "refresh_ns: value 3904: expected less than refresh_interval_ns"),
        ({"page_bytes": 8}, "page_bytes: value 8: expected at least a burst, 16 bytes."),
    ],
)
def test_what_no_dram_can_be_is_refused(changes: dict[str, int], message: str) -> None:
    keys = {f"memory.dram.{key}": value for key, value in changes.items()}
    with pytest.raises(InputError) as caught:
        design({"memory.dram.model": "pages"} | keys)
    assert f"memory.dram.{message}" in str(caught.value)
    design(keys)  # nothing asks for pages there
