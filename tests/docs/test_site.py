"""What the site adds to the pages: entries from the code, links of rules, and their checks.

Expected values are counted by hand on small pages and docstrings, or come from what the package
itself lists: the keys of a design, the verbs, the options of a command.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import click
import pytest

pytest.importorskip("sphinx")
pytest.importorskip("myst_nb")

from pgsim_site import html_links
from pgsim_site.commands import pages_of, with_code
from pgsim_site.comments import shown
from pgsim_site.docstrings import entries
from pgsim_site.keys import keys
from pgsim_site.markdown import anchor, table
from pgsim_site.names import public_names
from sphinx.application import Sphinx

import pgsim
from docs.pages import ROOT
from pgsim.arch import NestKeys, config_keys
from pgsim.cli import VERBS
from pgsim.cli import pgsim as command_line


def test_the_site_shows_its_own_comments_and_no_others() -> None:
    page = "# Page\n\n<!-- site:\n:::{columns} layers\n:::\n-->\n\n<!-- figures: short -->\nText\n"
    assert shown(page) == (
        "# Page\n\n:::{columns} layers\n:::\n\n\n<!-- figures: short -->\nText\n"
    )


def test_docstrings_tell_of_each_argument() -> None:
    def function() -> None:
        """Do it.

        Parameters
        ----------
        rows, columns : int
            PEs along a side,
            at least 1.
        name : str
            What it is called.

        Returns
        -------
        nothing : None
            Really.
        """

    side = "PEs along a side, at least 1."
    assert entries(function) == {"rows": side, "columns": side, "name": "What it is called."}


def test_every_key_of_a_design_has_its_entry_and_a_meaning() -> None:
    found = {each.name: each for each in keys(pgsim.ArchConfig)}
    assert tuple(found) == config_keys()
    assert not [each.name for each in found.values() if not each.meaning]


@pytest.mark.parametrize("model", [NestKeys, pgsim.SweepSpec])
def test_every_key_of_nests_and_sweeps_has_a_meaning(model: type) -> None:
    assert not [each.name for each in keys(model) if not each.meaning]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("array.rows", "a whole number from 1 to 1024; required"),
        ("memory.retain", "true or false; false by default"),
        ("lsb.window", "auto or a whole number from 1 up; auto by default"),
        ("lsb.ways", "a whole number from 1 to 64; 4 by default"),
        ("mapping.nests", "a list; may be left out"),
    ],
)
def test_a_key_says_what_it_may_hold(name: str, values: str) -> None:
    assert {each.name: each for each in keys(pgsim.ArchConfig)}[name].values == values


def test_a_key_of_one_kind_says_of_which() -> None:
    found = {each.name: each.meaning for each in keys(pgsim.ArchConfig)}
    assert found["lsb.depth"].startswith("`queue`: ")
    assert not found["array.pe.max_weight_bits"].startswith("`")  # all PEs have it


def test_commands_and_their_options_are_told() -> None:
    text = "\n".join(pages_of(command_line, "pgsim", depth=2))
    assert all(f"### pgsim {verb}\n" in text for verb in VERBS)
    simulate = command_line.get_command(click.Context(command_line), "simulate")
    assert simulate is not None
    options = [each.opts[-1] for each in simulate.params if isinstance(each, click.Option)]
    assert len(options) > 5
    assert not [each for each in options if each not in text]


def test_options_in_sentences_are_code() -> None:
    assert with_code("-o writes it; --dry-run, a run-time 1-2 -- no") == (
        "`-o` writes it; `--dry-run`, a run-time 1-2 -- no"
    )


def test_cells_keep_their_bars_and_anchors_are_words() -> None:
    assert table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |"
    assert anchor("pgsim simulate", "-o, --output FILE") == "pgsim-simulate-o-output-file"


def test_public_names_are_those_of_both_packages() -> None:
    names = public_names()
    assert {"pgsim.simulate", "pgsim.COLUMNS", "pgsim.gating.capture"} <= set(names)
    assert len(names) > len(pgsim.__all__)


def test_links_that_lead_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.html").write_text(
        '<h1 id="top-of-a">A</h1><a href="#top-of-a"></a><a href="#gone"></a>'
        '<a href="folder/b.html#here"></a><a href="folder/b.html#there"></a>'
        '<a href="https://example.org/none"></a><img src="none.png"><a href="mailto:x@y.z"></a>'
    )
    (tmp_path / "folder" / "b.html").write_text('<p id="here"><a href="../a.html">A</a></p>')
    found = [link for _, link in html_links.broken_links(tmp_path)]
    assert found == ["#gone", "folder/b.html#there", "none.png"]


def test_rules_are_linked_and_unknown_ones_are_warned_of(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text(
        "# Page\n\nAs M12 says, not `M12`, and M99.\n\n```{toctree}\nMODEL\n```\n"
    )
    (source / "MODEL.md").write_text("# The model\n\n## Schedulers\n\n### M12 combine\n\nText.\n")
    warnings = io.StringIO()
    site = Sphinx(
        source,
        None,
        tmp_path / "site",
        tmp_path / "doctrees",
        "html",
        confoverrides={"extensions": ["myst_parser", "pgsim_site.rules"]},
        status=None,
        warning=warnings,
    )
    site.build()
    page = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert page.count('class="rule reference internal" href="MODEL.html#m12-combine"') == 1
    assert "no rule of MODEL.md is numbered M99" in warnings.getvalue()
    assert "numbered M12" not in warnings.getvalue()


def test_ci_and_contributors_build_the_site_with_one_command() -> None:
    command = "sphinx-build -W -c docs . docs/_build/html"
    for name in ("CONTRIBUTING.md", "docs/index.md", ".ci/run", "docs/conf.py"):
        assert command in (ROOT / name).read_text(encoding="utf-8")


def test_every_public_name_has_an_entry() -> None:
    page = (ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
    entries = re.findall(r"^\.\. (?:auto\w+|py:data):: pgsim\.(\w+)$", page, re.MULTILINE)
    assert set(pgsim.__all__) <= set(entries)
