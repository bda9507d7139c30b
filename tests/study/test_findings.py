"""Findings in words, each worked by hand: of 100 cycles, counting bits promises 40."""

from __future__ import annotations

import pytest

from pgsim.study.findings import saving_in_words

WINS = "mine runs PG {}x as fast as uniform 8,8, "
LOSES = "mine runs PG at {}x the speed of uniform 8,8, "
ALL = "all of the promised saving is there, "
PROMISE = "where counting bits (weighted by its cycles) promises 2.50x: "


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
