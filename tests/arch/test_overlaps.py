"""What goes on at once (M16, M17, M40, M47)."""

from __future__ import annotations

import pytest

from pgsim import load_arch


@pytest.mark.parametrize(("name", "overlap"), [("folds", True), ("none", False)])
def test_folds_overlap_or_run_alone(name: str, overlap: bool) -> None:
    design = load_arch("pg_os").override({"array.overlap": name})
    assert design.array.folds_overlap is overlap


@pytest.mark.parametrize(
    ("name", "double_buffered", "ahead"),
    [("turns", True, False), ("runs", True, True), ("turns", False, False), ("runs", False, False)],
)
def test_transfers_run_ahead_only_where_buffers_are_doubled(
    name: str, double_buffered: bool, ahead: bool
) -> None:
    changes = {"memory.overlap": name, "memory.double_buffered": double_buffered}
    assert load_arch("pg_os").override(changes).memory.runs_ahead is ahead
