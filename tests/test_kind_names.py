"""Things that come in kinds are objects in a list: nothing outside their files asks for a name.

A dataflow, a PE, a scheduler, lanes, a scheme, an op, an operand: whoever needs to know what one
does asks the object. A comparison with a kind's name would have to be found and mended for every
kind that is added, so the source is searched for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import pgsim
from pgsim.arch import (
    CONVENTIONS,
    COUNTINGS,
    DATAFLOWS,
    DRAM_MODELS,
    LANES,
    PES,
    SCHEDULERS,
    SPEEDS,
)
from pgsim.arch.importers import IMPORTERS
from pgsim.cost.exporters import EXPORTERS
from pgsim.kinds import by_name
from pgsim.results.reports import REPORTS
from pgsim.schemes import OPERANDS, SCHEMES
from pgsim.workload.ops import OPS

PACKAGE = Path(pgsim.__file__).parent
FAMILIES = (
    *(CONVENTIONS, COUNTINGS, DATAFLOWS, DRAM_MODELS, LANES, PES, SCHEDULERS, SPEEDS),
    *(OPS, OPERANDS, SCHEMES, EXPORTERS, IMPORTERS, REPORTS),
)
NAMES = {name for family in FAMILIES for name in family}
HOMES = (
    "arch/conventions/",
    "arch/importers/",
    "cost/exporters/",
    "results/reports/",
    "arch/countings/",
    "arch/dataflows/",
    "arch/dram_models/",
    "arch/lanes/",
    "arch/pes/",
    "arch/schedulers/",
    "arch/speeds/",
    "model/fetches/",
    "schemes/",
    "workload/gates/",
    "workload/ops/",
)


class Question(NamedTuple):
    """A place that asks for a kind's name: its file, and what it says."""

    path: str
    text: str


ALLOWED = {
    # The sections of a design's file bear the names of what their buffers hold.
    Question("arch/memory.py", "{'activation', 'weight'}"),
}


def names_in(node: ast.AST) -> set[str]:
    """Return the names of kinds that stand as text in an expression."""
    constants = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return {value for value in constants if isinstance(value, str)} & NAMES


def questions(source: str) -> Iterator[str]:
    """Yield every comparison, case, look-up and table in a source that names a kind."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare() if names_in(node):
                yield ast.unparse(node)
            case ast.match_case(pattern=pattern) if names_in(pattern):
                yield f"case {ast.unparse(pattern)}"
            case ast.Subscript(slice=ast.Constant(value=str(key))) if key in NAMES:
                yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[key, *_]) if names_in(key):
                yield ast.unparse(node)
            case ast.Dict(keys=keys):
                texts = {each.value for each in keys if isinstance(each, ast.Constant)}
                for family in FAMILIES:  # a table of some kinds; one word alone is a coincidence
                    if len(named := texts & family.keys()) > 1:
                        yield f"{{{', '.join(map(repr, sorted(named)))}}}"


def test_nothing_outside_the_files_of_kinds_asks_for_a_kinds_name() -> None:
    found = {
        Question(path, text)
        for file in PACKAGE.rglob("*.py")
        if not (path := file.relative_to(PACKAGE).as_posix()).startswith(HOMES)
        for text in questions(file.read_text(encoding="utf-8"))
    }
    assert found == ALLOWED


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("design.dataflow == 'os'", "design.dataflow == 'os'"),
        ("kind not in ('skip', 'mine')", "kind not in ('skip', 'mine')"),
        ("match op:\n case 'linear' | 'mine': pass", "case 'linear' | 'mine'"),
        ("costs['fixed']", "costs['fixed']"),
        ("costs.get('queue', 0)", "costs.get('queue', 0)"),
        ("{'ws': 1, 'os': 2}[flow]", "{'os', 'ws'}"),
    ],
)
def test_the_search_finds_every_way_of_asking(source: str, found: str) -> None:
    assert list(questions(source)) == [found]


@pytest.mark.parametrize(
    "source",
    [
        "design.override({'array.pe.kind': 'fixed'})",  # a value, not a question
        "columns['cycles']",
        "{'op': 'linear', 'positions': 3}",
        "flow is other",
    ],
)
def test_the_search_leaves_the_rest_alone(source: str) -> None:
    assert not list(questions(source))


@pytest.mark.parametrize("family", [each for each in FAMILIES if each is not SCHEMES])
def test_kinds_are_found_by_the_names_that_they_say(family: dict) -> None:
    assert all(kind.name == name for name, kind in family.items())


def test_two_kinds_of_one_name_are_refused() -> None:
    one, other = DATAFLOWS["os"], DATAFLOWS["os"]
    with pytest.raises(ValueError, match="two kinds are named 'os'"):
        by_name((one, DATAFLOWS["ws"], other))
