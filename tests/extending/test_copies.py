"""A kind is its file: copied under another name and listed once more, it does the same everywhere.

The original is what the copy is compared with, and pgsim as it is what a pgsim with copies is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docs.pages import ROOT

from extending.tree import Tree, fresh_tree

pytestmark = pytest.mark.xdist_group("extending")  # they share what takes long to make


@dataclass(frozen=True)
class Copied:
    """A kind to copy: its package, its file without suffix, its name there, where it is chosen.

    compared: whether to look at comparisons and figures too, which take longer: of two kinds that
    the design has, and of two that only its alternatives have.
    """

    package: str
    file: str
    name: str
    key: str
    compared: bool = False

    @property
    def twin(self) -> str:
        """A name as long, so that tables are as wide."""
        return f"{self.name[:-1]}9"

    def write(self, root: Path) -> None:
        """Copy the file and list its kind behind the original, in a copy of pgsim."""
        folder = root / "pgsim" / self.package
        source = (folder / f"{self.file}.py").read_text(encoding="utf-8")
        (kind,) = re.findall(r"^class (\w+)\(", source, re.MULTILINE)
        copied = re.sub(rf"\b{kind}\b", f"{kind}Twin", source)
        copied = copied.replace(f'"{self.name}"', f'"{self.twin}"')
        (folder / f"{self.file}_twin.py").write_text(copied, encoding="utf-8")
        self._list(folder / "__init__.py", kind)

    def _list(self, path: Path, kind: str) -> None:
        module = f"pgsim.{self.package.replace('/', '.')}.{self.file}"
        text = path.read_text(encoding="utf-8")
        for found, more in (
            (rf"from {module} import {kind}\n", rf"from {module}_twin import {kind}Twin\n"),
            (rf"\b{kind}((?:\(\))?)(?=[,)])", rf", {kind}Twin\1"),
        ):
            text, times = re.subn(found, rf"\g<0>{more}", text)
            assert times == 1
        path.write_text(text, encoding="utf-8")


SCHEDULERS = [
    Copied("arch/schedulers", name, name, "lsb.scheduler", name == "combine")
    for name in ("dense", "skip", "combine", "queue", "ideal")
]
PES = [
    Copied("arch/pes", name, name, "array.pe.kind", name == "fixed")
    for name in ("fixed", "fusion", "serial_activation", "serial_weight", "serial_both")
]
DATAFLOWS = [
    Copied("arch/dataflows", "output_stationary", "os", "array.dataflow"),
    Copied("arch/dataflows", "weight_stationary", "ws", "array.dataflow", True),
    Copied("arch/dataflows", "input_stationary", "is", "array.dataflow"),
    Copied("arch/dataflows", "bitfusion", "bitfusion", "array.dataflow"),
]
SCHEMES = [
    Copied("schemes", name, name, "scheme", name == "pg")
    for name in ("pg", "dual_dense", "full", "msb_only")
]
ALL = [*SCHEDULERS, *PES, *DATAFLOWS, *SCHEMES]


@dataclass(frozen=True)
class Answers:
    """What a pgsim with twins says: in general, and of both names of every kind."""

    lists: dict[str, str]
    of: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def answers(home: Path) -> Answers:
    """The outputs of one pgsim in which every kind has a twin."""
    tree: Tree = fresh_tree(home)
    for each in ALL:
        each.write(tree.root)
    asked = [(each.key, name, each.compared) for each in ALL for name in (each.name, each.twin)]
    general, *found = tree.ask("outputs.py", asked)
    return Answers(general, dict(zip((name for _, name, _ in asked), found, strict=True)))


@pytest.mark.parametrize("copied", ALL, ids=lambda copied: f"{copied.key}={copied.name}")
def test_a_copy_is_the_original_by_another_name(copied: Copied, answers: Answers) -> None:
    original, twin = (
        {what: _renamed(said, copied) for what, said in answers.of[name].items()}
        for name in (copied.name, copied.twin)
    )
    assert twin == original
    verb = "simulate" if copied.key == "scheme" else "show"
    assert copied.twin in answers.of[copied.twin][verb]


def _renamed(said: Any, copied: Copied) -> Any:
    """Return an output with the copy's name replaced by the original's."""
    if isinstance(said, str):
        return said.replace(copied.twin, copied.name)
    if isinstance(said, dict):
        return {key: _renamed(value, copied) for key, value in said.items()}
    if isinstance(said, list):
        return [_renamed(value, copied) for value in said]
    return said


def test_nothing_else_changes_but_for_one_line_a_scheme(answers: Answers, home: Path) -> None:
    (before,) = Tree(ROOT).ask("outputs.py", [], home)
    after = answers.lists
    assert {name for name in before if before[name] != after[name]} == {"schemes"}
    was, now = before["schemes"].splitlines(), after["schemes"].splitlines()
    twins = [[each.twin] for each in SCHEMES]
    assert [line for line in now if line.split()[:1] not in twins] == was
    assert len(now) == len(was) + len(SCHEMES)
