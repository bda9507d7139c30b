"""Which tests stay together where they are shared out between processes (pytest-xdist).

The tests of these folders share what takes long to make: built designs, a changed copy of pgsim.
"""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TOGETHER = {"rtl", "extending"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of each such folder into a group of its name, and the groups first."""
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0]
        if folder in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(folder))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
