"""HTML from elements: text is always escaped, and only markup that was made here stands as it is.

Examples
--------
>>> print(element("p", "a < b", element("br"), class_="note"))
<p class="note">a &lt; b<br></p>
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from pgsim.text import spelled_out

_VOID = frozenset({"br", "meta"})


class Html(str):
    """Markup that stands in a page as it is."""


def text(of: object, *, keep: str = "") -> Html:
    r"""Return text as markup that shows it; what cannot be shown stands as its escape, as in \x1b.

    keep: characters that stay though they are not printable.
    """
    return Html(escape(spelled_out(str(of), keep=keep)))


def element(tag: str, *children: object, **attributes: object) -> Html:
    """Return an element; children that are no markup are text, attributes of None are left out.

    An underscore at the end of an attribute's name is left out; any other is a hyphen.
    """
    named = "".join(
        f' {name.removesuffix("_").replace("_", "-")}="{text(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{named}>")
    return Html(f"<{tag}{named}>{joined(children)}</{tag}>")


def joined(children: Iterable[object], between: str = "") -> Html:
    """Return children one after the other, those that are no markup as text."""
    parts = (each if isinstance(each, Html) else text(each) for each in children)
    return Html(between.join(parts))


def paragraph(*children: object, class_: str | None = None) -> Html:
    """Return a paragraph."""
    return element("p", *children, class_=class_)
