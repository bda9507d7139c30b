"""The cores that a process may use, and work that is spread over them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def usable_cores() -> int:
    """Return how many cores this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_cores() -> int:
    """Return how many cores are left to threads of this process: one to a worker of others."""
    return 1 if multiprocessing.parent_process() else usable_cores()


def spread(work: Callable[[Item], Found], items: Sequence[Item], threads: int) -> list[Found]:
    """Return what work finds for each of some items, in their order.

    It has to leave the interpreter to other threads, as kernels do. The first error ends all.
    """
    if min(threads, len(items)) < 2:
        return [work(each) for each in items]
    pool = ThreadPoolExecutor(min(threads, len(items)))
    try:
        return list(pool.map(work, items))
    finally:
        pool.shutdown(cancel_futures=True)
