"""How layers come to their loop nests (M40, M41)."""

from __future__ import annotations

import pytest

from pgsim import load_arch
from pgsim.arch import MAPPING_KINDS


@pytest.mark.parametrize(
    ("name", "searches", "label"),
    [
        ("fixed", False, "loops in the fixed order"),
        ("search", True, "loop nests searched for energy"),
    ],
)
def test_a_mapping_says_whether_it_searches_and_what_for(
    name: str, searches: bool, label: str
) -> None:
    kind = MAPPING_KINDS[name]
    assert (kind.searches, kind.label("energy")) == (searches, label)
    mapping = load_arch("pg_os").override({"mapping": name, "mapping.objective": "energy"}).mapping
    assert (mapping.searches, mapping.label) == (searches, label)
