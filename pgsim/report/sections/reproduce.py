"""How to make the report again: commands, the version, and digests of what went in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pgsim.report.markup import Html, element, joined, paragraph
from pgsim.version import __version__


def reproduce(commands: Sequence[str], digests: Mapping[str, str]) -> Html:
    """Return the commands, and SHA-256 digests by what they are of."""
    rows = (
        element("tr", element("th", what, scope="row"), element("td", element("code", digest)))
        for what, digest in digests.items()
    )
    return joined(
        (
            paragraph(f"pgsim {__version__}; the same input gives this file byte by byte."),
            *(element("pre", each) for each in commands),
            element("div", element("table", element("tbody", *rows)), class_="scroll"),
        )
    )
