"""The examples in docstrings are true, and every public name has one.

Expected values are those that the docstrings print.
"""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import pgsim

PACKAGE = Path(pgsim.__file__).parent
CONSTANTS = ("COLUMNS", "SCHEMES")  # dicts: the docstring of their module speaks for them
OTHERS = (  # what public functions take and return
    "masks.MaskMeasures",
    "model.work_store.WorkStore",
    "results.Result",
    "schemes.Scheme",
    "study.comparison.Comparison",
)


def modules_with_examples() -> Iterator[str]:
    """Find the modules that have an example, without importing any."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>> " in path.read_text(encoding="utf-8"):
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__")


@pytest.mark.parametrize("name", list(modules_with_examples()))
def test_examples_print_what_they_say(name: str) -> None:
    if name.startswith("pgsim.gating"):
        pytest.importorskip("torch")
    failed, tried = doctest.testmod(import_module(name))
    assert tried
    assert not failed


@pytest.mark.parametrize(
    "name", [*(each for each in pgsim.__all__ if each not in CONSTANTS), *OTHERS]
)
def test_every_public_function_and_class_has_an_example(name: str) -> None:
    home, _, last = name.rpartition(".")
    public = getattr(import_module(f"pgsim.{home}") if home else pgsim, last)
    assert has_an_example(public.__doc__)


@pytest.mark.parametrize(
    "name",
    [
        "arch.dataflows",
        "arch.lanes",
        "arch.pes",
        "arch.schedulers",
        "results.columns",
        "schemes",
        "workload.ops",
    ],
)
def test_a_module_of_public_constants_has_an_example(name: str) -> None:
    assert has_an_example(import_module(f"pgsim.{name}").__doc__)


def has_an_example(text: str | None) -> bool:
    """Return whether a docstring has numpydoc's section of examples, with one in it."""
    lines = [line.strip() for line in (text or "").splitlines()]
    return "Examples" in lines and any(
        line.startswith(">>> ") for line in lines[lines.index("Examples") :]
    )
