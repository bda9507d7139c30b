"""The numbers of the model's rules as links: wherever a page says M12, it leads to M12."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

MODEL = "MODEL"  # the page that has the rules
_RULE = re.compile(r"\b(M[1-9]\d*)\b")
_NO_LINKS_IN = (nodes.literal, nodes.literal_block, nodes.raw, nodes.reference, nodes.title)
_log = logging.getLogger(__name__)


def anchors_of_rules(page: nodes.document) -> dict[str, str]:
    """Return the anchors of the sections whose titles begin with the number of a rule."""
    found = {}
    for section in page.findall(nodes.section):
        title = section.next_node(nodes.title)
        number = title and _RULE.match(title.astext())
        if number:
            found[number[1]] = str(section["ids"][0])
    return found


def link_rules(app: Sphinx, page: nodes.document, name: str) -> None:
    """Make a link of every number of a rule in a page's running text and tables."""
    anchors: dict[str, str] = app.env.domaindata["std"]["pgsim_rules"]
    model = app.builder.get_relative_uri(name, MODEL)
    for text in list(page.findall(nodes.Text)):
        if _RULE.search(text) and not _is_in(text, _NO_LINKS_IN):
            text.parent.replace(text, list(_pieces(text, anchors, model)))


def _pieces(text: nodes.Text, anchors: Mapping[str, str], model: str) -> Iterator[nodes.Node]:
    """Yield a text with links in it; model: where the rules are, seen from its page."""
    for place, piece in enumerate(_RULE.split(text)):
        if place % 2 == 0:
            yield nodes.Text(piece)
        elif piece in anchors:
            uri = f"{model}#{anchors[piece]}"
            yield nodes.reference("", piece, internal=True, refuri=uri, classes=["rule"])
        else:
            _log.warning("no rule of MODEL.md is numbered %s", piece, location=text.parent)
            yield nodes.Text(piece)


def _is_in(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    parent = node.parent
    while parent is not None and not isinstance(parent, kinds):
        parent = parent.parent
    return parent is not None


def _remember(app: Sphinx, page: nodes.document) -> None:
    if app.env.docname == MODEL:
        app.env.domaindata["std"]["pgsim_rules"] = anchors_of_rules(page)


def _prepare(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    env.domaindata["std"].setdefault("pgsim_rules", {})


def setup(app: Sphinx) -> None:
    """Find the rules where the model is read, and link them where pages are written."""
    app.connect("env-before-read-docs", _prepare)
    app.connect("doctree-read", _remember)
    app.connect("doctree-resolved", link_rules)
