"""The directives of the reference: what a page shows of columns, keys, kinds and commands.

Each writes Markdown from what the code says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import starmap
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import pgsim
from pgsim.cli import pgsim as command_line
from pgsim.results import columns
from pgsim_site.commands import pages_of
from pgsim_site.keys import keys
from pgsim_site.markdown import Entry, entries, table

_log = logging.getLogger(__name__)

TABLES: dict[str, Mapping[str, columns.Column]] = {
    "layers": columns.LAYER_COLUMNS,
    "summary": columns.SUMMARY,
    "comparison": columns.COMPARISON,
    "sensitivity": columns.SENSITIVITY,
    "windows": columns.WINDOWS,
    "requests": columns.REQUESTS,
    "systems": columns.SYSTEMS,
    "training": columns.TRAINING,
}


class Generated(SphinxDirective):
    """What a page shows of the code, as Markdown that is parsed where it stands."""

    required_arguments = 0
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse the text, again in every build: the code may have changed."""
        self.env.note_reread()
        text = "\n\n".join(self.text())
        return list(self.parse_text_to_nodes(text, allow_section_headings=True))

    def text(self) -> Iterator[str]:
        """Find the blocks of Markdown."""
        raise NotImplementedError


class Columns(Generated):
    """The columns of one table: name, unit, what cells hold, meaning."""

    def text(self) -> Iterator[str]:
        """Find the list of columns."""
        name = self.arguments[0]
        yield entries(name, starmap(_entry, TABLES[name].items()))


class Keys(Generated):
    """The keys of the file that a pydantic model checks: `pgsim.arch:ArchConfig`."""

    def text(self) -> Iterator[str]:
        """Find the list of keys; one without a meaning is a warning."""
        found = keys(_found(self.arguments[0]))
        for each in found:
            if not each.meaning:
                where = self.get_location()
                _log.warning("no docstring says what %s means", each.name, location=where)
        prefix = self.arguments[0].rpartition(":")[2]
        yield entries(prefix, (Entry(*each) for each in found))


class Kinds(Generated):
    """The kinds that a key names, each with its line on what it is: `pgsim.arch:SCHEDULERS`."""

    def text(self) -> Iterator[str]:
        """Find a row a kind."""
        kinds = _found(self.arguments[0])
        rows = [(f"`{name}`", getattr(each, "description", each)) for name, each in kinds.items()]
        yield table(("name", "what it is"), rows)


class Commands(Generated):
    """Every command of the command line."""

    def text(self) -> Iterator[str]:
        """Find a section a command."""
        yield from pages_of(command_line, "pgsim", depth=2)


def _entry(name: str, column: columns.Column) -> Entry:
    unit = f"{column.unit}; " if column.unit else ""
    return Entry(name, f"{unit}{column.values.expected}", column.meaning)


def _found(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _all_columns_are_shown(app: Sphinx) -> None:
    for name in pgsim.COLUMNS:
        if not any(name in columns for columns in TABLES.values()):
            _log.warning("no table of docs/reference/columns.md has the column %s", name)


def setup(app: Sphinx) -> None:
    """Add the directives."""
    app.add_directive("columns", Columns)
    app.add_directive("keys", Keys)
    app.add_directive("kinds", Kinds)
    app.add_directive("commands", Commands)
    app.connect("builder-inited", _all_columns_are_shown)
