"""Searches of sweeps: fronts against those of whole sweeps, found here pair by pair."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from itertools import chain

import numpy as np
import pandas as pd
import pytest
from designs import conv

from pgsim import (
    InputError,
    SweepSpec,
    load_trace,
    optimize,
    read_sweep,
    read_table,
    save_trace,
    sweep,
    synthetic_trace,
)
from pgsim.errors import ClockWarning
from pgsim.study.fronts import COLUMNS, Front, objectives_of
from pgsim.study.optimizing import optimize_into
from pgsim.study.proposals import promising_points
from pgsim.study.sweeps import digests
from pgsim.study.sweeps.checks import unchecked_points
from pgsim.study.sweeps.run import Simulation

ROWS = [4, 8, 16, 32]
AXES = {"array.rows": ROWS, "clock_mhz": [100, 200, 400], "mapping.kind": ["fixed"]}
LEAST = ["energy_pj", "time_us"]


def digits(**changes) -> SweepSpec:
    """Return a sweep of twelve points of the digits, or one that differs from it."""
    asked = {"traces": ["digits_pg_4_2"], "archs": ["pg_ws"], "axes": AXES, "rows": "point"}
    return SweepSpec(**(asked | changes))


def front_of(table: pd.DataFrame, least: list[str]) -> pd.DataFrame:
    """Return the rows to which no other is no worse in all columns and better in one."""
    rows = table[least].to_numpy()
    kept = [not any((b <= a).all() and (b < a).any() for b in rows) for a in rows]
    return table[kept].sort_values(least, kind="stable").reset_index(drop=True)


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    return sweep(digits(), jobs=1)


@pytest.fixture
def simulated(monkeypatch) -> list[int]:
    """The numbers of the points that are simulated from now on."""
    numbers: list[int] = []
    simulate = Simulation.__call__

    def counted(self: Simulation, number: int) -> bytes:
        numbers.append(number)
        return simulate(self, number)

    monkeypatch.setattr(Simulation, "__call__", counted)
    return numbers


class Stop(Exception):
    pass


def stop_after(trials: int):
    def progress(done: int, total: int) -> None:
        if done >= trials:
            raise Stop

    return progress


def test_with_a_trial_a_point_the_front_is_that_of_the_whole_sweep(whole, simulated) -> None:
    found = optimize(digits(), LEAST, trials=12)
    pd.testing.assert_frame_equal(found, front_of(whole, LEAST))
    assert sorted(simulated) == list(range(12))
    assert 1 < len(found) < 12


@pytest.mark.parametrize("seed", [0, 1])
def test_optuna_proposes_every_point_once(seed) -> None:
    pytest.importorskip("optuna")
    points = unchecked_points(digits())
    proposals = promising_points(points, 1, seed)
    numbers = [*next(proposals)]
    with pytest.raises(StopIteration):
        while True:  # of every third nothing is known
            known = None if len(numbers) % 3 == 0 else [float(numbers[-1])]
            numbers += proposals.send([known])
    assert sorted(numbers) == list(range(12))


def test_points_are_proposed_together_and_never_twice() -> None:
    pytest.importorskip("optuna")
    every = []
    for _ in range(2):  # the same seed and costs give the same points
        proposals = promising_points(unchecked_points(digits()), 1, seed=0, together=5)
        rounds = [next(proposals)]
        with pytest.raises(StopIteration):
            while True:
                rounds.append(proposals.send([[float(number)] for number in rounds[-1]]))
        assert [len(each) for each in rounds] == [5, 5, 2]
        assert sorted(chain(*rounds)) == list(range(12))
        every.append(rounds)
    assert every[0] == every[1]


def test_proposals_learn_from_what_points_cost() -> None:
    """Of 4,096 points whose cost is a sum, 100 by lot have the least one in 2.4% of searches."""
    pytest.importorskip("optuna")
    keys = ("array.rows", "array.columns", "clock_mhz", "batch")
    axes = {key: [1, 2, 4, 8, 16, 32, 64, 128] for key in keys}
    points = unchecked_points(digits(axes=axes))
    for seed in range(3):
        proposals = promising_points(points, 1, seed)
        (number,), costs = next(proposals), []
        for _ in range(100):
            costs.append(sum(points.digits(number).values()))
            (number,) = proposals.send([[float(costs[-1])]])
        assert min(costs) == 0


def test_more_may_be_better_and_sums_are_per_image(whole) -> None:
    negative = whole.assign(pe_utilization=-whole["pe_utilization"])
    expected = front_of(negative, ["pe_utilization", "area_mm2"])
    found = optimize(digits(), minimize=["area_mm2"], maximize=["pe_utilization"], trials=12)
    assert set(found["array.rows"]) == set(expected["array.rows"])
    line = Simulation(unchecked_points(digits()))(0)
    (cost, usage), = objectives_of(["cycles"], ["pe_utilization"]).costs([line])  # fmt: skip
    assert cost == whole["cycles_per_image"][0]
    assert usage == -whole["pe_utilization"][0]


def test_accuracy_is_what_shipped_traces_state() -> None:
    spec = digits(axes={"mapping.kind": ["fixed"]}, schemes=["full", "pg", "msb_only"])
    found = optimize(spec, ["energy_pj"], ["accuracy"])
    stated = load_trace("digits_pg_4_2").accuracy
    by_scheme = found.set_index("scheme")["accuracy"].to_dict()
    assert by_scheme == {each: stated[f"top1_{each}"] for each in ("msb_only", "pg")}


def test_every_objective_is_a_column_of_a_network(whole) -> None:
    assert set(COLUMNS) - {"accuracy"} <= set(whole.columns)


def test_equal_designs_stand_beside_each_other_and_unknown_ones_nowhere() -> None:
    front = Front(objectives_of(LEAST, []))
    costs = [(2, 2), (2, 2), (3, 1), (3, 2), (0, np.nan), (1, 2)]
    added = [front.add(number, b"", np.array(each)) for number, each in enumerate(costs)]
    assert added == [True, True, True, False, False, True]
    assert set(front.lines) == {2, 5}


def test_a_search_that_was_ended_goes_on_as_if_it_had_not(simulated, tmp_path) -> None:
    """Seven of twelve points, by Optuna: the same points, front and journal, none of them twice."""
    pytest.importorskip("optuna")
    once, ended = tmp_path / "once.csv", tmp_path / "ended.csv"
    found = optimize_into(once, digits(), LEAST, trials=7, seed=3)
    assert (found.trials, found.before, found.finished, found.is_whole) == (7, 0, 7, False)
    straight = [*simulated]
    simulated.clear()
    for trials in (1, 4):
        with pytest.raises(Stop):
            optimize_into(ended, digits(), LEAST, trials=7, seed=3, progress=stop_after(trials))
        assert len(read_sweep(ended)) == trials
        pd.testing.assert_frame_equal(read_table(ended), front_of(read_sweep(ended), LEAST))
    journal = ended.with_name("ended.csv.journal")
    with journal.open("ab") as file:
        file.write(b"half a li")
    assert optimize_into(ended, digits(), LEAST, trials=7, seed=3).before == 4
    assert simulated == straight
    assert set(Counter(simulated).values()) == {1}
    assert ended.read_bytes() == once.read_bytes()
    assert journal.read_bytes() == once.with_name("once.csv.journal").read_bytes()
    pd.testing.assert_frame_equal(optimize(digits(), LEAST, trials=7, seed=3), read_table(once))


def test_jobs_try_points_together_and_end_as_they_would_without_an_end(whole, tmp_path) -> None:
    """Rounds of two points by two processes: the same points and front, ended or not."""
    pytest.importorskip("optuna")
    once, ended = tmp_path / "once.csv", tmp_path / "ended.csv"
    seen: list[int] = []
    found = optimize_into(
        once, digits(), LEAST, trials=7, seed=3, jobs=2, progress=lambda done, of: seen.append(done)
    )
    assert (found.trials, found.finished, seen) == (7, 7, list(range(1, 8)))
    tried = read_sweep(once)
    pd.testing.assert_frame_equal(read_table(once), front_of(tried, LEAST))
    keys = ["array.rows", "clock_mhz"]
    same = tried.merge(whole, on=[*keys, *LEAST])  # each as a sweep of one process has it
    assert len(same) == 7
    with pytest.raises(Stop):
        optimize_into(ended, digits(), LEAST, trials=7, seed=3, jobs=2, progress=stop_after(4))
    assert len(read_sweep(ended)) >= 4
    assert optimize_into(ended, digits(), LEAST, trials=7, seed=3, jobs=2).before >= 4
    assert ended.read_bytes() == once.read_bytes()
    pd.testing.assert_frame_equal(read_sweep(ended), tried)


def test_a_point_that_fails_is_told_and_the_rest_goes_on(tmp_path) -> None:
    """PEs that gate zeros need to know how many there are, which no synthetic trace says."""
    trace = tmp_path / "small.safetensors"
    layer = conv(4, 8, 6, 3, padding=[1, 1], name="conv", gate="output")
    save_trace(synthetic_trace([layer], images=2, density=0.3, seed=0), trace)
    axes = {"array.rows": [4, 8], "mapping.kind": ["fixed"], "array.pe.zero_gating": [False, True]}
    found = optimize_into(tmp_path / "front.csv", digits(traces=[str(trace)], axes=axes), LEAST)
    assert (found.trials, found.finished, len(found.failures)) == (4, 2, 2)
    assert all("zeros" in each for each in found.failures)


def test_more_trials_or_other_objectives_go_on_from_the_same_journal(
    whole, simulated, tmp_path
) -> None:
    pytest.importorskip("optuna")
    output = tmp_path / "front.csv"
    optimize_into(output, digits(), LEAST, trials=5)
    optimize_into(output, digits(), ["area_mm2"], trials=6, seed=1)
    found = optimize_into(output, digits(), LEAST, trials=12)
    assert sorted(simulated) == list(range(12))
    assert (found.trials, found.finished, found.is_whole) == (12, 12, True)
    pd.testing.assert_frame_equal(read_table(output), front_of(whole, LEAST))


def test_points_outside_constraints_are_not_simulated(whole, simulated) -> None:
    spec = digits(constraints={"pes": {"min": 200, "max": 300}})  # of 16 columns: 16 rows alone
    found = optimize(spec, LEAST)
    inside = whole[whole["array.rows"] == 16].reset_index(drop=True)
    pd.testing.assert_frame_equal(found, front_of(inside, LEAST))
    assert len(simulated) == 3


def test_a_point_that_cannot_be_built_is_told_and_skipped(tmp_path) -> None:
    axes = AXES | {"array.rows": [4, 0]}
    found = optimize_into(tmp_path / "front.csv", digits(axes=axes), LEAST)
    assert (found.trials, found.finished, len(found.failures)) == (3, 3, 3)
    assert all("array.rows: value 0" in each for each in found.failures)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"spec": digits(axes=AXES | {"array.rows": [4, 8, 16, 64]})}, "another spec"),
        ({"pgsim": "0.0.0"}, "another pgsim"),
    ],
)
def test_a_journal_of_something_else_is_refused(changed, named, tmp_path, monkeypatch) -> None:
    output = tmp_path / "front.csv"
    optimize_into(output, digits(), LEAST, trials=12)
    before = output.read_bytes()
    if "pgsim" in changed:
        monkeypatch.setattr(digests.version, "__version__", changed["pgsim"])
    with pytest.raises(InputError, match=rf"front\.csv\.journal: .* {named}"):
        optimize_into(output, changed.get("spec", digits()), LEAST, trials=12)
    assert output.read_bytes() == before


def test_a_journal_of_another_trace_of_that_name_is_refused(tmp_path) -> None:
    output, trace = tmp_path / "front.csv", tmp_path / "small.safetensors"
    layer = conv(4, 8, 6, 3, padding=[1, 1], name="conv", gate="output")
    for seed in (0, 1):
        save_trace(synthetic_trace([layer], images=2, density=0.3, seed=seed), trace)
        asked = digits(traces=[str(trace)], axes={"mapping.kind": ["fixed"]})
        if seed:
            with pytest.raises(InputError, match="another traces"):
                optimize_into(output, asked, LEAST)
        else:
            optimize_into(output, asked, LEAST)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({}, "at least one column"),
        ({"minimize": ["energy"]}, r"'energy' is no column .* Did you mean"),
        ({"minimize": ["arch"]}, "'arch' is no column"),
        ({"minimize": ["cycles"], "maximize": ["cycles"]}, "cycles is asked for twice"),
        ({"minimize": ["cycles"], "trials": 0}, "trials: expected at least 1, not 0"),
        ({"minimize": ["cycles"], "jobs": 0}, "jobs: expected at least 1, not 0"),
        ({"minimize": ["cycles"], "seed": -1}, "seed: expected 0 to 4294967295, not -1"),
    ],
)
def test_refusals_name_what_is_wrong(asked, named) -> None:
    with pytest.raises(InputError, match=named):
        optimize(digits(), **asked)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"traces": ["digit"]}, "digit"),
        ({"axes": {"technology": ["none_such"]}}, "none_such"),
        ({"axes": {"array.rows": [0]}}, "array.rows: value 0"),
        ({"constraints": {"pes": {"max": 1}}}, "constraints leave out every point"),
    ],
)
def test_what_leaves_nothing_to_simulate_is_told(changes, named) -> None:
    with pytest.raises(InputError, match=named):
        optimize(digits(**changes), LEAST)


def test_all_points_simulate_the_images_that_the_neediest_one_leaves(whole) -> None:
    axes = {"lsb.lane_order": ["raster", "density"], "mapping.kind": ["fixed"]}
    spec = digits(archs=["pg_os"], axes=axes)
    found = optimize(spec, ["area_mm2"])
    assert set(found["images"]) == set(sweep(spec, jobs=1)["images"])


def test_a_clock_that_is_too_fast_is_warned_of_once() -> None:
    spec = digits(axes=AXES | {"clock_mhz": [500], "array.columns": [128]})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        optimize(spec, LEAST)
    told = Counter(str(each.message) for each in caught if each.category is ClockWarning)
    assert told
    assert set(told.values()) == {1}


def test_without_optuna_a_search_says_how_to_install_it(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"needs Optuna: .*pip install 'pgsim\[optimize\]'"):
        optimize(digits(), LEAST, trials=11)
    assert len(optimize(digits(), LEAST, trials=12))
