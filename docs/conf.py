"""How Sphinx builds the site: the pages of the repository, where they stand, and what code says.

python -m pip install '.[docs]'
sphinx-build -W -c docs . docs/_build/html
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pgsim

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "pgsim"
author = copyright = "pgsim developers"
version = release = pgsim.__version__

extensions = [
    "pgsim_site",
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]

# The root of the source is that of the repository, so that links are those of a code host.
root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/reference/*.md",
    "notebooks/*.ipynb",
    "tests/rtl/README.md",
    "traces/README.md",
]
exclude_patterns = ["docs/_build", ".*"]

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["myst.header"]
nb_execution_mode = "off"  # notebooks keep their outputs, and tests run them

default_role = "public"  # a public name is a link, all else is code
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say types in words
autodoc_mock_imports = [] if find_spec("torch") else ["torch"]
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "furo"
html_title = "pgsim"
templates_path = ["_templates"]
html_additional_pages = {"index": "start.html"}  # leads to the root page
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
