"""Things that come in kinds are objects in a list: nothing outside their files asks for a name.

A dataflow, a PE, a scheduler, lanes, a scheme, an op, an operand: whoever needs to know what one
does asks the object. A comparison with a kind's name would have to be found and mended for every
kind that is added, so the source is searched for it.

A word that is compared may be a kind of which nobody made an object yet. So the source is searched
for all such words too, and for keys of files that are one of several words; those of other programs
and of tables are listed below.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import pgsim
from pgsim.arch import (
    CONVENTIONS,
    COUNTINGS,
    DATAFLOWS,
    DRAM_MODELS,
    FIRST_LAYERS,
    FOLD_OVERLAPS,
    LANE_ORDERS,
    LANES,
    LSB_FETCHES,
    MAPPING_KINDS,
    OBJECTIVES,
    PES,
    PORTS,
    SCHEDULERS,
    SPEEDS,
    TRANSFER_OVERLAPS,
)
from pgsim.arch.importers import IMPORTERS
from pgsim.cost.exporters import EXPORTERS
from pgsim.kinds import by_name
from pgsim.results.mask_sources import MASK_SOURCES
from pgsim.results.reports import REPORTS
from pgsim.schemes import OPERANDS, SCHEMES
from pgsim.workload.gates import GATE_KINDS
from pgsim.workload.ops import OPS

PACKAGE = Path(pgsim.__file__).parent
FAMILIES = (
    *(CONVENTIONS, COUNTINGS, DATAFLOWS, DRAM_MODELS, LANES, PES, SCHEDULERS, SPEEDS),
    *(FIRST_LAYERS, FOLD_OVERLAPS, LANE_ORDERS, LSB_FETCHES, MAPPING_KINDS, OBJECTIVES, PORTS),
    *(TRANSFER_OVERLAPS, GATE_KINDS, OPS, OPERANDS, SCHEMES, MASK_SOURCES),
    *(EXPORTERS, IMPORTERS, REPORTS),
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
    "arch/first_layers/",
    "arch/lane_orders/",
    "arch/lanes/",
    "arch/lsb_fetches/",
    "arch/mapping_kinds/",
    "arch/objectives/",
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
    # An option of the command is called so.
    Question("cli/synth.py", "'density' not in given"),
    # Figures of what is spent bear the name of what they show.
    Question("plots/stacks.py", "{'dram', 'energy', 'latency'}"),
}
SHARED = {"input", "output", "slots"}  # keys of buffers, of errors and of other tables too

OF_OTHERS = {  # whose words are no kinds of pgsim
    "__main__.py": "Python",
    "arch/validation.py": "pydantic and JSON Schema",
    "gating/": "PyTorch",
    "study/sweeps/forecast.py": "the platform",
    "study/sweeps/journal.py": "the platform",
    "workload/importers/onnx_graph/": "ONNX",
    "workload/importers/python_changes.py": "Python",
    "workload/problems.py": "pydantic",
    "yaml_source.py": "YAML",
}
COMPARED = {
    # Options of commands, and the parameters that they become.
    Question("cli/plot.py", "name not in (*takes, 'where', 'width')"),
    Question("cli/sweep.py", "engine == 'dask'"),
    # Columns of tables, each of which is one of its own.
    Question("results/designs.py", "name == 'mask_source'"),
    Question("results/designs.py", "name not in (*IDENTITY, 'design', 'image')"),
    Question("results/designs.py", "name in (*IDENTITY, 'design')"),
    Question("results/designs.py", "name != 'images'"),
    Question("results/designs.py", "other != 'mask_source'"),
    Question("results/designs.py", "other == 'arch'"),
    Question("workload/precisions.py", "bits != 'layer'"),
}
WORDS = {
    # What a type checker knows of arguments.
    Question("workload/zeros.py", "Literal['activation', 'weight']"),
    # What a trace's file may say; what becomes of it in tables has objects (MASK_SOURCES).
    Question("workload/manifest.py", "Literal['captured', 'synthetic']"),
}
IDENTITIES = {
    # PEs that go by values take activations in their rows, and no other operand.
    Question("arch/value_refusals.py", "array.lane_kind.slot_operand is not ACTIVATIONS"),
    # Of activations alone some planes come on demand, whichever side of the array they feed.
    Question("model/traffic/on_demand.py", "job.slot_operand is ACTIVATIONS"),
}
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9 ]+")


parsed = cache(ast.parse)


def names_in(node: ast.AST) -> set[str]:
    """Return the names of kinds that stand as text in an expression."""
    constants = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return {value for value in constants if isinstance(value, str)} & NAMES


def questions(source: str) -> Iterator[str]:
    """Yield every comparison, case, look-up and table in a source that names a kind."""
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Compare() if names_in(node):
                yield ast.unparse(node)
            case ast.match_case(pattern=pattern) if names_in(pattern):
                yield f"case {ast.unparse(pattern)}"
            case ast.Subscript(slice=ast.Constant(value=str(key))) if key in NAMES - SHARED:
                yield ast.unparse(node)
            case ast.Call(func=ast.Attribute(attr="get" | "pop"), args=[key, *_]) if names_in(key):
                yield ast.unparse(node)
            case ast.Dict(keys=keys):
                texts = {each.value for each in keys if isinstance(each, ast.Constant)}
                for family in FAMILIES:  # a table of some kinds; one word alone is a coincidence
                    if len(named := texts & family.keys()) > 1:
                        yield f"{{{', '.join(map(repr, sorted(named)))}}}"


def is_word(node: ast.AST) -> bool:
    """Say whether an expression is a word as text."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _WORD.fullmatch(node.value) is not None
    )


def words_compared(source: str) -> Iterator[str]:
    """Yield every comparison and case in a source that asks whether a value is some word."""
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others):
                for one, how, other in zip([left, *others], ops, others, strict=False):
                    listed = isinstance(other, ast.Tuple | ast.List | ast.Set)
                    among = isinstance(how, ast.In | ast.NotIn) and listed
                    asked = other.elts if among else (one, other)
                    is_asked = among or isinstance(how, ast.Eq | ast.NotEq | ast.Is | ast.IsNot)
                    if is_asked and any(map(is_word, asked)):
                        yield ast.unparse(node)
                        break
            case ast.match_case(pattern=pattern) if any(map(is_word, ast.walk(pattern))):
                yield f"case {ast.unparse(pattern)}"


def choices_of_words(source: str) -> Iterator[str]:
    """Yield every type in a source that is one of several words."""
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=words)):
                if any(map(is_word, words)):
                    yield ast.unparse(node)


@cache
def found_by(search: Callable[[str], Iterator[str]]) -> frozenset[Question]:
    """Return what a search finds in the package."""
    return frozenset(
        Question(file.relative_to(PACKAGE).as_posix(), text)
        for file in PACKAGE.rglob("*.py")
        for text in search(file.read_text(encoding="utf-8"))
    )


def outside(folders: Collection[str], found: frozenset[Question]) -> set[Question]:
    """Return what was found outside of some files and folders."""
    return {each for each in found if not each.path.startswith(tuple(folders))}


def operands_asked_for(source: str) -> Iterator[str]:
    """Yield every question in a source whether an operand is some one."""
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Compare(ops=[ast.Is() | ast.IsNot()], comparators=[ast.Name(id=name)]):
                if name in ("ACTIVATIONS", "WEIGHTS"):
                    yield ast.unparse(node)


def test_nothing_outside_the_files_of_kinds_asks_for_a_kinds_name() -> None:
    assert outside(HOMES, found_by(questions)) == ALLOWED


def test_no_word_is_compared_but_those_of_others_and_of_tables() -> None:
    assert outside(OF_OTHERS, found_by(words_compared)) == COMPARED


def test_what_an_operand_is_particular_in_is_asked_of_it_or_of_how_it_is_fetched() -> None:
    assert found_by(operands_asked_for) == IDENTITIES


@pytest.mark.parametrize("path", OF_OTHERS)
def test_words_of_others_are_compared_where_it_is_said(path: str) -> None:
    assert any(each.path.startswith(path) for each in found_by(words_compared))


def test_no_key_of_a_file_is_one_of_several_words_without_an_object() -> None:
    assert outside(["gating/"], found_by(choices_of_words)) == WORDS


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
        "overlap == 'runs'",
        "'runs' != overlap",
        "overlap is not 'runs'",
        "overlap in ('turns', 'runs')",
        "overlap not in {*others, 'runs'}",
        "0 < cycles == 'runs'",
        "match overlap:\n case 'runs': pass",
        "match overlap:\n case 'runs' | 'turns': pass",
    ],
)
def test_the_search_finds_every_word_that_is_compared(source: str) -> None:
    assert len(list(words_compared(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "'what_if' in trace.provenance",  # whether a key is there
        "text == ''",
        "mark in ('=', '+')",
        "overlap == RUNS",
        "overlap = 'runs'",
        "match overlap:\n case Runs(): pass",
    ],
)
def test_the_search_for_words_leaves_the_rest_alone(source: str) -> None:
    assert not list(words_compared(source))


@pytest.mark.parametrize("source", ["operand is ACTIVATIONS", "job.slot_operand is not WEIGHTS"])
def test_the_search_finds_questions_for_an_operand(source: str) -> None:
    assert list(operands_asked_for(source)) == [source]


def test_the_search_finds_types_of_several_words_and_no_word_beside_a_number() -> None:
    assert list(choices_of_words("ports: Literal['slots', 'all'] = 'slots'"))
    assert not list(choices_of_words("clock_mhz: Literal['auto'] | float"))
    assert not list(choices_of_words("version: Literal[1, 2]"))


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
