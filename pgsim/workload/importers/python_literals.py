"""Literals that a Python file assigns to names, read and never run."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pgsim.errors import InputError
from pgsim.workload.problems import cut

_MOST_NAMES = 10_000  # that one file assigns to
_DEFINES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


@dataclass
class Literals:
    """The values of names, and of other names why they have none: they are no literals.

    others: the statements that are neither literals nor definitions, which may change names.
    """

    values: dict[str, object] = field(default_factory=dict)
    refusals: dict[str, InputError] = field(default_factory=dict)
    others: list[ast.stmt] = field(default_factory=list)


@lru_cache(maxsize=1)  # a file of many lists is asked for one after the other
def assigned_literals(text: str, path: Path) -> Literals:
    """Return what a Python file assigns to names, at its top level.

    Raises InputError where it is no Python. What is not a literal, such as a call or a sum, is
    refused only where its name is asked for: the rest of the file may be any program.
    """
    found = Literals()
    assigned: dict[str, ast.expr] = {}  # of several values of one name the last counts
    for statement in _parsed(text, path).body:
        name, value = _assigned(statement)
        if name and value is not None:
            assigned[name] = value
        elif not isinstance(statement, _DEFINES):
            found.others.append(statement)
    if len(assigned) > _MOST_NAMES:
        raise InputError(f"{path}: {len(assigned):,} names are more than {_MOST_NAMES:,}")
    for name, value in assigned.items():
        try:
            found.values[name] = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            found.others.append(ast.Expr(value, lineno=value.lineno))
            found.refusals[name] = InputError(
                f"{path}:{_offender(value).lineno}: {name!r} is no literal: expected lists and "
                "numbers alone, because nothing of the file is run"
            )
    return found


def require_unchanged(literals: Literals, name: str, path: Path) -> None:
    """Raise InputError where a top-level statement may change what its literal made of a name."""
    for statement in literals.others:
        if any(_changed(node) == name for node in ast.walk(statement)):
            raise InputError(
                f"{path}:{statement.lineno}: changes {name!r} after its literal: write the whole "
                "list as one literal, because nothing of the file is run"
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


def _offender(value: ast.expr) -> ast.expr:
    """Return the first part of a value that is no literal, or the value."""
    for node in ast.walk(value):
        if isinstance(node, ast.expr) and not isinstance(
            node, ast.List | ast.Tuple | ast.Dict | ast.Set | ast.Constant | ast.UnaryOp
        ):
            return node
    return value


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
