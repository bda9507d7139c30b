"""What the sections of a design cannot be together is all told at once."""

from __future__ import annotations

import pytest

from pgsim import load_arch
from pgsim.errors import InputError


def refused(changes: dict[str, object], name: str = "pg_os") -> list[str]:
    """Return the keys that a changed design is refused for, in the order told."""
    with pytest.raises(InputError) as caught:
        load_arch(name).override(changes)
    return [line.split(": ")[1] for line in str(caught.value).splitlines()]


def test_all_that_a_convention_does_not_know_is_told_at_once() -> None:
    changes = {
        "array.convention": "scalesim",
        "memory.ports": "all",
        "mapping": "search",
        "lsb.scheduler": "dense",
    }
    assert refused(changes) == ["memory.ports", "mapping.kind"]


def test_refusals_of_different_reasons_are_told_together() -> None:
    # The operands of row stationary come evenly, and its rows do not sum outputs of their own.
    changes = {
        "mapping": "fixed",
        "memory.ports": "all",
        "array.dataflow": "row_stationary",
        "array.predictor_share": 0.5,
        "lsb.window": "auto",
        "lsb.lane_order": "raster",
    }
    assert refused(changes) == ["memory.ports", "array.dataflow"]


def test_a_window_is_refused_beside_the_array_and_the_buffer() -> None:
    # 16 rows: a window of 17 slots is no multiple of them.
    assert refused({"mapping": "fixed", "lsb.window": 17}) == ["lsb.window"]


def test_what_the_section_alone_refuses_hides_nothing_and_is_told_once() -> None:
    # Where the array is wrong itself, nothing is said of what goes with it.
    assert refused({"array.rows": 0, "lsb.window": 17}) == ["array.rows"]
