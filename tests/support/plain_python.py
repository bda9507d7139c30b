"""Kernels as the Python functions that they are compiled from: a few numbers need no compiling.

Kernels that only others call cannot be called from Python, compiled, unless another one calls them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numba
import pytest
from numba.core.dispatcher import Dispatcher


def called_from_python(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel that only others call as one that is called from Python."""

    @numba.njit
    def call(*given):
        return kernel(*given)

    compiled: Callable[..., Any] = call
    return compiled


def in_plain_python(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Let each kernel that these modules have, or have imported, be its Python function."""
    for module in modules:
        for name, value in vars(module).copy().items():
            if isinstance(value, Dispatcher):
                monkeypatch.setattr(module, name, value.py_func)
