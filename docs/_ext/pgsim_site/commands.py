"""Every command in words of its own: how it is called, what it does, what its options mean."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from pgsim_site.markdown import Entry, entries, fence

WIDTH = 80  # of the usage line
_OPTION = re.compile(r"(?<![\w`-])(--?[a-z][a-z-]*)")


def pages_of(
    command: click.Command, name: str, depth: int, above: click.Context | None = None
) -> Iterator[str]:
    """Find the text of a command, and of all commands below it, with headings of this depth."""
    settings = {**command.context_settings, "terminal_width": WIDTH}
    context = click.Context(command, info_name=name, parent=above, **settings)
    yield f"{'#' * depth} {context.command_path}"
    yield fence(command.get_usage(context).removeprefix("Usage: "))
    yield from paragraphs(command.help or "")
    options = [each for each in command.get_params(context) if isinstance(each, click.Option)]
    records = filter(None, (each.get_help_record(context) for each in options))
    found = (Entry(names, "", with_code(text)) for names, text in records)
    yield entries(context.command_path, found)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            assert below is not None
            yield from pages_of(below, each, depth + 1, context)


def paragraphs(text: str) -> Iterator[str]:
    r"""Find the paragraphs of a command's help; one after `\b` keeps its lines."""
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b"):
            yield fence(paragraph.removeprefix("\b\n"))
        else:
            yield with_code(" ".join(paragraph.split()))


def with_code(text: str) -> str:
    """Return text in which options are code: `-o`, `--set`."""
    return _OPTION.sub(r"`\1`", text)
