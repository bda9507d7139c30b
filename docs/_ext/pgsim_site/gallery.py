"""The gallery: the code of its page runs before pages are read, and draws what it shows."""

from __future__ import annotations

import contextlib
from pathlib import Path

import matplotlib
from markdown_it import MarkdownIt
from sphinx.application import Sphinx

PAGE = Path("docs/gallery.md")
PICTURES = Path("docs/_build/gallery")


def python_blocks(text: str) -> list[str]:
    """Return the blocks of Python of a page."""
    return [block.content for block in MarkdownIt().parse(text) if block.info == "python"]


def _draw(app: Sphinx) -> None:
    root = Path(app.srcdir)
    blocks = python_blocks((root / PAGE).read_text(encoding="utf-8"))
    folder = root / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(folder), matplotlib.rc_context({"backend": "agg"}):
        for number, block in enumerate(blocks, 1):
            exec(compile(block, f"{PAGE}, block {number}", "exec"), {"__name__": "gallery"})


def setup(app: Sphinx) -> None:
    """Draw before pages are read."""
    app.connect("builder-inited", _draw)
