"""Tables and text for a terminal, or for a file that the output is piped to."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, JustifyMethod, RenderableType
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from pgsim.cli.streams import say
from pgsim.errors import InputError
from pgsim.results.mask_sources import mask_source_of
from pgsim.text import shortened, spelled_out
from pgsim.workload import GateTrace

_PIPED_WIDTH = 100  # columns
_WIDEST = 10_000  # columns, more than any table needs
_LONGEST_NAME = 200  # characters: a name is whole, so that it can be copied, unless it is absurd


def console(*, stderr: bool = False) -> Console:
    """Return a console that prints text as it is: as wide as the terminal, plain when piped.

    Piped output is as wide as the environment's COLUMNS, or 100.
    """
    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return Console(
        stderr=stderr,
        width=None if is_terminal else _piped_width(),
        color_system="auto" if is_terminal else None,
        force_terminal=is_terminal,
        markup=False,
        emoji=False,
        highlight=False,
    )


def _piped_width() -> int:
    asked = os.environ.get("COLUMNS", "")
    return min(int(asked), _WIDEST) if asked.isdecimal() and int(asked) else _PIPED_WIDTH


def table(
    columns: Mapping[str, Sequence[str]], *, words: Collection[str] = (), total: bool = False
) -> Table:
    """Return a table of columns of text under their headers.

    Only the columns named in `words` may break over lines, and only between words. total: the last
    row stands apart.
    """
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    shown = {
        printable(header, keep="\n"): [shortened(printable(cell), _LONGEST_NAME) for cell in cells]
        for header, cells in columns.items()
    }
    for index, (header, cells) in enumerate(shown.items()):
        texts = [header, *cells]
        if header in words:
            made.add_column(Text(header), overflow="fold", min_width=_longest(texts, None))
        else:
            side: JustifyMethod = "right" if index else "left"
            width = _longest(texts, "\n")
            made.add_column(Text(header), justify=side, no_wrap=True, min_width=width)
    rows = list(zip(*shown.values(), strict=True))
    for number, row in enumerate(rows, start=1):
        made.add_row(*map(Text, row), end_section=total and number == len(rows) - 1)
    return made


def _longest(texts: Sequence[str], between: str | None) -> int:
    """Return the columns that the longest part of these texts takes; None parts them at spaces."""
    return max((cell_len(part) for text in texts for part in text.split(between)), default=0)


def show(made: RenderableType) -> None:
    """Print a table; where the window is too narrow its lines run over, and nothing is cut."""
    out = console()
    needed = Measurement.get(out, out.options.update_width(_WIDEST), made).minimum
    # Rich narrows columns without regard to the least that they need, and widens them again then.
    for width in range(out.width, needed - 1, -1):
        if _width_at(out, made, width) <= out.width:
            out.print(made, width=width)
            return
    out.width = max(out.width, needed, _width_at(out, made, needed))
    out.print(made, width=needed)


def _width_at(out: Console, made: RenderableType, width: int) -> int:
    """Return the columns that a table takes when so many are offered to it."""
    lines = Segment.split_lines(out.render(made, out.options.update_width(width)))
    return max(map(Segment.get_line_length, lines), default=0)


def printable(text: str, *, keep: str = "") -> str:
    """Return text as standard output can show it: names come from strangers' files."""
    return spelled_out(text, sys.stdout.encoding or "utf-8", keep=keep)


def paragraph(text: str = "") -> None:
    """Print sentences, wrapped between words."""
    console().print(Text(printable(text, keep="\n")))


def check_all(names: Iterable[str], problems_of: Callable[[str], list[str]]) -> None:
    """Print which names are ok, and raise InputError with all problems of the others."""
    problems = []
    for name in names:
        if found := problems_of(name):
            problems += found
        else:
            say(f"{name}: ok")
    if problems:
        raise InputError("\n".join(problems))


def masks_of(trace: GateTrace) -> str:
    """Return where a trace's masks come from, in words."""
    return mask_source_of(trace).sentence
