"""Four rows side by side, against Python's integers."""

from __future__ import annotations

import ctypes
import mmap
import sys
from random import Random

import numba
import numpy as np
import pytest

from pgsim.kernels.four_rows import add_four, count_four, take_four

WORD = 2**64


@numba.njit
def counted(words, rows, arrays, places):  # type: ignore[no-untyped-def]
    keeps, union, counts = arrays
    count_four(words, rows, keeps, union, counts, places)


@numba.njit
def added(counts, rows, totals, fullest, place):  # type: ignore[no-untyped-def]
    add_four(counts, rows, totals, fullest, place)


@numba.njit
def taken(numbers, place):  # type: ignore[no-untyped-def]
    return take_four(numbers, place)


def _numbers(rng: Random, count: int, limit: int = WORD) -> list[int]:
    return [rng.choice((0, limit - 1, rng.randrange(limit))) for _ in range(count)]


def _array(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, np.uint64)


@pytest.mark.parametrize("seed", range(20))
def test_bits_of_four_rows_are_counted(seed: int) -> None:
    rng = Random(seed)
    words, keeps, union = _numbers(rng, 20), _numbers(rng, 12), _numbers(rng, 12)
    counts, rows = _numbers(rng, 8, 1000), [rng.randrange(17) for _ in range(4)]
    arrays = _array(keeps), _array(union), _array(counts)
    counted(_array(words), tuple(map(np.uint64, rows)), arrays, (np.uint64(8), np.uint64(4)))
    for place in range(4):
        own = [words[row + place] & keeps[8 + place] for row in rows]
        for bits in own:
            union[8 + place] |= bits
        for row in range(4):
            counts[4 + row] += own[row].bit_count()
    assert [each.tolist() for each in arrays] == [keeps, union, counts]


@pytest.mark.skipif(sys.platform == "win32", reason="a page cannot be closed in this way")
def test_words_that_do_not_count_may_lie_behind_the_end() -> None:
    """They lie in a page here of which a read would end the process."""
    memory = np.frombuffer(mmap.mmap(-1, 2 * mmap.PAGESIZE), np.uint64)
    words = memory[: memory.size // 2]
    behind, size = ctypes.c_void_p(words.ctypes.data + words.nbytes), ctypes.c_size_t(words.nbytes)
    words[-2:] = 0b101, 0b1110
    assert ctypes.CDLL(None).mprotect(behind, size, 0) == 0
    rows = tuple(np.uint64(words.size - each) for each in (2, 1, 3, 2))
    keeps, union, counts = _array([WORD - 1, 0, 0, 0]), _array(4 * [0]), _array(4 * [0])
    counted(words, rows, (keeps, union, counts), (np.uint64(0), np.uint64(0)))
    assert union.tolist() == [0b1111, 0, 0, 0]
    assert counts.tolist() == [2, 3, 0, 2]


@pytest.mark.parametrize("rows", range(1, 5))
def test_counts_are_added_and_begin_anew(rows: int) -> None:
    counts, totals, fullest = _array(2 * [5, 0, 7, 2**40]), _array(8 * [3]), _array(8 * [6])
    added(counts, np.uint64(rows), totals, fullest, np.uint64(4))
    assert counts.tolist() == [5, 0, 7, 2**40, 0, 0, 0, 0]
    own = [3 + count if row < rows else 3 for row, count in enumerate((5, 0, 7, 2**40))]
    assert totals.tolist() == [3, 3, 3, 3, *own]
    assert fullest.tolist() == [6, 6, 6, 6, 6, 6, 7, 2**40]  # rows that do not add are no others


def test_numbers_are_taken() -> None:
    numbers = np.arange(9, dtype=np.uint64)
    assert taken(numbers, np.uint64(3)) == (3, 4, 5, 6)
    assert numbers.tolist() == [0, 1, 2, 0, 0, 0, 0, 7, 8]
