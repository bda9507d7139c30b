"""A copy of pgsim for every test, at one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from extending.tree import Tree, fresh_tree


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the copies and of their caches."""
    return tmp_path_factory.mktemp("extending")


@pytest.fixture
def tree(home: Path) -> Tree:
    """A copy of pgsim that nobody has changed."""
    return fresh_tree(home)
