"""Which smaller windows of the fixed order are looked at (MODEL.md M8, M41)."""

from __future__ import annotations

import pytest
from designs import linear, random_mask
from fixed_orders import windowed_case
from jobs import job_of
from search_cases import windows_of

from pgsim.model.search.smaller_windows import smaller_windows


def listed(
    changes: dict[str, object], positions: int, out_channels: int = 2, *, gated: bool = False
) -> list[int]:
    gate = {} if gated else {"gate": "none"}
    layer = linear(positions, 8, out_channels, **gate)
    mask = random_mask(layer, 1, 0) if gated else None
    job = job_of(layer, mask, changes, "pg" if gated else "full")
    return smaller_windows(job).tolist()


# 96 bytes of two halves have room for 12 sums, six slots of two lanes; 64 KiB for 4096 slots.
SMALL = {
    "memory.output_sram.kib": 96 / 1024,
    "memory.output_sram.banks": 1,
    "memory.output_sram.port_bits": 8,
    "array.dataflow": "ws",
}
LARGE = {"memory.output_sram.kib": 64, "array.dataflow": "ws"}


def test_each_window_is_one_of_a_smaller_buffer() -> None:
    """By hand: a buffer has room for six slots, and smaller ones for one to five."""
    assert listed(SMALL, 20) == [1, 2, 3, 4, 5]


def test_a_window_is_no_longer_than_the_run() -> None:
    """By hand: a run has four slots, and in a window of four it is one window as it is."""
    assert listed(LARGE, 4) == [1, 2, 3]


def test_a_window_fills_the_rows_of_an_array_whose_sums_stay() -> None:
    """By hand: the array has four rows."""
    assert listed({"memory.output_sram.kib": 64}, 13) == [4, 8, 12]


def test_no_window_is_looked_at_that_the_design_rules_out() -> None:
    """M41: `lsb.window` says how long windows are, where several passes take them."""
    assert listed({**LARGE, "lsb.window": 4}, 13, gated=True) == []
    assert listed({**LARGE, "lsb.window": 4}, 13) == list(range(1, 13))


def test_of_long_runs_that_a_mask_steers_few_windows_are_looked_at() -> None:
    """By hand from M41: more slots than 64 of the shortest windows are a long run."""
    assert listed(LARGE, 64, gated=True) == list(range(1, 64))
    assert listed(LARGE, 70, gated=True) == [1, 2, 4, 8, 16, 32, 64]
    assert listed(LARGE, 70) == list(range(1, 70))


def test_a_run_is_not_cut_into_more_than_2_20_blocks() -> None:
    """By hand from M41. 2^21 slots are 2^20 windows of two, or 2^19 of four.

    Of two lane groups, 699,051 windows of three each are too many, and 2^19 of four are not.
    """
    assert listed(SMALL, 2**21) == [2, 3, 4, 5]
    assert listed(SMALL, 2**21, out_channels=4) == [4, 5]


@pytest.mark.parametrize("gated", [False, True], ids=["dense", "gated"])
@pytest.mark.parametrize("number", range(6))
def test_windows_are_those_of_a_plain_enumeration(number: int, gated: bool) -> None:
    """`windows_of` makes the output buffer smaller and smaller, as M8 and M41 are written."""
    case = windowed_case(number, gated=gated)
    assert smaller_windows(case.job).tolist() == windows_of(case)[::-1]
