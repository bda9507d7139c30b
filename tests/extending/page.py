"""docs/extending.md as its tests read it: for each new thing a diff, and commands with outputs."""

from __future__ import annotations

from dataclasses import dataclass

from docs.pages import ROOT, tokens

PAGE = ROOT / "docs" / "extending.md"


@dataclass(frozen=True)
class Command:
    """A line to type, and the lines that the page shows of what it prints ("..." for others)."""

    line: str
    shown: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A heading with its diff and its commands."""

    name: str
    diff: str
    commands: tuple[Command, ...]


def sections() -> dict[str, Section]:
    """Return the sections of the page that have a diff, by their headings."""
    blocks, found = tokens(PAGE), {}
    headings = (index for index, each in enumerate(blocks) if each.type == "heading_open")
    starts = [index for index in headings if blocks[index].tag == "h2"]
    for begin, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        fences = [each for each in blocks[begin:end] if each.type == "fence"]
        diffs = [each.content for each in fences if each.info == "diff"]
        if diffs:
            (diff,) = diffs
            typed = "".join(each.content for each in fences if each.info == "console")
            name = blocks[begin + 1].content
            found[name] = Section(name, diff, tuple(_commands(typed)))
    return found


def _commands(typed: str) -> list[Command]:
    first, *others = f"\n{typed}".split("\n$ ")
    assert not first.strip(), "a block of commands begins with one"
    lines = [each.splitlines() for each in others]
    return [Command(line, tuple(shown)) for line, *shown in lines]
