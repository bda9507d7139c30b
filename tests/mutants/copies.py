"""Copies of the tree, in which mutants meet the fast tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drawing import ROOT, Mutant

TESTS = ROOT / "tests"
SLOW = ("rtl", "extending", "benchmarks", "gating", "docs", "fuzz")  # folders that are not asked
OFTEN_TELL = ("model", "study", "reference_model", "test_model_examples.py", "test_conservation.py")
LONGEST = ("test_fitted", "test_against_reference", "test_compiled", "test_passes_outputs")
UNWANTED = (".*", "__pycache__", "build", "dist", "*.egg-info")

TEST_SECONDS = 300  # of one test, the longest of which takes 30
PART_SECONDS = 3600
PYTEST = (
    *(sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider"),
    *("-o", f"faulthandler_timeout={TEST_SECONDS}", "-o", "faulthandler_exit_on_timeout=true"),
)


def fast_tests(file: str) -> list[list[str]]:
    """Return the fast tests in parts: those of a module, of its folder, and all others."""
    path = Path(file).relative_to("pgsim")
    mirror = TESTS / path.with_name(f"test_{path.name}")
    parts: tuple[list[str], ...] = ([], [], [])
    for each in sorted(TESTS.rglob("test_*.py"), key=_rank):
        if _first(each) not in SLOW:
            far = 0 if each == mirror else 1 if _first(each) == path.parts[0] else 2
            parts[far].append(str(each.relative_to(ROOT)))
    return [part for part in parts if part]


def _rank(test: Path) -> tuple[bool, bool, Path]:
    """Put tests that often tell first, and those that take longest last."""
    return test.stem in LONGEST, _first(test) not in OFTEN_TELL, test


def _first(test: Path) -> str:
    return test.relative_to(TESTS).parts[0]


@dataclass(frozen=True)
class Copy:
    """A copy of the tree, for one mutant at a time.

    folder: that holds it. kernels: where compiled kernels are kept; those of a mutant are not.
    """

    folder: Path
    kernels: Path

    def __post_init__(self) -> None:
        shutil.copytree(ROOT, self.tree, ignore=shutil.ignore_patterns(*UNWANTED))

    @property
    def tree(self) -> Path:
        """The copy itself."""
        return self.folder / "tree"

    def caught(self, mutant: Mutant) -> str:
        """Return what the first test says that a mutant fails; empty if it passes them all."""
        path, own_kernels = self.tree / mutant.file, self.folder / "kernels"
        right = path.read_text()
        path.write_text(mutant.text)
        # Kernels are kept by the digest of all their sources.
        kernels = own_kernels if "kernels" in path.parts else self.kernels
        try:
            said = (self.failure(part, kernels) for part in fast_tests(mutant.file))
            return next(filter(None, said), "")
        finally:
            path.write_text(right)
            shutil.rmtree(own_kernels, ignore_errors=True)

    def failure(self, tests: Sequence[str], kernels: Path) -> str:
        """Return what the first failing test says; empty if all pass."""
        home = self.folder / "home"  # a mutant writes nowhere else
        home.mkdir()
        places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME"), str(home))
        running = subprocess.Popen(
            [*PYTEST, *tests],
            cwd=self.tree,
            env=os.environ
            | places
            | {"PYTHONPATH": str(self.tree), "NUMBA_CACHE_DIR": str(kernels)}
            | {"PYTHONDONTWRITEBYTECODE": "1"},  # its time stamps are too coarse for this
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            lines = running.communicate(timeout=PART_SECONDS)[0].splitlines()
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.communicate()
            return f"not done after {PART_SECONDS} s"
        finally:
            shutil.rmtree(home, ignore_errors=True)
        if running.returncode == 0:
            return ""
        telling = [each for each in lines if each.startswith(("FAILED", "ERROR", "Timeout"))]
        return (telling or [f"exit status {running.returncode}"])[0]
