"""What `pgsim compare --sensitivity` prints."""

from __future__ import annotations

from rich.table import Table

from pgsim.cli.output import decimal, paragraph, show, table
from pgsim.study.sensitivity import Sensitivity

_FLIPS = "!"


def print_sensitivity(found: Sensitivity) -> None:
    """Print every rival's time and energy over PG's, under every setting, and what flips."""
    paragraph(
        f"{found.trace} on {found.arch};\ntime and energy of each rival over those of PG, which "
        f"wins above 1; {_FLIPS} marks other winners:"
    )
    show(ratio_table(found))
    paragraph(f"\n{found.finding}")


def ratio_table(found: Sensitivity) -> Table:
    """Return a row for every setting, a column for every rival and quantity."""
    answers = (found.base, *found.answers)
    columns = {"varied": [f"{each.factor} {each.setting}" for each in answers]}
    for question in found.base.ratios:
        ratios = decimal((each.ratios[question] for each in answers), 2)
        head = f"{question.rival}, {question.quantity}".replace(", ", "\n")
        columns[head] = [
            f"{ratio} {_FLIPS if found.flips(each, question) else ' '}"
            for ratio, each in zip(ratios, answers, strict=True)
        ]
    return table(columns)
