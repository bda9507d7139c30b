"""The page of published figures: it shows every result, and each as its command prints it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from docs.pages import ROOT, code
from pgsim.cli import pgsim
from pgsim.study.published import PUBLISHED

BLOCKS = dict(each.split("\n", 1) for each in code(ROOT / "docs" / "reproduced.md", "console"))


def test_every_result_is_shown() -> None:
    assert list(BLOCKS) == [f"$ pgsim reproduce {name}" for name in PUBLISHED]


@pytest.mark.parametrize("line", BLOCKS)
def test_a_command_prints_what_the_page_shows(line: str) -> None:
    arguments = line.removeprefix("$ pgsim ").split()
    printed = CliRunner().invoke(pgsim, arguments, catch_exceptions=False).output
    assert BLOCKS[line].splitlines() == [each.rstrip() for each in printed.rstrip().splitlines()]
