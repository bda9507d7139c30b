"""The documentation as a reader's browser sees it: pages, their words, links, code and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "traces/*.md", "tests/**/*.md")
    for path in ROOT.glob(pattern)
)
_BLOCKS_OF_CODE = ("fence", "code_block")


def name_of(page: Path) -> str:
    """Return a page's path in the repository."""
    return page.relative_to(ROOT).as_posix()


@cache
def tokens(page: Path) -> tuple[Token, ...]:
    """Return the blocks of a page, in order."""
    markdown = MarkdownIt("commonmark").enable("table")
    return tuple(markdown.parse(page.read_text(encoding="utf-8")))


def spans(page: Path, kind: str) -> Iterator[Token]:
    """Find what stands in the running text of a page: `link_open`, `image` or `code_inline`."""
    for block in tokens(page):
        yield from (span for span in block.children or () if span.type == kind)


def links(page: Path) -> Iterator[str]:
    """Find where the links and images of a page lead to."""
    yield from (str(link.attrs["href"]) for link in spans(page, "link_open"))
    yield from (str(image.attrs["src"]) for image in spans(page, "image"))


def anchors(page: Path) -> set[str]:
    """Return the names by which headings are linked: words in lower case, joined by hyphens."""
    blocks = tokens(page)
    headings = (
        blocks[index + 1].content
        for index, block in enumerate(blocks)
        if block.type == "heading_open"
    )
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def code(page: Path, language: str) -> list[str]:
    """Return the blocks of code in a language."""
    return [block.content for block in tokens(page) if block.info.split() == [language]]


def words(page: Path) -> int:
    """Count the words outside blocks of code, those of headings and tables included."""
    return sum(len(block.content.split()) for block in tokens(page) if block.type == "inline")


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """Find the lines, with their numbers, that are neither in a table nor in a block of code."""
    other: set[int] = set()
    for block in tokens(page):
        if block.map and (block.type == "table_open" or block.type in _BLOCKS_OF_CODE):
            other.update(range(*block.map))
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines()):
        if number not in other:
            yield number + 1, line


def commands(page: Path) -> Iterator[str]:
    """Find every `pgsim ...` in a block of code, as a reader types it."""
    for block in tokens(page):
        if block.type in _BLOCKS_OF_CODE:
            yield from _commands_of(block.content)


def mentions(page: Path) -> Iterator[str]:
    """Find every `pgsim ...` in running text, where it may lack its arguments."""
    for span in spans(page, "code_inline"):
        yield from _commands_of(span.content)


def _commands_of(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for command in line.removeprefix("$ ").split(" && "):
            if command.strip().startswith("pgsim "):
                yield command.strip()
