"""pgsim equals the stepped reference where one array predicts beside another (M59).

PGSIM_REFERENCE_TWO_ARRAYS_SEEDS=2000 python -m pytest tests/test_two_arrays_against_reference.py
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from test_against_reference import differences, found
from two_array_cases import predicts, two_arrays_case

SEEDS = int(os.environ.get("PGSIM_REFERENCE_TWO_ARRAYS_SEEDS", "30"))
CHUNK = 100


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_every_integer_equals_the_reference(first: int) -> None:
    assert not differences(two_arrays_case, first, SEEDS)


def test_the_cases_reach_what_the_rule_says() -> None:
    """Of the plain run's cases some wait for each array and for ports, and some predict nothing."""
    reached: Counter[str] = Counter()
    for seed in range(30):
        counts = found(case := two_arrays_case(seed))
        reached.update(name for name, count in counts.items() if count)
        reached["predicts"] += predicts(case)
        if not predicts(case):
            assert counts["both_cycles"] == counts["predictor_wait_cycles"] == 0
    for name in ("both", "predictor_wait", "executor_wait", "port_stall", "bubble"):
        assert reached[f"{name}_cycles"] > 5, name
    assert 5 < reached["predicts"] < 25
