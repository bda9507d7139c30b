"""MODEL.md as a text: its lines, its links, its rules and its symbols."""

from __future__ import annotations

import re
from pathlib import Path

MODEL = (Path(__file__).parents[1] / "MODEL.md").read_text()

LONGEST_LINE = 100
RULES = 60


def test_lines_are_short() -> None:
    long = [line for line in MODEL.splitlines() if len(line) > LONGEST_LINE]
    assert long == []


def test_every_rule_has_a_heading_of_its_own() -> None:
    numbers = [int(number) for number in re.findall(r"^### M(\d+) ", MODEL, re.M)]
    assert len(set(numbers)) == len(numbers)
    assert set(range(1, 40)) <= set(numbers) <= set(range(1, RULES + 1))


def test_contents_lead_to_every_section() -> None:
    contents = MODEL.split("## Contents")[1].split("## ")[0]
    links = re.findall(r"^- \[(.+)\]\(#(.+?)\)", contents, re.M)
    assert [title for title, _ in links] == re.findall(r"^## (?!Contents)(.+)", MODEL, re.M)
    assert all(anchor == _anchor(title) for title, anchor in links)
    anchors = {_anchor(title) for title in re.findall(r"^#+ (.+)", MODEL, re.M)}
    assert set(re.findall(r"\]\(#(.+?)\)", MODEL)) <= anchors


def _anchor(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_every_letter_is_defined_once_in_the_tables_at_the_head() -> None:
    head, body = MODEL.split("## Worked examples")
    cells = re.findall(r"^\| (`[^|]+`) \|", head, re.M)
    defined = [re.sub(r"\(.*", "", symbol) for cell in cells for symbol in cell[1:-1].split("`, `")]
    assert len(set(defined)) == len(defined)
    letters = {word for word in _words_in_formulas(body) if re.fullmatch(r"[^\W\d](_\w+)?", word)}
    letters = {re.sub("_d$", "_c", letter) for letter in letters}  # of one channel and of another
    assert letters - set(defined) == {"Σ", "π"}


def _words_in_formulas(text: str) -> set[str]:
    """Return the words of code spans and of indented formulas, without powers."""
    prose = re.sub(r"^```.*?^```|[¹²]", "", text, flags=re.M | re.S)
    formulas = re.findall(r"^    \S.*", prose, re.M) + re.findall(r"`([^`]+)`", prose)
    return {word.rstrip("_") for each in formulas for word in re.findall(r"[^\W\d]\w*", each)}
