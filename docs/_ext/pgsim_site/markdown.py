"""Markdown from Python: tables, lists of entries, code and fences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Entry(NamedTuple):
    """An entry of the reference: its name, what is said beside it, and below it."""

    name: str
    beside: str
    below: str


def entries(prefix: str, found: Iterable[Entry]) -> str:
    """Return a list of entries, each with an anchor made of `prefix` and its name."""
    terms = (
        f"[`{each.name}`]{{#{anchor(prefix, each.name)}}} {' '.join(each.beside.split())}\n"
        f": {' '.join(each.below.split())}\n"
        for each in found
    )
    return "{.entries}\n" + "\n".join(terms)


def anchor(*words: str) -> str:
    """Return the anchor of an entry: words in lower case, joined by hyphens."""
    return re.sub(r"\W+", "-", " ".join(words)).strip("-").lower()


def fence(text: str) -> str:
    """Return text as a block of code without colours."""
    return f"```text\n{text}\n```"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
