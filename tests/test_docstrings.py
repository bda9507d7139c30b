"""Public functions and classes say what they take and what they give, as numpydoc lays it out.

Expected values are the signatures: every argument has its entry in the docstring, and no entry is
of an argument that is gone. The sources are parsed and not imported, so that pgsim.gating is read
without PyTorch too.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import pgsim

PACKAGE = Path(pgsim.__file__).parent
Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(home: str) -> list[Path]:
    """Return the files of a module or of a package and all that is below it."""
    path = PACKAGE.joinpath(*home.split("."))
    return sorted(path.rglob("*.py")) or [path.with_suffix(".py")]


def exported(home: str) -> list[str]:
    """Return what a package lists in `__all__`."""
    for node in ast.parse((PACKAGE / home / "__init__.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            names: list[str] = ast.literal_eval(node.value)
            return names
    raise AssertionError(f"pgsim.{home} has no __all__")


def definition(home: str, name: str) -> Function | ast.ClassDef | None:
    """Return the function or class of a name, None for a constant."""
    found = [
        node
        for path in sources(home)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, Function | ast.ClassDef) and node.name == name
    ]
    assert len(found) <= 1
    node = found[0] if found else None
    for base in node.bases if isinstance(node, ast.ClassDef) else ():
        if isinstance(own := definition(home, ast.unparse(base)), ast.ClassDef):
            node.body += [each for each in own.body if isinstance(each, ast.AnnAssign)]  # fields
    return node


def public() -> Iterator[tuple[str, Function | ast.ClassDef]]:
    """Find the public functions and classes, and the methods of those that need no PyTorch."""
    names = [
        *((home, name) for name, home in pgsim._HOMES.items()),
        ("masks", "MaskMeasures"),
        ("model.work_store", "WorkStore"),
        ("results", "Result"),
        ("schemes", "Scheme"),
        ("study.comparison", "Comparison"),
        *(("gating", name) for name in exported("gating")),
    ]
    for home, name in names:
        node = definition(home, name)
        if node is not None:
            yield f"{home}.{name}", node
        if isinstance(node, ast.ClassDef) and home != "gating":
            yield from ((f"{home}.{name}.{each.name}", each) for each in methods(node))


def methods(node: ast.ClassDef) -> list[Function]:
    """Return a class's public methods; a property is told in one sentence, as an attribute is."""
    return [
        each
        for each in node.body
        if isinstance(each, Function)
        and not each.name.startswith("_")
        and not any("property" in ast.unparse(word) for word in each.decorator_list)
    ]


def arguments(node: Function) -> set[str]:
    """Return the names that a call may give."""
    given = node.args
    names = {each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)}
    names |= {f"*{given.vararg.arg}"} if given.vararg else set()
    names |= {f"**{given.kwarg.arg}"} if given.kwarg else set()
    return names - {"self", "cls"}


def fields(node: ast.ClassDef) -> set[str]:
    """Return what an object of a class is made of: arguments of `__init__`, or public fields."""
    for each in node.body:
        if isinstance(each, Function) and each.name == "__init__":
            return arguments(each)
    targets = [each.target for each in node.body if isinstance(each, ast.AnnAssign)]
    return {name for name in map(ast.unparse, targets) if not name.startswith("_")}


def section(node: Function | ast.ClassDef, *titles: str) -> set[str] | None:
    """Return the names of a section's entries, None where no section has one of these titles."""
    lines = inspect.cleandoc(ast.get_docstring(node) or "").splitlines()
    for number, line in enumerate(lines[:-1]):
        if line in titles and lines[number + 1] == "-" * len(line):
            entries = []
            for entry, below in zip(lines[number + 2 :], [*lines[number + 3 :], ""], strict=True):
                if below and set(below) == {"-"}:  # the title of the next section
                    break
                if entry and not entry.startswith(" "):
                    entries.append(entry.partition(" : ")[0])
            return {name for entry in entries for name in entry.split(", ")}
    return None


PUBLIC = dict(public())
FUNCTIONS = [name for name, node in PUBLIC.items() if isinstance(node, Function)]
CLASSES = [name for name, node in PUBLIC.items() if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("name", PUBLIC)
def test_the_first_line_is_a_sentence(name: str) -> None:
    first, *rest = (ast.get_docstring(PUBLIC[name]) or "").splitlines()
    assert first.endswith(".")
    assert not rest or not rest[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_has_its_entry(name: str) -> None:
    assert (section(PUBLIC[name], "Parameters") or set()) == arguments(PUBLIC[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_returned_has_its_entry(name: str) -> None:
    returned = PUBLIC[name].returns
    assert returned is not None
    has_entry = section(PUBLIC[name], "Returns", "Yields") is not None
    assert has_entry == (ast.unparse(returned) != "None")


@pytest.mark.parametrize("name", CLASSES)
def test_all_that_an_object_is_made_of_has_its_entry(name: str) -> None:
    node = PUBLIC[name]
    told = section(node, "Parameters", "Attributes") or set()
    known = {each.name for each in node.body if isinstance(each, Function)}
    assert fields(node) <= told <= fields(node) | known
