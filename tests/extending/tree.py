"""A copy of pgsim that tests change, and interpreters that import it instead of the original."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docs.pages import ROOT

import pgsim

HERE, PACKAGE = Path(__file__).parent, Path(pgsim.__file__).parent
SUPPORT = HERE.parent / "support"


@dataclass(frozen=True)
class Tree:
    """A copy of the package at `root`, beside the shipped designs and traces."""

    root: Path

    def apply(self, diff: str) -> None:
        """Apply a diff, as a reader would."""
        self._call(["git", "apply", "-"], self.root, diff)

    def ask(self, script: str, question: Any, folder: Path | None = None) -> Any:
        """Return the answer of a script of this folder, run in `folder`; both are of JSON."""
        words = [sys.executable, str(HERE / script)]
        return json.loads(self._call(words, folder or self.root.parent, json.dumps(question)))

    def rows(self, cases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return what the copy finds for cases of one layer (`rows.row_of`)."""
        rows: list[dict[str, Any]] = self.ask("rows.py", cases)
        return rows

    def _call(self, words: Sequence[str], folder: Path, given: str) -> str:
        """Return what a process prints; raises AssertionError with its errors where it fails."""
        environment = {
            "COLUMNS": "100",  # as the pages show outputs
            "PYTHONPATH": os.pathsep.join((str(self.root), str(SUPPORT))),
            "GIT_CEILING_DIRECTORIES": str(self.root.parent),  # the copy is in no repository
        }
        done = subprocess.run(
            list(words),
            cwd=folder,
            env=os.environ | environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def fresh_tree(home: Path) -> Tree:
    """Return a new copy, always at the same place; its kernels are the original's, compiled."""
    root = home / "tree"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(PACKAGE, root / "pgsim")
    with (root / "pgsim" / "kernels" / "__init__.py").open("a", encoding="utf-8") as kernels:
        kernels.write(f"\n__path__ = [{str(PACKAGE / 'kernels')!r}]\n")
    for data in ("arch_configs", "traces"):
        (root / data).symlink_to(ROOT / data)
    return Tree(root)
