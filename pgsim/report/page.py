"""A whole page: its head, its contents, its sections, and nothing from anywhere else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from pgsim.report.markup import Html, element, joined
from pgsim.report.pictures import hatches
from pgsim.version import __version__

_FOLDER = Path(__file__).parent


class Section(NamedTuple):
    """A part of a report: its anchor, its title and what stands in it."""

    key: str
    title: str
    body: Html


class Head(NamedTuple):
    """What stands above all sections.

    kind: of report. title: what it is about. labels: where masks come from, and whether that is to
    be noticed. finding: in a sentence or a few. cautions: what a reader must know.
    """

    kind: str
    title: str
    labels: Sequence[tuple[str, bool]]
    finding: str
    cautions: Sequence[str] = ()


def page(head: Head, sections: Sequence[Section]) -> str:
    """Return a report as one HTML file that asks for nothing from outside of it."""
    style, script = (
        Html((_FOLDER / name).read_text("utf-8").strip()) for name in ("page.css", "page.js")
    )
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="en">',
            _meta(head, script),
            f"<style>\n{style}\n</style>",
            "<body>",
            hatches(),
            _header(head),
            _contents(sections),
            element("main", joined(map(_section, sections), "\n")),
            element("footer", f"Made by pgsim {__version__}."),
            f"<script>{script}</script>",
            "</body>",
            "</html>",
            "",
        )
    )


def _meta(head: Head, script: str) -> Html:
    """Return what browsers need; the policy lets nothing run or load but what stands here."""
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    return joined(
        (
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=policy),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", f"{head.title} - pgsim"),
        ),
        "\n",
    )


def _header(head: Head) -> Html:
    labels = (
        element("span", words, class_="label caution" if noticed else "label")
        for words, noticed in head.labels
    )
    cautions = (element("p", each, class_="warning") for each in head.cautions)
    return element(
        "header",
        element("p", head.kind, class_="kind"),
        element("h1", head.title),
        element("p", joined(labels, " "), class_="labels"),
        element("p", head.finding, id="finding"),
        *cautions,
    )


def _contents(sections: Sequence[Section]) -> Html:
    links = (element("a", each.title, href=f"#{each.key}") for each in sections)
    return element("nav", joined(links, "\n"), aria_label="Contents")


def _section(section: Section) -> Html:
    title = element("h2", section.title)
    return element("section", title, section.body, id=section.key)
