"""What a design beside a gated one says of it: the words of comparisons (MODEL.md M48)."""

from __future__ import annotations

from typing import NamedTuple

from pgsim.kinds import by_name


class Verdict(NamedTuple):
    """A word of the column `verdict`, what it means, and the mark that screens show for it."""

    name: str
    meaning: str
    mark: str = ""


GATED = Verdict("gated", "the gated design")
DOMINATES = Verdict("dominates", "at least as accurate as PG, faster, and with less energy", "*")
UNKNOWN = Verdict(
    "accuracy unknown", "faster than PG, and with less energy; how accurate is unknown", "?"
)
OTHER_TASK = Verdict("other task", "of another data set than PG")
BOUND = Verdict("bound", "what no hardware does")
OTHER = Verdict("does not dominate", "less accurate than PG, slower, or with more energy")

VERDICTS = by_name((GATED, DOMINATES, UNKNOWN, OTHER_TASK, BOUND, OTHER))
