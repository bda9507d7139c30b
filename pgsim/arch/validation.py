"""From plain values to a frozen pydantic model, or one error that names everything wrong."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pgsim.errors import InputError, nearest
from pgsim.text import shortened
from pgsim.yaml_source import Location, Mark, Problem, YamlSource

Model = TypeVar("Model", bound=BaseModel)
Schema = dict[str, Any]

_MOST_LINES = 50


class KeyProblems(ValueError):
    """Raised by a model's validator: what is wrong at keys below the value it validates."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {message}" for key, message in problems))
        self.problems = problems


def check_yaml(model: type[Model], source: YamlSource) -> Model:
    """Return the model that a YAML file describes.

    Raises InputError with one line for each problem, the reader's and the model's together:
    ``file:line: key.path: value ...: expected ...``.
    """
    return check_values(model, source.values, str(source.path), source.marks, source.problems)


def check_values(
    model: type[Model],
    values: Mapping[str, object],
    label: str,
    marks: Mapping[Location, Mark] | None = None,
    known: Iterable[Problem] = (),
) -> Model:
    """Return the model made of plain nested values; `label` names their origin in errors.

    Raises InputError with one line for each problem. The `known` ones were found earlier; what
    validation says of the same value adds nothing to them and is left out.
    """
    marks = marks or {}
    problems = list(known)
    said = {(problem.location, problem.line) for problem in problems}
    checked = None
    try:
        checked = model.model_validate(values)
    except ValidationError as error:
        found = _problems(model, error, marks)
        problems += [each for each in found if (each.location, each.line) not in said]
    if checked is None or problems:
        raise InputError(_report(problems, label))
    return checked


@functools.cache
def dotted_keys(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the dotted name of every value that a model of nested sections holds."""
    return tuple(_leaves(_schema(model), _schema(model), ""))


def allowed(model: type[BaseModel], key: str) -> str:
    """Return what a dotted key of a model may hold, in words: `a whole number from 1 to 1024`."""
    return _expected(_at(model, tuple(key.split("."))))


def dotted(location: Location) -> str:
    """Return a location as people write it: ``array.rows``, ``sram.rows[2].read_pj``."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if part.isprintable() and part and " " not in part else repr(part)
            text += f".{shortened(name)}" if text else shortened(name)
    return text


def _unknown_key(model: type[BaseModel], location: Location) -> str:
    """Return the message for a key that a model does not have, with the nearest one that it has."""
    siblings = _children(_at(model, location[:-1]))
    name = str(location[-1])
    elsewhere = [key for key in dotted_keys(model) if key.rpartition(".")[2] == name]
    hint = f" Did you mean {elsewhere[0]!r}?" if len(elsewhere) == 1 else nearest(name, siblings)
    return f"unknown key: expected one of {', '.join(siblings)}.{hint}"


def _report(problems: list[Problem], label: str) -> str:
    ordered = sorted(problems, key=lambda problem: problem.line or 0)
    lines = []
    for problem in ordered[:_MOST_LINES]:
        where = label if problem.line is None else f"{label}:{problem.line}"
        key = dotted(problem.location) or "the whole file"
        lines.append(f"{where}: {key}: {problem.message}")
    if len(ordered) > _MOST_LINES:
        lines.append(f"{label}: and {len(ordered) - _MOST_LINES} problems more")
    return "\n".join(lines)


def _problems(
    model: type[BaseModel], error: ValidationError, marks: Mapping[Location, Mark]
) -> list[Problem]:
    """Return pydantic's errors as problems, one a key, by line.

    Those past what is shown say nothing: the nearest of all keys takes a while to find.
    """
    found: dict[Location, Problem] = {}
    items = error.errors(include_url=False)
    for item in sorted(items, key=lambda item: _line(item["loc"], marks) or 0):
        location: Location = item["loc"]
        if len(found) >= _MOST_LINES:
            found.setdefault(location, Problem(location, "", _line(location, marks)))
            continue
        raised = item.get("ctx", {}).get("error")
        if isinstance(raised, KeyProblems):
            entries = [((*location, *key.split(".")), text) for key, text in raised.problems]
        elif item["type"] == "extra_forbidden":
            entries = [(location, _unknown_key(model, location))]
        else:
            location = _known_part(model, location)
            schema = _at(model, location)
            if item["type"] == "missing":
                text = f"missing: expected {_expected(schema)}."
            elif isinstance(raised, ValueError):
                text = str(raised)
            else:
                text = _refusal(item["input"], schema, marks.get(location))
            entries = [(location, text)]
        for place, text in entries:
            found.setdefault(place, Problem(place, text, _line(place, marks)))
    return list(found.values())


def _line(location: Location, marks: Mapping[Location, Mark]) -> int | None:
    """Return the line of a value, or of the nearest section that would hold it."""
    for length in range(len(location), -1, -1):
        if location[:length] in marks:
            return marks[location[:length]].line
    return None


def _refusal(value: object, schema: Schema, mark: Mark | None) -> str:
    """Return why a value is refused: the value, what was expected, and the likely slip."""
    expected = _expected(schema)
    if isinstance(value, dict):
        shown = "(a section)"
    elif isinstance(value, list):
        shown = "(a list)"
    elif value is None:
        shown = "(none)"
    elif isinstance(value, bool) and mark is not None:
        shown = f"{mark.text} (which YAML reads as {str(value).lower()})"
    else:
        shown = shortened(repr(value))
    hint = ""
    if isinstance(value, str):
        hint = nearest(value, _choices(schema))
        if not hint and mark is not None and _is_number(value) and "number" in expected:
            hint = " Write it without quotes."
    elif value is not None and schema.get("type") == "string" and "enum" not in schema:
        hint = "" if isinstance(value, dict | list) else " Put it in quotes."
    return f"value {shown}: expected {expected}.{hint}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# The allowed values of a key, in words: read from the model's JSON schema, so that a range is
# written once, on the field.


@functools.cache
def _schema(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _resolved(root: Schema, schema: Schema) -> Schema:
    """Return the schema that is referred to: a section's, also where it may be left out."""
    options: list[Schema] = schema.get("anyOf", [schema])
    reference = next((option["$ref"] for option in options if "$ref" in option), None)
    if reference is None:
        return schema
    target: Schema = root["$defs"][reference.rpartition("/")[2]]
    return target


def _at(model: type[BaseModel], location: Location) -> Schema:
    root = _schema(model)
    schema = root
    for part in location:
        schema = _resolved(root, _below(schema, part))
    return schema


def _below(schema: Schema, part: str | int) -> Schema:
    """Return the schema of one part of a value; raises KeyError where the value has no such part.

    A section without keys of its own (a sweep's axes) has one schema for the values of all keys.
    """
    if isinstance(part, int):
        part_schema: Schema = schema["items"]
    elif isinstance(of_any_key := schema.get("additionalProperties"), dict):
        part_schema = of_any_key
    else:
        part_schema = schema["properties"][part]
    return part_schema


def _known_part(model: type[BaseModel], location: Location) -> Location:
    """Return the location without what pydantic adds below a key, as for members of a union."""
    for length in range(len(location), 0, -1):
        try:
            _at(model, location[:length])
        except KeyError:
            continue
        return location[:length]
    return ()


def _children(schema: Schema) -> list[str]:
    return list(schema.get("properties", {}))


def _leaves(root: Schema, schema: Schema, prefix: str) -> list[str]:
    leaves: list[str] = []
    for name, below in schema.get("properties", {}).items():
        resolved = _resolved(root, below)
        if "properties" in resolved:
            leaves += _leaves(root, resolved, f"{prefix}{name}.")
        else:
            leaves.append(f"{prefix}{name}")
    return leaves


def _choices(schema: Schema) -> list[str]:
    """Return the words that a key may take."""
    if "anyOf" in schema:
        return [word for option in schema["anyOf"] for word in _choices(option)]
    words = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [str(word) for word in words]


def _expected(schema: Schema) -> str:
    if "anyOf" in schema:
        return " or ".join(_expected(option) for option in schema["anyOf"])
    if choices := _choices(schema):
        return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"
    text = "text, not empty" if "minLength" in schema else "text"
    names = {
        "integer": f"a whole number{_range(schema)}",
        "number": f"a number{_range(schema)}",
        "string": str(schema.get("description", text)),
        "boolean": "true or false",
        "array": "a list",
        "null": "null",
        "object": f"a section with {', '.join(_children(schema)) or 'keys of your choice'}",
    }
    return names[schema["type"]]


def _range(schema: Schema) -> str:
    lowest, highest = schema.get("minimum"), schema.get("maximum")
    above = schema.get("exclusiveMinimum")
    words = ""
    if above is not None:
        words = f" over {above:.12g}" + (f", at most {highest:.12g}" if highest is not None else "")
    elif lowest is not None:
        words = f" from {lowest:.12g}" + (f" to {highest:.12g}" if highest is not None else " up")
    if "multipleOf" in schema:
        words += f", a multiple of {schema['multipleOf']}"
    return words
