"""The project's figures inside a page: SVG that takes the page's colours, wide and narrow."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import matplotlib
from matplotlib.figure import Figure

from pgsim.errors import InputError
from pgsim.plots.drawing import GREEN, GREY, ORANGE, SKY, VERMILLION, YELLOW
from pgsim.report.markup import Html, element, joined, paragraph

Draw = Callable[[str | None], Figure]

_LINES = "stroke:#fff;stroke-width:.25;fill:none"
_TILING = 'patternUnits="userSpaceOnUse" width="3" height="3" patternTransform="scale(1.6)"'
_TILES = {  # the hatches of plots.drawing, each as the least tile that repeats
    SKY: f'<path d="M-1 1L1-1M0 3L3 0M2 4L4 2" style="{_LINES}"/>',
    ORANGE: f'<path d="M-1 2L1 4M0 0L3 3M2-1L4 1" style="{_LINES}"/>',
    VERMILLION: f'<path d="M0 3L3 0M0 0L3 3" style="{_LINES}"/>',
    GREY: f'<path d="M0 1.5H3" style="{_LINES}"/>',
    GREEN: f'<path d="M1.5 0V3" style="{_LINES}"/>',
    YELLOW: '<circle cx="1.5" cy="1.5" r=".4" fill="#fff"/>',
}
_PATTERN = re.compile(r'<pattern id="(\w+)".*?</pattern>\s*', re.DOTALL)
_FILL = re.compile(r'<rect [^>]*fill="(#[0-9a-f]{6})"')
_STYLE = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>\s*", re.DOTALL)
_TAG = re.compile(r"<[^>]+>")
_HEAD = re.compile(r'<svg [^>]*viewBox="([\d. ]+)"[^>]*>')
_ID = re.compile(r' id="([^"]+)"')
_USED = re.compile(r'(?:\bhref="#|url\(#)(\w+)(?=[")])')
_FONT = re.compile(r"font-family: [^;\"]*;? ?")
# Colours that lie between paper and ink: a page has its own of them, for light and for dark.
_OF_THE_PAGE = {
    "#000000": "currentColor",
    "#ffffff": "var(--card)",
    "#d9d9d9": "var(--pale)",
    "#6e6e6e": "var(--grey)",
}
_PAINT = re.compile(r"(stroke|fill): (#\w{6})")
_DECIMALS = re.compile(r"(\d\.\d\d)\d+")


def picture(draw: Draw, label: str, key: str, caption: object = "") -> Html:
    """Return a figure in two widths, of which the page shows the one that suits it.

    draw: makes it, for None as on a screen and for ``column`` narrow. label: what it shows, for
    those who do not see it. key: that begins its ids. What cannot be drawn is said.
    """
    try:
        wide, narrow = svg(draw(None), f"{key}-w"), svg(draw("column"), f"{key}-n")
    except InputError as error:
        return paragraph(f"Not drawn: {error}.", class_="note")
    both = (
        element("div", each, class_=width, role="img", aria_label=label)
        for each, width in ((wide, "wide"), (narrow, "narrow"))
    )
    return element("figure", *both, element("figcaption", caption) if caption else "")


def svg(figure: Figure, key: str) -> Html:
    """Return a figure as SVG for a page: no ids that another has, no font, background or source."""
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context({"svg.hashsalt": "pgsim", "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    drawn = file.getvalue()
    drawn = _with_shared_hatches(drawn[drawn.index("<svg ") :])
    drawn = _STYLE.sub("", drawn)
    return Html(_with_tags_of(key, drawn).strip())


def _with_tags_of(key: str, drawn: str) -> str:
    """Return SVG whose tags suit a page, and whose text is as it was.

    Of its ids stay those that it uses, once each, though Matplotlib writes a tick once an axis.
    """
    left = {each for tag in _TAG.findall(drawn) for each in _USED.findall(tag)}

    def renamed(found: re.Match[str]) -> str:
        if found[1] not in left:
            return ""
        left.remove(found[1])
        return f' id="{key}-{found[1]}"'

    def tidied(found: re.Match[str]) -> str:
        tag = _HEAD.sub(r'<svg viewBox="\1" class="drawn">', found[0])
        tag = _ID.sub(renamed, tag.replace("xlink:href=", "href="))
        tag = _USED.sub(lambda each: each[0].replace("#", f"#{key}-", 1), tag)
        tag = _PAINT.sub(lambda each: f"{each[1]}: {_OF_THE_PAGE.get(each[2], each[2])}", tag)
        return _DECIMALS.sub(r"\1", _FONT.sub("", tag))

    return _TAG.sub(tidied, drawn)


def _with_shared_hatches(drawn: str) -> str:
    """Return SVG whose hatches are those of the page: Matplotlib's dots alone take 500 kB."""
    shared = {}
    for pattern in _PATTERN.finditer(drawn):
        fill = _FILL.search(pattern[0])
        if fill and fill[1].upper() in _TILES:
            shared[pattern[1]] = f"url(#hatch-{fill[1][1:]})"
    drawn = _PATTERN.sub(lambda each: "" if each[1] in shared else each[0], drawn)
    for name, place in shared.items():
        drawn = drawn.replace(f"url(#{name})", place)
    return drawn


def hatches() -> Html:
    """Return the hatches that all figures of a page share."""
    made = (
        Html(
            f'<pattern id="hatch-{colour[1:].lower()}" {_TILING}>'
            f'<rect width="3" height="3" fill="{colour}"/>{tile}</pattern>'
        )
        for colour, tile in _TILES.items()
    )
    defs = Html(f"<defs>{joined(made)}</defs>")
    return Html(f'<svg width="0" height="0" class="hidden" aria-hidden="true">{defs}</svg>')
