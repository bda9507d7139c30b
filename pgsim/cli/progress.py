"""How far a terminal's work is, on standard error; nothing where that is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from pgsim.cli.output import console

Tell = Callable[[int, int], None]  # how many are done, and how many there are


class _Rate(ProgressColumn):
    """How many are done in a second, or in a minute where that is less than one."""

    def render(self, task: Task) -> Text:
        if not task.speed:
            return Text("")
        if task.speed < 1:
            return Text(f"{60 * task.speed:.2g}/min")
        return Text(f"{task.speed:,.0f}/s" if task.speed >= 10 else f"{task.speed:.2g}/s")


@contextmanager
def bar() -> Iterator[Callable[[str], Tell]]:
    """Show how far a terminal's work is; what it gives takes a word and returns what to tell."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown_on = console(stderr=True)
    with Progress(
        *columns,
        _Rate(),
        TimeRemainingColumn(),
        console=shown_on,
        transient=True,
        disable=not shown_on.is_terminal,
    ) as shown:
        task = shown.add_task("", total=None)
        yield lambda work: partial(_tell, shown, task, work)


def _tell(shown: Progress, task: TaskID, work: str, done: int, total: int) -> None:
    if shown.tasks[0].description != work:  # what was done before says nothing of the rate
        shown.reset(task, description=work, completed=done, total=total)
    shown.update(task, completed=done, total=total)
