"""Literals that a Python file assigns to names, read and never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pgsim.errors import InputError
from pgsim.workload.importers.python_changes import Placed, change_of, first_that_runs
from pgsim.workload.problems import cut

_MOST_NAMES = 10_000  # that one file assigns to


@dataclass
class Literals:
    """The values of names, and of other names why they have none: they are no literals.

    places: of the statement that made each value, among all. others: the statements that assign no
    literal.
    """

    values: dict[str, object] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, InputError] = field(default_factory=dict)
    others: list[Placed] = field(default_factory=list)


@lru_cache(maxsize=1)  # a file of many lists is asked for one after the other
def assigned_literals(text: str, path: Path) -> Literals:
    """Return what a Python file assigns to names, at its top level.

    Raises InputError where it is no Python. What is not a literal, such as a call or a sum, is
    refused only where its name is asked for: the rest of the file may be any program. Of several
    values of one name the last counts.
    """
    found = Literals()
    for place, statement in enumerate(_parsed(text, path).body):
        name, value = _assigned(statement)
        if name and value is not None:
            _take(found, Placed(place, statement), name, value, path)
        else:
            found.others.append(Placed(place, statement))
            found.refusals |= {
                each: _of_several(each, statement, path) for each in _together(statement)
            }
        if len(found.values) + len(found.refusals) > _MOST_NAMES:
            raise InputError(f"{path}: more than {_MOST_NAMES:,} names")
    return found


def _take(found: Literals, placed: Placed, name: str, value: ast.expr, path: Path) -> None:
    """Note the value that a statement gives a name, or that it is no literal."""
    try:
        found.values[name] = ast.literal_eval(value)
        found.places[name] = placed.place
        found.refusals.pop(name, None)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        found.values.pop(name, None)
        found.others.append(placed)
        offender = _offender(value)
        expected = (
            "a comma is missing between two lists of it"
            if _are_side_by_side(offender)
            else "expected lists and numbers alone, because nothing of the file is run"
        )
        found.refusals[name] = InputError(
            f"{path}:{offender.lineno}: {name!r} is no literal: {expected}"
        )


def require_unchanged(literals: Literals, name: str, path: Path) -> None:
    """Raise InputError where a statement may change what its literal made of a name."""
    change = change_of(literals.others, name, literals.places[name])
    if change is None:
        return
    changes = any(_changed(node) == name for node in ast.walk(change.statement))
    held = f", which {change.name!r} holds," if change.name != name else ""
    raise InputError(
        f"{path}:{change.line}: {'changes' if changes else 'may change'} {name!r}{held} after its "
        "literal: write the whole list as one literal, because nothing of the file is run"
    )


def require_nothing_else(literals: Literals, name: str, path: Path) -> None:
    """Raise InputError where a file, of whose lists nobody named one, has more than literals.

    Who does not name a list takes the file for a list; what the rest of it makes, nobody knows.
    """
    other = first_that_runs(literals.others)
    if other is not None:
        raise InputError(
            f"{path}:{other.lineno}: no literal that a name is given, so that the file may make "
            f"other lists than {name!r}, and nothing of it is run: name the list that is meant, as "
            f"in {Path(path).name}:{name}"
        )


def _parsed(text: str, path: Path) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as of an odd escape in a text
            return ast.parse(text)
    except SyntaxError as error:
        raise InputError(f"{path}:{error.lineno or 1}: not Python: {error.msg}") from None
    except (ValueError, MemoryError, RecursionError) as error:
        raise InputError(f"{path}: not Python: {cut(str(error) or 'too deep', 200)}") from None


def _assigned(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    """Return the one name that a statement assigns to, and its value; no name for any other."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, value
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            return name, value
    return "", None


def _together(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that one statement assigns to with others, as `a = b = []` does."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            yield from (each.id for each in parts if isinstance(each, ast.Name))


def _of_several(name: str, statement: ast.stmt, path: Path) -> InputError:
    return InputError(
        f"{path}:{statement.lineno}: {name!r} is assigned together with others: write each list as "
        "`name = [...]`"
    )


def _offender(value: ast.expr) -> ast.expr:
    """Return the first part of a value that is no literal, or the value."""
    for node in ast.walk(value):
        if isinstance(node, ast.expr) and not isinstance(
            node, ast.List | ast.Tuple | ast.Dict | ast.Set | ast.Constant | ast.UnaryOp
        ):
            return node
    return value


def _are_side_by_side(value: ast.expr) -> bool:
    """Say whether a value is a list right behind another, which Python takes for an index."""
    while isinstance(value, ast.Subscript):
        value = value.value
        if isinstance(value, ast.List | ast.Tuple):
            return True
    return False


def _changed(node: ast.AST) -> str:
    """Return the name of what a part of a program changes: assigns, deletes, or calls a method of.

    >>> _changed(ast.parse("layers.append(1)").body[0].value)
    'layers'
    """
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return name
        case ast.Subscript(value=of, ctx=ast.Store() | ast.Del()):
            return _base(of)
        case ast.Call(func=ast.Attribute(value=of)):
            return _base(of)
    return ""


def _base(node: ast.expr) -> str:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
