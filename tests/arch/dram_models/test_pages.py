"""`pages`: what streams open, what refresh takes, and what no DRAM can be (M44)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from designs import design

from pgsim import InputError
from pgsim.arch.dram_models.pages import Pages


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
