"""Comments that the site shows, and a code host does not: directives that only Sphinx knows.

<!-- site:
:::{columns}
:::
-->
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

_COMMENT = re.compile(r"^<!-- site:\n(.*?)^-->$", re.M | re.S)


def shown(text: str) -> str:
    """Return a page's text with what its comments have for the site."""
    return _COMMENT.sub(r"\1", text)


def _show(app: Sphinx, page: str, text: list[str]) -> None:
    text[0] = shown(text[0])


def setup(app: Sphinx) -> None:
    """Show them wherever a page is read."""
    app.connect("source-read", _show)
