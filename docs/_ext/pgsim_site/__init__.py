"""What Sphinx learns to build pgsim's site: reference from the code, rules as links, a gallery."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from pgsim_site import comments, gallery, html_links, names, reference, rules

PARTS = (comments, gallery, html_links, names, reference, rules)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add every part to the build."""
    for part in PARTS:
        part.setup(app)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
