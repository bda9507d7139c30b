"""Edits of a YAML file: of its tree, of its values by what only YAML can write, of its lines."""

from __future__ import annotations

import copy
import re
from functools import lru_cache
from random import Random
from typing import Any

import yaml

from fuzz.mutators.mutator import Unfit
from fuzz.mutators.trees import Pairs, Raw, edit, keys, renumber, to_json, values

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # of one meaning; one is fast
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
_CONSTRUCTS = (
    "&a 1", "*a", "&a [*a]", "!!int 3", "!!str 3", "!!binary aGk=", "!!set {a}", "!mine x",
    "!<x> y",
    "!!python/object/apply:os.getcwd []", "!!python/name:os.getcwd", "!!timestamp 2001-01-01",
    "2001-01-01", "0x10", "0o7", "010", "0b11", "1_000", "1:30", "190:20:30", ".inf", "-.INF",
    ".nan",
    "+8", "08", "1.", ".5", "8 # eight", "~", "yes", "No", "on", "Null", "|\n  text", ">-\n  text",
    "|2\n  x", "'a''b'", '"\\x41"', '"\\UFFFFFFFF"', '"\\ud800"', '"\\0"', "? x", "- 1", "@x",
    "`x`",
    "%x", "{<<: {a: 1}}", "{? [1]: 2}", "{a: 1, a: 2}", "[1, [2, [3]]]", "{}", "[]", "", "a: b",
    "pg_os, 3", "{a, b}", "=", "<<",
)  # fmt: skip
_KEYS = (
    "<<",
    "? a",
    "? [1]",
    "&a key",
    "*a",
    "!!str key",
    "[1]",
    "{a: 1}",
    "~",
    "1",
    "1.0",
    "yes",
    "=",
)
_LINES = (
    "---", "...", "--- |", "%YAML 1.1", "%YAML 9.9", "%TAG ! tag:x,2000:", "<<: *a", "a: &a 1",
    "b: *a", "<<: {name: x}", "\t", "\tkey: 1", "# comment", "key", "key:", ": x", "- x", "? x",
    "}",
    "]", '"', "'", "key: [1", "name: again", "  indented: 1", "\ufeffname: x", "\x00", "\x85",
    "a\u2028b",
    "key: |", "!!map", "&x", "*x", "\ud800",
)  # fmt: skip


def yaml_edit(rng: Random, data: bytes) -> bytes:
    """Change one thing of a YAML file's tree, and write it in blocks or as JSON."""
    return _written(rng, edit(rng, _tree(data)))


def yaml_construct(rng: Random, data: bytes) -> bytes:
    """Put what only YAML can write in the place of one value or key."""
    tree = [_tree(data)]
    odd_keys = rng.random() < 0.3
    places = list(keys(tree) if odd_keys else values(tree))
    if places:
        rng.choice(places).put(Raw(rng.choice(_KEYS if odd_keys else _CONSTRUCTS)))
    return _written(rng, tree[0])


def yaml_lines(rng: Random, data: bytes) -> bytes:
    """Add, drop, double, move, join or indent a line."""
    lines = data.decode("utf-8", "replace").split("\n")
    place = rng.randrange(len(lines))
    line = lines[place]
    changed = (
        [rng.choice(_LINES), line],
        [line, rng.choice(_LINES)],
        [rng.choice(_LINES)],
        [],
        [line, line],
        [f"  {line}"],
        [line.removeprefix(" ")],
        [f"\t{line}"],
        [line.rstrip() + (lines[place + 1] if place + 1 < len(lines) else "")],
        [line.replace(": ", ":", 1)],
        [line.replace(":", ": :", 1)],
        [f"{line} {rng.choice(_CONSTRUCTS)}"],
        [re.sub(r"[0-9.]+", lambda _: rng.choice(_CONSTRUCTS), line, count=1)],
    )
    lines[place : place + 1] = rng.choice(changed)
    return rng.choice(("\n", "\n", "\n", "\r\n", "\r")).join(lines).encode("utf-8", "surrogatepass")


def yaml_number(rng: Random, data: bytes) -> bytes:
    """Change numbers to others that the same keys may well have: what is wrong only together."""
    return _written(rng, renumber(rng, _tree(data)))


def yaml_crossed(rng: Random, one: bytes, other: bytes) -> bytes:
    """Return a file with some sections of another, under the same keys: often a file that is right.

    Bytes that are no YAML are returned as they are.
    """
    try:
        tree, donor = _tree(one), _tree(other)
    except Unfit:
        return one
    _take(rng, tree, donor)
    return _written(rng, tree)


def _take(rng: Random, tree: Any, donor: Any) -> None:
    if not isinstance(tree, Pairs) or not isinstance(donor, Pairs):
        return
    given = {key: value for key, value in donor if isinstance(key, str)}
    for pair in tree:
        key = pair[0]
        if isinstance(key, str) and key in given:
            if rng.random() < 0.2:
                pair[1] = given[key]
            else:
                _take(rng, pair[1], given[key])


YAML_EDITS = (yaml_edit, yaml_edit, yaml_number, yaml_number, yaml_construct, yaml_lines)


def _tree(data: bytes) -> Any:
    return copy.deepcopy(_parsed(data))


@lru_cache(maxsize=64)
def _parsed(data: bytes) -> Any:
    try:
        return _of_node(yaml.compose(data.decode(), Loader=_LOADER))
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, AttributeError):
        raise Unfit from None


def _of_node(node: yaml.Node | None) -> Any:
    match node:
        case yaml.MappingNode():
            return Pairs([_of_node(key), _of_node(value)] for key, value in node.value)
        case yaml.SequenceNode():
            return [_of_node(each) for each in node.value]
        case yaml.ScalarNode(style=None | ""):
            return node.value if _WORD.fullmatch(node.value) else Raw(node.value)
        case yaml.ScalarNode():
            return node.value
    raise Unfit


def _written(rng: Random, tree: Any) -> bytes:
    try:
        text = to_json(tree) if rng.random() < 0.3 else "\n".join(_lines(tree, ""))
    except RecursionError:  # an alias can hold itself
        raise Unfit from None
    return (text + "\n").encode("utf-8", "surrogatepass")


def _lines(tree: Any, margin: str) -> list[str]:
    """Return a tree in block style; what stands in lists is in flow style."""
    if not isinstance(tree, Pairs) or not tree:
        return [margin + _flow(tree)]
    lines: list[str] = []
    for key, value in tree:
        if isinstance(value, Pairs) and value:
            lines += [f"{margin}{_flow(key)}:", *_lines(value, f"{margin}  ")]
        else:
            lines.append(f"{margin}{_flow(key)}: {_flow(value)}")
    return lines


def _flow(tree: Any) -> str:
    return tree if isinstance(tree, str) and _WORD.fullmatch(tree) else to_json(tree)
