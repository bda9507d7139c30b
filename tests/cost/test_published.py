"""The table of docs/costs.md is what its command prints."""

from __future__ import annotations

from pathlib import Path

from cost.published import table

PAGE = Path(__file__).parents[2] / "docs" / "costs.md"


def test_the_page_shows_what_its_command_prints() -> None:
    assert table() in PAGE.read_text()
