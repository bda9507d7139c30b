"""Pareto fronts, against the definition tried on every pair of designs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pgsim.errors import InputError
from pgsim.results.fronts import dominated, marked


def by_pairs(costs: np.ndarray) -> list[bool]:
    """A design is dominated by one that is nowhere worse and somewhere better."""
    return [
        any(all(a <= b for a, b in zip(other, own, strict=True))
            and any(a < b for a, b in zip(other, own, strict=True)) for other in costs)
        for own in costs
    ]  # fmt: skip


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("seed", range(20))
def test_dominated_designs_are_those_that_some_other_is_better_than(
    columns: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    costs = random.integers(0, 6, (40, columns)).astype(float)  # with many equal ones
    assert dominated(costs).tolist() == by_pairs(costs)


def test_less_is_better_but_of_accuracy_more() -> None:
    points = pd.DataFrame(
        {
            "design": ["a", "b", "c", "d", "e"],
            "energy_pj": [1.0, 2.0, 3.0, 3.0, 9.0],
            "accuracy": [0.8, 0.9, 0.85, 0.95, float("nan")],
        }
    )
    found = marked(points, ["energy_pj", "accuracy"])
    # c takes more than b and is less accurate; of e nothing is known. Of 3 pJ, d is better than c.
    assert found["design"].tolist() == ["a", "b", "d", "c"]
    assert found["dominated"].tolist() == [False, False, False, True]
    assert marked(points.iloc[:3], ["energy_pj"], ["energy_pj"])["design"].tolist() == [
        "c", "b", "a",
    ]  # fmt: skip


def test_a_column_that_is_not_asked_for_cannot_be_most() -> None:
    frame = pd.DataFrame({"cycles": [1.0]})
    with pytest.raises(InputError, match=r"expected one of cycles, not 'cycels'. Did you mean"):
        marked(frame, ["cycles"], ["cycels"])
    with pytest.raises(InputError, match="no design has a value of each of cycles"):
        marked(frame.assign(cycles=float("nan")), ["cycles"])
