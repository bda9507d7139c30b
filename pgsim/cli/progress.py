"""How far a terminal's work is, on standard error; nothing where that is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from pgsim.cli.output import console

Tell = Callable[[int, int], None]  # how many are done, and how many there are


@contextmanager
def bar() -> Iterator[Callable[[str], Tell]]:
    """Show how far a terminal's work is; what it gives takes a word and returns what to tell."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown_on = console(stderr=True)
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=shown_on,
        transient=True,
        disable=not shown_on.is_terminal,
    ) as shown:
        task = shown.add_task("", total=None)
        yield lambda work: partial(_tell, shown, task, work)


def _tell(shown: Progress, task: TaskID, work: str, done: int, total: int) -> None:
    shown.update(task, description=work, completed=done, total=total)
