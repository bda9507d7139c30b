"""Every link of the built site that stays inside of it leads to a page and to a place in it."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.util import logging

_log = logging.getLogger(__name__)
_ATTRIBUTES = {"a": "href", "img": "src", "link": "href", "script": "src"}


class Page(HTMLParser):
    """What a page of the site has: the anchors in it, and where its links lead to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: set[str] = {"", "top"}
        self.links: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's anchor and link."""
        values = dict(attrs)
        self.anchors.update(filter(None, (values.get("id"), values.get("name"))))
        link = values.get(_ATTRIBUTES.get(tag, ""))
        if link:
            self.links.add(link)


def broken_links(site: Path) -> Iterator[tuple[Path, str]]:
    """Find the links that lead nowhere, with the pages that have them."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages[target].anchors if target in pages else {""}
            if not target.exists() or unquote(parts.fragment) not in known:
                yield path, link


def _check(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        site = Path(app.outdir).resolve()
        for path, link in broken_links(site):
            _log.warning("%s: a link leads nowhere: %s", path.relative_to(site), link)


def setup(app: Sphinx) -> None:
    """Check the pages once all is written, also by other extensions."""
    app.connect("build-finished", _check, priority=900)
