"""Which tests stay together where they are shared out between processes (pytest-xdist).

The tests of these folders share what takes long to make: built designs, a changed copy of pgsim,
masks fitted to a network's.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Every core has a process of tests already: threads of linear algebra would only wait for each
# other. Workers inherit this before they import NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

TESTS = Path(__file__).parent
TOGETHER = ("rtl", "extending", "masks/fitting")
BY_FILE = "gating"  # each file trains networks of its own


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of each such folder into a group of its name, and the groups first."""
    for item in items:
        for folder in TOGETHER:
            if item.path.is_relative_to(TESTS / folder):
                item.add_marker(pytest.mark.xdist_group(folder))
        if item.path.is_relative_to(TESTS / BY_FILE):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
