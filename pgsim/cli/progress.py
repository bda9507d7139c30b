"""How far a terminal's work is, on standard error; nothing where that is no terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
from pgsim.cli.streams import say
from pgsim.text import spelled_out

Tell = Callable[[int, int], None]  # how many are done, and how many there are


class _Rate(ProgressColumn):
    """How many are done in a second, or in a minute where that is less than one."""

    def render(self, task: Task) -> Text:
        if not task.speed:
            return Text("")
        if task.speed < 1:
            return Text(f"{60 * task.speed:.2g}/min")
        return Text(f"{task.speed:,.0f}/s" if task.speed >= 10 else f"{task.speed:.2g}/s")


class _Failures(ProgressColumn):
    """How many of those that are done have failed, where any has."""

    def render(self, task: Task) -> Text:
        failed = task.fields["failed"]
        return Text(f"{failed:,} failed" if failed else "", style="red")


@dataclass(frozen=True)
class Bar:
    """How far a terminal's work is; called with a word for the work it returns what to tell."""

    shown: Progress
    task: TaskID

    def __call__(self, work: str) -> Tell:
        """Return what is called with how many are done, and how many there are."""
        return partial(_tell, self.shown, self.task, work)

    def fail(self, why: object) -> None:
        """Count one more that failed, and say why the first did: the others are told at the end."""
        failed = self.shown.tasks[0].fields["failed"]
        if not failed:
            line = f"failed: {' '.join(str(why).split())}"
            if self.shown.disable:
                say(line, err=True)
            else:  # above the bar
                self.shown.console.print(Text(spelled_out(line)), soft_wrap=True)
        self.shown.update(self.task, failed=failed + 1)


@contextmanager
def bar() -> Iterator[Bar]:
    """Show how far a terminal's work is, and how much of it failed."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Failures())
    shown_on = console(stderr=True)
    with Progress(
        *columns,
        _Rate(),
        TimeRemainingColumn(),
        console=shown_on,
        transient=True,
        disable=not shown_on.is_terminal,
    ) as shown:
        yield Bar(shown, shown.add_task("", total=None, failed=0))


def _tell(shown: Progress, task: TaskID, work: str, done: int, total: int) -> None:
    if shown.tasks[0].description != work:  # what was done before says nothing of the rate
        shown.reset(task, description=work, completed=done, total=total)
    shown.update(task, completed=done, total=total)
