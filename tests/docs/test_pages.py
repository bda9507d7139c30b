"""The documentation keeps its promises: links lead somewhere, commands are understood, code runs.

Expected values come from the repository's files, from the command line itself, and from the length
that a newcomer reads to the end.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from docs.pages import (
    PAGES,
    ROOT,
    anchors,
    code,
    commands,
    links,
    mentions,
    name_of,
    prose,
    tokens,
    words,
)
from pgsim.cli import pgsim

README = ROOT / "README.md"
WRAPPED = [page for page in PAGES if page.parent == ROOT / "docs"]
WRAPPED += [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
EXAMPLES = [(page, index) for page in PAGES for index in range(len(code(page, "python")))]
TYPED = {command for page in PAGES for command in commands(page)}
MENTIONED = {command for page in PAGES for command in mentions(page)}

each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not re.match(r"https?:", link) and (
            not target.exists() or (anchor and anchor not in anchors(target))
        ):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("page", WRAPPED, ids=name_of)
def test_lines_of_prose_are_at_most_100_characters_long(page: Path) -> None:
    assert not [number for number, line in prose(page) if len(line) > 100]


@each_page
def test_rules_that_are_cited_are_in_the_model(page: Path) -> None:
    rules = set(re.findall(r"^### (M\d+)\b", (ROOT / "MODEL.md").read_text(encoding="utf-8"), re.M))
    cited = {
        rule
        for block in tokens(page)
        if block.type == "inline"
        for rule in re.findall(r"\bM\d+\b", block.content)
    }
    assert cited <= rules


@pytest.mark.parametrize("line", sorted(TYPED | MENTIONED))
def test_commands_are_understood(line: str) -> None:
    """A command's verb is there, and takes the arguments and options that it is given."""
    try:
        understand(line)
    except click.MissingParameter:  # "`pgsim plot` draws it" is no command to type
        assert line not in TYPED


def understand(line: str) -> None:
    """Read a command as the command line does, but do not run it. Raises what click raises."""
    context, command = click.Context(pgsim, info_name="pgsim"), pgsim
    _, *arguments = shlex.split(line.partition(">")[0], comments=True)
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        name, *arguments = arguments
        command = command.get_command(context, name)
        assert command is not None, f"no such verb: {name}"
    with contextlib.suppress(click.exceptions.Exit):  # of --help and --version
        command.make_context("pgsim", arguments, parent=context)


@pytest.mark.parametrize(
    ("page", "index"), EXAMPLES, ids=[f"{name_of(page)}-{index}" for page, index in EXAMPLES]
)
def test_examples_run(
    page: Path, index: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = code(page, "python")[index]
    for module in ("torch", "onnx"):
        if module in example:
            pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)
    exec(compile(example, f"{name_of(page)}, example {index}", "exec"), {"__name__": "example"})


def test_the_readme_shows_what_its_command_prints() -> None:
    command, *shown = code(README, "console")[0].splitlines()
    assert command.endswith("&& pgsim compare")
    printed = CliRunner().invoke(pgsim, ["compare"], catch_exceptions=False).output.splitlines()
    rest = iter([line.rstrip() for line in printed])
    missing = [line for line in shown if line != "..." and line not in rest]
    assert not missing


def test_the_readme_is_short_enough_to_be_read_to_the_end() -> None:
    assert 600 <= words(README) <= 750


@pytest.mark.parametrize(
    "command",
    [
        "python -m pip install . && pgsim compare",
        "python -m pip install '.[test]' && python -m pytest",
    ],
)
def test_the_readme_has_the_two_commands_that_a_fresh_environment_runs(command: str) -> None:
    assert command in README.read_text(encoding="utf-8")
