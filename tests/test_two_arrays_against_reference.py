"""pgsim equals the stepped reference where one array predicts beside another (M59).

PGSIM_REFERENCE_TWO_ARRAYS_SEEDS=2000 python -m pytest tests/test_two_arrays_against_reference.py
"""

from __future__ import annotations

import os
from collections import Counter

import numpy as np
import pytest
from test_against_reference import difference, differences, found
from two_array_cases import predicts, two_arrays_case

from pgsim.arch import Array
from pgsim.model.job import Job
from pgsim.model.traffic import sram
from pgsim.model.two_arrays import TwoArrays

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


# Wrong rules, each as a line of pgsim that says something else than M59.
FAULTS: dict[str, tuple[type, str, object]] = {
    "both arrays take turns": (
        TwoArrays,
        "turn_cycles",
        property(lambda own: sum(own.busy_cycles)),
    ),
    "the executor takes all passes": (Job, "array_of", lambda own, _: own.arch.array.executor),
    "each array has all of the ports": (
        Job,
        "slot_port_bits",
        lambda own, _: own.arch.memory.buffers[own.slot_operand.name].cycle_bits,
    ),
    "all rows drain": (
        Array,
        "predictor",
        property(lambda own: own.model_copy(update={"predictor_share": 0.0})),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_rule_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    assert any(difference(two_arrays_case(seed)) for seed in range(30))


def test_sums_that_never_left_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the executor found the predictor's sums in its own PEs."""
    in_array = np.ones((1, 1, 1, 1), bool)
    monkeypatch.setattr(sram, "finished_in_the_array", lambda *_: in_array)
    assert any(difference(two_arrays_case(seed)) for seed in range(30))
