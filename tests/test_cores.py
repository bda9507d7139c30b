"""Work that is spread over threads: in order, at once, and ended by the first error."""

from __future__ import annotations

import multiprocessing
import os
from threading import Barrier

import pytest

from pgsim.cores import free_cores, spread, usable_cores


def test_what_is_found_is_in_the_order_of_the_items() -> None:
    assert spread(lambda number: number**2, range(20), threads=4) == [n * n for n in range(20)]
    assert spread(lambda number: -number, [3], threads=4) == [-3]
    assert spread(str, [], threads=4) == []


def test_as_many_items_are_worked_on_at_once_as_there_are_threads() -> None:
    together = Barrier(3, timeout=30)  # one that waits alone would break it
    assert len(spread(lambda _: together.wait(), range(6), threads=3)) == 6


def test_the_first_error_ends_all() -> None:
    started = []

    def work(number: int) -> None:
        started.append(number)
        raise ValueError(f"item {number}")

    with pytest.raises(ValueError, match="item 0"):
        spread(work, range(1000), threads=2)
    assert len(started) < 1000


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system tells no cores")
def test_cores_are_those_that_the_process_is_bound_to() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert usable_cores() == len(before)


def test_a_worker_of_others_leaves_them_their_cores() -> None:
    assert free_cores() == usable_cores()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(free_cores) == 1
