"""What an account of cycles says, as a sentence that is right whether a design gains or loses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise


def saving_in_words(design: str, baseline: str, account: Mapping[str, float]) -> str:
    """Return what became of the saving that counting bits promises, without a full stop.

    account: the network's total of every step, the baseline's cycles first, then the promise, the
    design's cycles last (MODEL.md M30).

    Examples
    --------
    >>> account = {"baseline": 100, "promise": 40, "edges": 60, "DRAM stalls": 55}
    >>> print(saving_in_words("mine", "uniform 8,8", account))  # doctest: +NORMALIZE_WHITESPACE
    mine runs PG 1.82x as fast as uniform 8,8, where counting bits (weighted by its cycles) promises
    2.50x: 75% of the promised saving survives, the largest loss is edges (33% of it)
    """
    first, promise, *_, last = totals = list(account.values())
    speed = first / last
    comparison = f"{speed:.2f}x as fast as" if speed >= 1 else f"at {speed:.2f}x the speed of"
    line = f"{design} runs PG {comparison} {baseline}"
    if promise >= first:
        return f"{line}, where counting bits promises no saving"
    promised, saved = first - promise, first - last
    line += f", where counting bits (weighted by its cycles) promises {first / promise:.2f}x: "
    if saved >= promised:
        return f"{line}all of the promised saving is there, {saved / promised:.0%} of it"
    loss, step = _largest_loss(list(account)[1:], totals[1:])
    lost = f"the largest loss is {step} ({loss / promised:.0%} of it)"
    if saved > 0:
        return f"{line}{saved / promised:.0%} of the promised saving survives, {lost}"
    return f"{line}nothing of the promised saving survives, {lost}"


def _largest_loss(steps: Sequence[str], totals: Sequence[float]) -> tuple[float, str]:
    """Return the most cycles that a step adds to the total before it, and which step does."""
    changes = [after - before for before, after in pairwise(totals)]
    return max(zip(changes, steps[1:], strict=True), key=lambda each: each[0])
