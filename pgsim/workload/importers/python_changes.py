"""What in a Python file may change a list that a literal made, told without running the file.

Whatever mentions the list's name after its literal may: a call may keep it, a loop changes its
rows, an import or a definition replaces it. What cannot is a short list: `len(name)` and the like;
a display such as `nets = {"a": name}`, where nothing mentions `nets` after it; functions that no
statement calls; and what stands under `if __name__ == "__main__"`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

_HARMLESS = frozenset({"len", "print", "repr", "str"})  # called with a list they leave it alone
_REACH_ALL_NAMES = frozenset({"eval", "exec", "globals", "locals", "vars"})
_MODULES = "modules"  # of `sys`; the file itself is among them
_MOST_HOLDERS = 100
_LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)  # run when called
_SCOPES = (*_LATER, ast.ClassDef, ast.ListComp, ast.SetComp, ast.DictComp)
_DISPLAYED = (ast.List, ast.Tuple, ast.Dict, ast.Constant, ast.Name, ast.expr_context)

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Placed(NamedTuple):
    """A top-level statement, and its place among them."""

    place: int
    statement: ast.stmt


class Change(NamedTuple):
    """What may change a list: the part that does, the statement with it, and the name it goes by.

    The name is the list's own, or that of what holds it.
    """

    part: ast.AST
    statement: ast.stmt
    name: str

    @property
    def line(self) -> int:
        """The line that it stands on."""
        line: int = getattr(self.part, "lineno", self.statement.lineno)
        return line


def change_of(statements: Sequence[Placed], name: str, place: int) -> Change | None:
    """Return the first part of a file that may change what a literal made of a name.

    Parameters
    ----------
    statements : sequence of Placed
        Those of the file that assign no literal.
    name : str
        The name.
    place : int
        That of its literal among all statements.
    """
    running = list(_running(statements))
    harmless = _HARMLESS - {name for each in running for name in _bound(each.statement)}
    said = [_said(each.statement) for each in running]
    held, waiting, found = {name: place}, [name], list[Change]()
    while waiting:
        one = waiting.pop()
        for each, names in zip(running, said, strict=True):
            if names is not None and one not in names:
                continue
            holder = _holder(each.statement, one)
            if holder and each.place > held[one]:
                if len(held) > _MOST_HOLDERS:
                    found.append(Change(each.statement, each.statement, one))
                elif holder not in held:
                    held[holder] = each.place
                    waiting.append(holder)
                continue
            is_after = each.place > held[one]
            roots = [each.statement] if is_after else _later(each.statement, one, harmless)
            parts = (part for root in roots for part in _mentions(root, one, harmless))
            found += [Change(part, each.statement, one) for part in parts]
    return min(found, key=lambda change: change.line, default=None)


def first_that_runs(statements: Sequence[Placed]) -> ast.stmt | None:
    """Return the first statement that does more than import, define a function or say something."""
    inside = (one.statement for each in statements for one in _outside_main(each))
    return next((each for each in inside if not _is_quiet(each)), None)


def _is_quiet(statement: ast.stmt) -> bool:
    """Say whether a statement makes no list and changes none; imports are taken not to."""
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.AnnAssign(value=None):
            return True
    return _is_idle(statement, set())


def _running(statements: Sequence[Placed]) -> Iterator[Placed]:
    """Yield what runs when the file is imported; of functions that nothing calls, their heads."""
    inside = [one for each in statements for one in _outside_main(each)]
    functions: dict[str, list[ast.stmt]] = {}
    for _, statement in inside:
        if isinstance(statement, Function):
            functions.setdefault(statement.name, []).append(statement)
    waiting = [each.statement for each in inside if not _is_idle(each.statement, set())]
    called = set[str]()
    while waiting:
        new = _loaded(waiting.pop()) - called
        called |= new
        waiting += [each for name in new for each in functions.get(name, ())]
    for place, statement in inside:
        is_idle = _is_idle(statement, called)
        yield Placed(place, _without_body(statement) if is_idle else statement)


def _outside_main(placed: Placed) -> list[Placed]:
    """Return a statement, or what else there is of one that runs if the file is the main one."""
    match placed.statement:
        case ast.If(
            test=ast.Compare(
                left=ast.Name(id="__name__"),
                ops=[ast.Eq()],
                comparators=[ast.Constant(value="__main__")],
            ),
            orelse=others,
        ):
            return [Placed(placed.place, each) for each in others]
    return [placed]


def _is_idle(statement: ast.stmt, called: set[str]) -> bool:
    """Say whether a statement is a function that nothing calls by its name."""
    return (
        isinstance(statement, Function)
        and statement.name not in called
        and not statement.decorator_list
    )


def _without_body(statement: ast.stmt) -> ast.stmt:
    """Return a function with its name and its defaults alone, which are there once it is."""
    assert isinstance(statement, Function)
    empty = ast.copy_location(ast.Pass(), statement)
    bare = ast.FunctionDef(
        name=statement.name, args=statement.args, body=[empty], decorator_list=[], returns=None
    )
    return ast.copy_location(bare, statement)


def _holder(statement: ast.stmt, name: str) -> str:
    """Return the name of the display that a statement makes of others, if that holds this one."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=holder)], value=value) if holder != name:
            parts = list(ast.walk(value))
            if all(isinstance(each, _DISPLAYED) for each in parts) and any(
                isinstance(each, ast.Name) and each.id == name for each in parts
            ):
                return holder
    return ""


def _later(statement: ast.stmt, name: str, harmless: frozenset[str]) -> Iterator[ast.AST]:
    """Yield what is in the parts of a statement that may run once others have."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, _LATER):
            yield from _parts(node, name, harmless)
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _mentions(root: ast.AST, name: str, harmless: frozenset[str]) -> Iterator[ast.AST]:
    """Yield the parts that mention a name, or may without saying it."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        is_read = isinstance(node, ast.Name) and node.id == name
        if is_read or name in _bound_here(node) or _is_reach(node):
            yield node
        waiting.extend(_parts(node, name, harmless))


def _parts(node: ast.AST, name: str, harmless: frozenset[str]) -> Iterable[ast.AST]:
    """Return the parts of a node in which a name is that of the file, and may be changed."""
    match node:
        case ast.Call(func=ast.Name(id=called), args=args) if called in harmless:
            plain = [each for each in args if not (isinstance(each, ast.Name) and each.id == name)]
            return [*plain, *node.keywords]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda() if _is_local(node, name):
            decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
            defaults = [each for each in node.args.kw_defaults if each]
            return [*decorators, *node.args.defaults, *defaults]
    return ast.iter_child_nodes(node)


def _is_local(function: Function | ast.Lambda, name: str) -> bool:
    """Say whether a name is a function's own: a parameter, or what it assigns."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    if any(isinstance(each, ast.Global) and name in each.names for each in ast.walk(function)):
        return False
    return name in {each.arg for each in arguments if each} or any(
        name in _bound_here(each) for root in body for each in _of_scope(root)
    )


def _of_scope(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a statement, but for those of functions and comprehensions in it."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))


def _said(statement: ast.stmt) -> set[str] | None:
    """Return the names that a statement says, None where it may reach others."""
    if any(_is_reach(each) for each in ast.walk(statement)):
        return None
    return {*_loaded(statement), *_bound(statement)}


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, its parts' among them."""
    for node in ast.walk(statement):
        yield from _bound_here(node)


def _bound_here(node: ast.AST) -> Sequence[str]:
    """Return the names that one part of a program binds or deletes; `from x import *` any."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.alias(name=name, asname=other):
            return [other or name.partition(".")[0]]
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return names
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            return [name]
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            return [name]
    return []


def _is_reach(node: ast.AST) -> bool:
    """Say whether a part of a program reaches names that it does not say."""
    match node:
        case ast.Name(id=name, ctx=ast.Load()):
            return name in _REACH_ALL_NAMES
        case ast.Attribute(attr=name):
            return name == _MODULES
        case ast.alias(name=name):
            return name == "*"
    return False


def _loaded(root: ast.AST) -> set[str]:
    """Return the names that a part of a program reads, or assigns to."""
    return {each.id for each in ast.walk(root) if isinstance(each, ast.Name)}
