"""Findings in words, each worked by hand: of 100 cycles, counting bits promises 40."""

from __future__ import annotations

import pytest

from pgsim.results.verdicts import BOUND, DOMINATES, GATED, OTHER, OTHER_TASK, UNKNOWN
from pgsim.study.findings import (
    Spent,
    alternatives_in_words,
    gating_in_words,
    saving_in_words,
    share_in_words,
    verdict,
)

WINS = "mine runs PG {}x as fast as uniform 8,8, "
LOSES = "mine runs PG at {}x the speed of uniform 8,8, "
ALL = "all of the promised saving is there, "
PROMISE = "where counting bits promises 2.50x: "


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        # 40 + 20 + 5 = 65: 35 of 60 cycles saved, a third of them lost to edges.
        ((20, 5), WINS.format("1.54") + PROMISE + "58% of the promised saving survives, "
                  "the largest loss is edges (33% of it)"),
        # 40 + 20 - 10 = 50: what one step gives back is no loss.
        ((20, -10), WINS.format("2.00") + PROMISE + "83% of the promised saving survives, "
                    "the largest loss is edges (33% of it)"),
        ((-4, 2), WINS.format("2.63") + PROMISE + ALL + "103% of it"),
        ((0, 0), WINS.format("2.50") + PROMISE + ALL + "100% of it"),
        # 40 + 60 = 100, nothing is saved.
        ((0, 60), WINS.format("1.00") + PROMISE + "nothing of the promised saving survives, "
                  "the largest loss is DRAM stalls (100% of it)"),
        # 40 + 67 + 30 = 137: slower, by more than all that was promised.
        ((67, 30), LOSES.format("0.73") + PROMISE + "nothing of the promised saving survives, "
                   "the largest loss is edges (112% of it)"),
    ],
)  # fmt: skip
def test_the_sentence_is_right_for_every_sign(changes: tuple[int, int], finding: str) -> None:
    edges = 40 + changes[0]
    account = {"baseline": 100, "promise": 40, "edges": edges, "DRAM stalls": edges + changes[1]}
    assert saving_in_words("mine", "uniform 8,8", account) == finding


@pytest.mark.parametrize(
    ("promise", "last", "finding"),
    [
        (100, 80, WINS.format("1.25") + "where counting bits promises no saving"),
        (120, 200, LOSES.format("0.50") + "where counting bits promises no saving"),
    ],
)
def test_where_nothing_is_promised_nothing_is_missing(promise, last, finding) -> None:
    account = {"baseline": 100, "promise": promise, "DRAM stalls": last}
    assert saving_in_words("mine", "uniform 8,8", account) == finding


NAN = float("nan")
PG = Spent("PG", 0.87, time_us=10, energy_pj=5)


@pytest.mark.parametrize(
    ("accuracy", "time_us", "energy_pj", "expected"),
    [
        (0.87, 9, 4, DOMINATES),
        (0.88, 9.9, 4.9, DOMINATES),
        (0.869, 9, 4, OTHER),
        (0.87, 10, 4, OTHER),  # as fast is not faster
        (0.87, 9, 5, OTHER),
        (0.99, 11, 1, OTHER),
        (0.99, 1, 6, OTHER),
        (NAN, 9, 4, UNKNOWN),
        (NAN, 11, 4, OTHER),  # whatever its accuracy
    ],
)
def test_verdicts_by_a_table(accuracy, time_us, energy_pj, expected) -> None:
    assert verdict(Spent("other", accuracy, time_us, energy_pj), PG) is expected


def test_a_gated_design_of_unknown_accuracy_is_dominated_by_nothing() -> None:
    assert verdict(Spent("other", 0.99, 1, 1), PG._replace(accuracy=NAN)) is UNKNOWN


def test_neither_the_design_itself_nor_a_bound_nor_another_task_dominates() -> None:
    assert verdict(PG, PG) is GATED
    assert verdict(Spent("ideal", 0.87, 1, 1, buildable=False), PG) is BOUND
    assert verdict(Spent("digits", 0.99, 1, 1, comparable=False), PG) is OTHER_TASK


def test_the_dominating_alternative_of_least_energy_times_delay_is_named_first() -> None:
    rows = [
        Spent("lean", 0.88, 9, 1),  # 9
        Spent("fast", 0.875, 2, 4),  # 8
        Spent("best but for accuracy", 0.5, 1, 1),
        Spent("unknown", NAN, 1, 1),
    ]
    assert alternatives_in_words(rows, PG) == (
        "Better is fast: 0.20x the time and 0.80x the energy of PG, with 87.5% right where PG has "
        "87.0%; 1 other dominates it too."
    )
    three = alternatives_in_words([*rows, Spent("third", 0.9, 9, 4)], PG)
    assert three.endswith("; 2 others dominate it too.")
    assert alternatives_in_words(rows[:1], PG).startswith("Better is lean: 0.90x the time")


def test_where_no_accuracy_is_known_the_finding_says_so() -> None:
    rows = [Spent("less accurate", 0.5, 1, 1), Spent("maybe", NAN, 5, 4)]
    assert alternatives_in_words(rows, PG) == (
        "Faster and leaner is maybe, whose accuracy beside PG's is unknown: 0.50x the time and "
        "0.80x the energy of PG."
    )
    slow = Spent("accurate, but slower", 0.86, 11, 4)
    ideal = Spent("ideal", 0.865, 1, 1, buildable=False)
    assert alternatives_in_words([*rows[:1], Spent("worse", 0.4, 1, 0.5), slow, ideal], PG) == (
        "No alternative that is as accurate as PG is both faster and leaner. The most accurate "
        "that is both is less accurate: 0.10x the time and 0.20x the energy of PG, with 50.0% "
        "right where PG has 87.0%."
    )
    assert alternatives_in_words([slow, ideal], PG) == (
        "No alternative that is as accurate as PG is both faster and leaner."
    )


def test_what_gating_saves_in_words() -> None:
    # 100 to 80 cycles of the 40 promised; energy rises.
    cycles = {"baseline": 100, "promise": 60, "DRAM stalls": 80}
    energy = {"baseline": 50, "promise": 30, "leakage": 51}
    assert gating_in_words(Spent("ungated", 0.8, 12, 4.9), PG, cycles, energy) == (
        "The same network ungated takes 1.20x the time and 0.98x the energy of PG: of the saving "
        "promised against it 50% is left in cycles, nothing in energy."
    )
    assert share_in_words(energy) == "nothing"


def test_where_gates_are_all_open_bits_promise_nothing() -> None:
    account = {"baseline": 100, "promise": 100, "last": 120}
    words = gating_in_words(Spent("ungated", 0.8, 12, 5), PG, account, account)
    assert words.endswith("; counting bits promises no saving against it.")
