"""Calls of kernels that only kernels call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def called(inner: Callable[..., Any]) -> Callable[..., Any]:
    """Return what calls an inner kernel, which Python cannot call."""

    @numba.njit
    def call(*given):
        return inner(*given)

    return call
