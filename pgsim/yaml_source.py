"""YAML as pgsim accepts it: one mapping of literal values, in which every value knows its line.

PyYAML's loaders follow YAML 1.1, where ``010`` is eight, ``1:30`` is ninety and an alias can
stand for a thousand values. A file that feeds a simulation should mean what it seems to say, so
this reader takes PyYAML's events (the syntax) and gives the values their meaning itself.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pgsim.errors import InputError
from pgsim.files import text_of
from pgsim.text import shortened

Location = tuple[str | int, ...]

_MOST_KIB = 256  # a sweep of tens of thousands of values; read in about a second
_DEEPEST = 8  # an architecture needs 4 levels; a bound keeps hostile nesting off the stack
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,30})")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,4})?")
_TRUE, _FALSE = {"true", "yes", "on"}, {"false", "no", "off"}  # YAML 1.1
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LITERAL_ONLY = "literal values only:"
_NOT_TEXT = yaml.reader.Reader.NON_PRINTABLE  # what YAML has no characters for
# The parser in C is fifty times as fast; a PyYAML that was built without it has the other one.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with an input: where, what is wrong, and on which line of the file if any."""

    location: Location
    message: str
    line: int | None = None


@dataclass(frozen=True)
class Mark:
    """The line of a value in its file, and a scalar's own spelling there."""

    line: int
    text: str = ""


@dataclass(frozen=True)
class YamlSource:
    """A YAML file as read: its plain values, a mark for each, and all that is wrong so far."""

    path: Path
    values: dict[str, object]
    marks: dict[Location, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_yaml(path: str | Path) -> YamlSource:
    """Read a YAML file of literal values whose top level is a mapping.

    Duplicate keys, anchors, aliases, tags, merge keys and numbers that YAML 1.1 would not read as
    decimal are left in `problems`, to be reported together with what validation finds. Raises
    InputError for a file that gives no mapping at all: unreadable, larger than 256 KiB, not UTF-8,
    not YAML, empty, nested too deeply, or something else at its top level.
    """
    path = Path(path)
    source = YamlSource(path, {})
    values = _parsed(text_of(path, _MOST_KIB), source)
    if not isinstance(values, dict):
        found = "it is empty" if values is None else f"found {_kind(values)}"
        raise InputError(f"{path}: expected a mapping of keys to values; {found}")
    source.values.update(values)
    return source


def read_yaml_rows(path: str | Path, key: str) -> list[tuple[int, dict[str, object]]]:
    """Read a table in YAML: a list of mappings, alone or under one key; each with its line.

    Raises InputError for what `read_yaml` refuses or leaves in `problems`, and for anything else.
    """
    source = YamlSource(Path(path), {})
    values = _parsed(text_of(source.path, _MOST_KIB), source)
    if source.problems:
        raise InputError(
            "\n".join(f"{path}:{each.line}: {each.message}" for each in source.problems)
        )
    base: Location = ()
    if isinstance(values, dict):
        if set(values) != {key}:
            found = shortened(", ".join(map(str, values)) or "nothing")
            raise InputError(f"{path}: expected the key {key!r} alone; found {found}")
        values, base = values[key], (key,)
    if not isinstance(values, list):
        raise InputError(f"{path}: expected a list of rows; found {_kind(values)}")
    rows = []
    for number, row in enumerate(values):
        line = source.marks[*base, number].line
        if not isinstance(row, dict):
            raise InputError(f"{path}:{line}: expected a row of keys and values")
        rows.append((line, row))
    return rows


def read_literal(text: str, label: str) -> object:
    """Return the value of a YAML literal that stands outside a file, as on the command line.

    Raises InputError, beginning with `label`, where a file's reader would find a problem with it.
    """
    source = YamlSource(Path(label), {})
    value = _parsed(text, source)
    if source.problems:
        raise InputError("\n".join(f"{label}: {each.message}" for each in source.problems))
    return value


def _parsed(text: str, source: YamlSource) -> object:
    """Return what a YAML text says; marks and problems are left in `source`."""
    path = source.path
    if found := _NOT_TEXT.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise InputError(f"{path}:{line}: not text: the character {found[0]!a}")
    try:
        return _document(yaml.parse(text, Loader=_PARSER), source)
    except InputError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise InputError(f"{path}:{line}: not valid YAML: {what}") from None
    except (ValueError, OverflowError) as error:  # the slow one lets "\UFFFFFFFF" through to chr()
        raise InputError(f"{path}: not valid YAML: {error}") from None


def _kind(value: object) -> str:
    kinds = ((list, "a list"), (dict, "a mapping"), (type(None), "nothing"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "a single value")


def _document(events: Iterator[yaml.Event], source: YamlSource) -> object:
    value: object = None
    documents = 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                line = _line(event)
                raise InputError(f"{source.path}:{line}: a second document; expected one a file")
        elif isinstance(event, yaml.NodeEvent):
            value = _value(event, events, (), source)
    return value


def _value(
    event: yaml.Event, events: Iterator[yaml.Event], location: Location, source: YamlSource
) -> object:
    line = _line(event)
    source.marks[location] = Mark(line, getattr(event, "value", ""))
    for construct in _indirections(event):
        message = f"{_LITERAL_ONLY} {construct} stands here; write the value itself."
        source.problems.append(Problem(location, message, line))
    if len(location) > _DEEPEST:
        raise InputError(f"{source.path}:{line}: nested more than {_DEEPEST} levels deep")
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, location, source)
    if isinstance(event, yaml.SequenceStartEvent):
        return _sequence(events, location, source)
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event, location, source)
    return None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _indirections(event: yaml.Event) -> list[str]:
    """Return the names of what makes a node other than the literal that it spells."""
    if isinstance(event, yaml.AliasEvent):
        return ["an alias"]
    marks = {"an anchor": getattr(event, "anchor", None), "a tag": getattr(event, "tag", None)}
    return [name for name, mark in marks.items() if mark is not None]


def _mapping(
    events: Iterator[yaml.Event], location: Location, source: YamlSource
) -> dict[str, object]:
    values: dict[str, object] = {}
    first_lines: dict[str, int] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise InputError(f"{source.path}:{line}: a key must be a plain word")
        key = event.value
        here = (*location, key)
        if key in first_lines:
            message = f"duplicate key, first on line {first_lines[key]}; keep one of them."
            source.problems.append(Problem(here, message, line))
            _value(next(events), events, here, YamlSource(source.path, {}))
            continue
        first_lines[key] = line
        values[key] = _value(next(events), events, here, source)
        source.marks[here] = Mark(line, source.marks[here].text)  # a section's line is its key's
        if key == "<<":
            message = f"{_LITERAL_ONLY} a merge key stands here; write its keys themselves."
            source.problems.append(Problem(here, message, line))
        for construct in _indirections(event):
            message = f"{_LITERAL_ONLY} {construct} stands before this key; write the key alone."
            source.problems.append(Problem(here, message, line))
    return values


def _sequence(events: Iterator[yaml.Event], location: Location, source: YamlSource) -> list[object]:
    values: list[object] = []
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        values.append(_value(event, events, (*location, len(values)), source))
    return values


def _scalar(event: yaml.ScalarEvent, location: Location, source: YamlSource) -> object:
    """Return what a scalar means: quoted is text, plain is a literal of YAML's core schema.

    The YAML 1.1 words ``on``, ``off``, ``yes`` and ``no`` stay booleans, as other readers of the
    same file take them.
    """
    text: str = event.value
    problem = None
    if not text.isprintable() and not text.replace("\n", "").replace("\t", "").isprintable():
        problem = "holds a character that cannot be printed."
    if event.style:  # quoted, or a block
        value: object = text
    elif text in ("", "~", "null", "Null", "NULL"):
        value = None
    elif text in (text.lower(), text.capitalize(), text.upper()) and text.lower() in _TRUE | _FALSE:
        value = text.lower() in _TRUE
    elif _INTEGER.fullmatch(text):
        value = int(text)
    elif _NOT_FINITE.fullmatch(text):
        value, problem = None, f"value {text}: expected a finite number."
    elif _DECIMAL.fullmatch(text) and not re.match(r"[-+]?0[0-9]", text):
        value = float(text)
        if not math.isfinite(value):
            problem = f"value {shortened(text)}: too large for a number."
    elif (kind := _yaml_1_1_kind(text)) is not None:
        value = None
        problem = f"value {shortened(text)}: YAML reads {kind} here; write a plain decimal number"
        problem += ", or quote it if it is text."
    else:
        value = text
    if problem is not None:
        source.problems.append(Problem(location, problem, _line(event)))
    return value


def _yaml_1_1_kind(text: str) -> str | None:
    """Return what YAML 1.1 makes of a plain scalar that is not text to it."""
    resolver: Any = yaml.resolver.Resolver()
    tag: str = resolver.resolve(yaml.ScalarNode, text, (True, False))
    kinds = {"int": "an integer", "float": "a number", "timestamp": "a date"}
    return kinds.get(tag.rpartition(":")[2])


class _Writer(yaml.SafeDumper):
    """Text that this reader takes for a number is quoted, as is what YAML 1.1 takes for one."""


_Writer.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(f"(?:{_DECIMAL.pattern})$"), None
)


def yaml_text(content: object, *, width: int, any_letter: bool = False) -> str:
    """Return values as YAML that this reader reads back, keys in their order.

    any_letter: whether letters beyond ASCII stand as they are, and not as escapes of YAML's own.
    """
    text: str = yaml.dump(
        content, Dumper=_Writer, sort_keys=False, allow_unicode=any_letter, width=width
    )
    return text
