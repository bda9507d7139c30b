"""What a comparison says, as sentences that are right whether a design gains or loses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isnan
from typing import NamedTuple

from pgsim.results.verdicts import (
    BOUND,
    DOMINATES,
    GATED,
    OTHER,
    OTHER_TASK,
    UNKNOWN,
    Verdict,
)


class Spent(NamedTuple):
    """What a row of a comparison is judged by: its accuracy, NaN if unknown, and an image's cost.

    buildable: whether hardware could do it. comparable: whether it is of the same data set.
    """

    name: str
    accuracy: float
    time_us: float
    energy_pj: float
    buildable: bool = True
    comparable: bool = True

    @property
    def product(self) -> float:
        """Energy times delay."""
        return self.time_us * self.energy_pj


def verdict(row: Spent, gated: Spent) -> Verdict:
    """Return what a row says of the gated design.

    It dominates if it is at least as accurate, faster, and takes less energy. Where an accuracy is
    unknown, nothing is said by it. Source: MODEL.md M48.

    Examples
    --------
    >>> gated = Spent("PG", 0.87, 10, 5)
    >>> verdict(Spent("fixed", 0.87, 9, 4), gated).name
    'dominates'
    """
    if row is gated:
        return GATED
    if not row.buildable:
        return BOUND
    if not row.comparable:
        return OTHER_TASK
    if not _is_cheaper(row, gated):
        return OTHER
    if isnan(row.accuracy) or isnan(gated.accuracy):
        return UNKNOWN
    return DOMINATES if row.accuracy >= gated.accuracy else OTHER


def alternatives_in_words(rows: Sequence[Spent], gated: Spent) -> str:
    """Return which alternative dominates the gated design, the one of least energy times delay.

    Where none does, the best of those whose accuracy is unknown is named, if there is one.
    """
    ranked = sorted(rows, key=lambda row: row.product)
    if better := [row for row in ranked if verdict(row, gated) is DOMINATES]:
        best, others = better[0], len(better) - 1
        more = (
            f"; {others} other{'s dominate' if others > 1 else ' dominates'} it too"
            if others
            else ""
        )
        return f"Better is {best.name}: {_beside(best, gated)}{more}."
    if maybe := [row for row in ranked if verdict(row, gated) is UNKNOWN]:
        return (
            f"Faster and leaner is {maybe[0].name}, whose accuracy beside {gated.name}'s is "
            f"unknown: {_beside(maybe[0], gated)}."
        )
    none = f"No alternative that is as accurate as {gated.name} is both faster and leaner."
    if less := [row for row in ranked if _is_cheaper(row, gated) and verdict(row, gated) is OTHER]:
        nearest = max(less, key=lambda row: row.accuracy)
        return (
            f"{none} The most accurate that is both is {nearest.name}: {_beside(nearest, gated)}."
        )
    return none


def _is_cheaper(row: Spent, gated: Spent) -> bool:
    return row.time_us < gated.time_us and row.energy_pj < gated.energy_pj


def _beside(row: Spent, gated: Spent) -> str:
    cost = (
        f"{row.time_us / gated.time_us:.2f}x the time and {row.energy_pj / gated.energy_pj:.2f}x "
        f"the energy of {gated.name}"
    )
    if isnan(row.accuracy) or isnan(gated.accuracy):
        return cost
    return f"{cost}, with {row.accuracy:.1%} right where {gated.name} has {gated.accuracy:.1%}"


def saving_in_words(design: str, baseline: str, account: Mapping[str, float]) -> str:
    """Return what became of the saving that counting bits promises, without a full stop.

    account: the network's total of every step, the baseline's cycles first, then the promise, the
    design's cycles last (MODEL.md M30).

    Examples
    --------
    >>> account = {"baseline": 100, "promise": 40, "edges": 60, "DRAM stalls": 55}
    >>> print(saving_in_words("mine", "uniform 8,8", account))  # doctest: +NORMALIZE_WHITESPACE
    mine runs PG 1.82x as fast as uniform 8,8, where counting bits promises
    2.50x: 75% of the promised saving survives, the largest loss is edges (33% of it)
    """
    first, promise, *_, last = totals = list(account.values())
    speed = first / last
    comparison = f"{speed:.2f}x as fast as" if speed >= 1 else f"at {speed:.2f}x the speed of"
    line = f"{design} runs PG {comparison} {baseline}"
    if promise >= first:
        return f"{line}, where counting bits promises no saving"
    promised, saved = first - promise, first - last
    line += f", where counting bits promises {first / promise:.2f}x: "
    if saved >= promised:
        return f"{line}all of the promised saving is there, {saved / promised:.0%} of it"
    loss, step = _largest_loss(list(account)[1:], totals[1:])
    lost = f"the largest loss is {step} ({loss / promised:.0%} of it)"
    if saved > 0:
        return f"{line}{saved / promised:.0%} of the promised saving survives, {lost}"
    return f"{line}nothing of the promised saving survives, {lost}"


def gating_in_words(
    ungated: Spent, gated: Spent, cycles: Mapping[str, float], energy: Mapping[str, float]
) -> str:
    """Return what gating saves against the same network ungated, in a sentence.

    cycles, energy: accounts as of `saving_in_words`, the ungated network's total first.
    """
    line = (
        f"The same network ungated takes {ungated.time_us / gated.time_us:.2f}x the time and "
        f"{ungated.energy_pj / gated.energy_pj:.2f}x the energy of {gated.name}"
    )
    if not any(_promised(account) > 0 for account in (cycles, energy)):
        return f"{line}; counting bits promises no saving against it."
    return (
        f"{line}: of the saving promised against it {share_in_words(cycles)} is left in cycles, "
        f"{share_in_words(energy)} in energy."
    )


def share_in_words(account: Mapping[str, float]) -> str:
    """Return how much of the promised saving of an account is left, in a word or two.

    Examples
    --------
    >>> share_in_words({"baseline": 100, "promise": 60, "DRAM": 90})
    '25%'
    >>> share_in_words({"baseline": 100, "promise": 60, "DRAM": 110})
    'nothing'
    """
    first, *_, last = account.values()
    return f"{(first - last) / _promised(account):.0%}" if last < first else "nothing"


def energy_in_words(account: Mapping[str, float]) -> str:
    """Return what to add to `saving_in_words` of an account of energy: nothing if none is promised.

    Examples
    --------
    >>> energy_in_words({"baseline": 100, "promise": 60, "DRAM": 90})
    '; of energy, 25%'
    """
    return f"; of energy, {share_in_words(account)}" if _promised(account) > 0 else ""


def _promised(account: Mapping[str, float]) -> float:
    first, promise, *_ = account.values()
    return first - promise


def _largest_loss(steps: Sequence[str], totals: Sequence[float]) -> tuple[float, str]:
    """Return the most cycles that a step adds to the total before it, and which step does."""
    changes = [after - before for before, after in pairwise(totals)]
    return max(zip(changes, steps[1:], strict=True), key=lambda each: each[0])
