"""What `pgsim compare --sensitivity` prints."""

from __future__ import annotations

from rich.table import Table

from pgsim.cli.output import paragraph, show, table
from pgsim.results.numbers import decimal
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
    """Return a row for every rival and quantity, a column for every setting."""
    questions = list(found.base.ratios)
    columns = {"rival": [f"{each.rival}: {each.quantity}" for each in questions]}
    for answer in (found.base, *found.answers):
        ratios = decimal((answer.ratios[each] for each in questions), 2)
        columns["\n".join([*answer.factor.split(), answer.setting])] = [
            f"{ratio} {_FLIPS if found.flips(answer, each) else ' '}"
            for ratio, each in zip(ratios, questions, strict=True)
        ]
    return table(columns)
