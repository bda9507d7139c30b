"""Tests that share what takes long to make, an `xdist_group`, are run by one process."""

from __future__ import annotations

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="there is one process")
@pytest.mark.xdist_group("groups")
def test_a_group_is_known_to_whoever_shares_out_the_tests(request: pytest.FixtureRequest) -> None:
    """pytest-xdist appends a group to the names of its tests, and hands them out by these."""
    assert request.node.nodeid.endswith("@groups")
