"""Kernels as the Python functions that they are compiled from: a few numbers need no compiling."""

from __future__ import annotations

from types import ModuleType

import pytest
from numba.core.dispatcher import Dispatcher


def in_plain_python(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Let each kernel that these modules have, or have imported, be its Python function."""
    for module in modules:
        for name, value in vars(module).copy().items():
            if isinstance(value, Dispatcher):
                monkeypatch.setattr(module, name, value.py_func)
