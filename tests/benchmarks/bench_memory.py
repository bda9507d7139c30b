"""The memory bandwidth of this machine, on one core: what the rates of kernels stand beside."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

DATA_BYTES = 2**29  # far beyond any cache


@pytest.fixture(scope="module")
def data() -> NDArray[np.uint64]:
    return np.ones(DATA_BYTES // 8, np.uint64)


def test_read(rate: Callable[..., None], data: NDArray[np.uint64]) -> None:
    rate("memory: read", DATA_BYTES, data.sum)


def test_read_and_write(rate: Callable[..., None], data: NDArray[np.uint64]) -> None:
    target = np.empty_like(data)
    rate("memory: read and write", 2 * DATA_BYTES, lambda: np.copyto(target, data))
