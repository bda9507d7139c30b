"""Mutants: files of the package with one line made wrong, drawn by a seed."""

from __future__ import annotations

import ast
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).resolve().parents[2]
MUTATED = (
    *("mapping", "model", "kernels", "cost", "schemes", "results", "workload"),
    *("study/comparison.py", "study/waterfalls.py"),
)


@dataclass(frozen=True)
class Mutant:
    """A file of the package and its text with one line made wrong."""

    spec: MutationSpec
    text: str

    @property
    def file(self) -> str:
        """The file's path in the tree."""
        return str(self.spec.module_path)

    @property
    def key(self) -> str:
        """A name that stays for as long as the file does."""
        return hashlib.sha256(f"{self.file}\n{self.text}".encode()).hexdigest()[:12]

    @cached_property
    def change(self) -> tuple[str, str]:
        """The line that was right, and the one that is wrong."""
        lines = (ROOT / self.file).read_text().splitlines(), self.text.splitlines()
        right, wrong = next(pair for pair in zip(*lines, strict=False) if pair[0] != pair[1])
        return right.strip(), wrong.strip()

    def __str__(self) -> str:
        right, wrong = self.change
        return f"{self.file}:{self.spec.start_pos[0]}  {right}  ->  {wrong}"


def drawn(seed: int, count: int) -> list[Mutant]:
    """Return mutants of so many places, one of each; a larger count begins with a smaller one."""
    rng = random.Random(seed)
    places: dict[tuple[Path, tuple[int, int]], list[MutationSpec]] = {}
    for spec in _specs():
        places.setdefault((spec.module_path, spec.start_pos), []).append(spec)
    found: list[Mutant] = []
    for place in rng.sample(sorted(places), len(places)):
        ways = rng.sample(places[place], len(places[place]))
        if mutant := next(filter(None, map(_mutant, ways)), None):
            found.append(mutant)
        if len(found) == count:
            break
    return found


def _specs() -> Iterator[MutationSpec]:
    """Yield all that Cosmic Ray can do to the mutated files."""
    operators = {name: get_operator(name) for name in operator_names()}
    plain = {name: each() for name, each in operators.items() if not each.arguments()}
    for path in (path for name in MUTATED for path in _files(ROOT / "pgsim" / name)):
        nodes = list(ast_nodes(get_ast(path.read_text())))
        for name, operator in plain.items():
            at = (place for node in nodes for place in operator.mutation_positions(node))
            for occurrence, (start, end) in enumerate(at):
                yield MutationSpec(path.relative_to(ROOT), name, occurrence, start, end)


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _mutant(spec: MutationSpec) -> Mutant | None:
    """Return the mutant that was specified; None if it cannot be run or means what was there."""
    right = (ROOT / spec.module_path).read_text()
    wrong = mutate_code(right, get_operator(spec.operator_name)(), spec.occurrence)
    try:
        return None if meaning(wrong) == meaning(right) else Mutant(spec, wrong)
    except SyntaxError:
        return None


def meaning(text: str) -> str:
    """Return a text that is the same for modules that mean the same to a test."""
    return ast.dump(_Telling().visit(ast.parse(text)))


class _Telling(ast.NodeTransformer):
    """Leaves out of a module what no test is asked about."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns, node.decorator_list = None, []
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = []
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise()

    def visit_If(self, node: ast.If) -> ast.AST:
        return ast.Pass() if "TYPE_CHECKING" in ast.dump(node.test) else self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> ast.AST:
        node.value = ast.Constant(None) if node.arg == "strict" else node.value
        return self.generic_visit(node)
