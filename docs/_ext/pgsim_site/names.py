"""Public names: each has its entry in the reference, and docstrings that use it lead there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole
from sphinx.util import logging

import pgsim

_log = logging.getLogger(__name__)


@cache
def public_names() -> list[str]:
    """Return what pgsim and pgsim.gating list as theirs; the latter is read without PyTorch."""
    gating = Path(pgsim.__file__).parent / "gating" / "__init__.py"
    listed = next(
        ast.literal_eval(node.value)
        for node in ast.parse(gating.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    return [f"pgsim.{each}" for each in pgsim.__all__] + [f"pgsim.gating.{each}" for each in listed]


def public(
    role: str, rawtext: str, text: str, line: int, inliner: Any, *more: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Return a link to the entry of a public name, or text as code."""
    name = f"pgsim.{text}"
    if name not in public_names():
        return [nodes.literal(rawtext, text)], []
    title = f"{text} <{name}>"
    return XRefRole()("py:obj", f":py:obj:`{title}`", title, line, inliner)


def _link_types(app: Sphinx, page: nodes.document) -> None:
    """Leave links of the words of types only where these are public names."""
    for link in list(page.findall(addnodes.pending_xref)):
        if link.get("refdomain") == "py" and link.get("refspecific"):
            name = f"pgsim.{link['reftarget']}"
            if name in public_names():
                link["reftarget"], link["refspecific"] = name, False
            else:
                link.replace_self(link.children)


def _compare(app: Sphinx, env: BuildEnvironment) -> None:
    documented = env.domaindata["py"]["objects"]
    for name in public_names():
        if name not in documented:
            _log.warning("%s has no entry in docs/reference", name)


def setup(app: Sphinx) -> None:
    """Add the role, and compare once all pages are read."""
    app.add_role("public", public)
    app.connect("doctree-read", _link_types)
    app.connect("env-check-consistency", _compare)
