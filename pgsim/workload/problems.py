"""What a validation found wrong, in the words of pgsim's errors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import BeforeValidator, ValidationError
from pydantic_core import PydanticCustomError

from pgsim.errors import nearest

_MOST_PROBLEMS = 10  # that one line tells


def unknown_name(names: Collection[str]) -> PydanticCustomError:
    """Return the error for a validator to raise whose value is none of `names`.

    `describe` adds the nearest of them.
    """
    *others, last = map(repr, names)
    expected = f"{', '.join(others)} or {last}" if others else last
    return PydanticCustomError(
        "unknown_name", "Input should be {expected}", {"expected": expected, "names": list(names)}
    )


def _no_other_type(value: object) -> object:
    if isinstance(value, bool | float):
        raise PydanticCustomError("whole_number", "Input should be a whole number")
    return value


WHOLE = BeforeValidator(_no_other_type)
"""For a number that is one of a few: Python takes `true` and 1.0 for 1."""


def describe(error: ValidationError, fields: Iterable[str]) -> str:
    """Return what a validation found, in one line: each field, what was expected, what is there.

    Of many problems the first ten, and how many more there are.
    """
    valid, problems = list(fields), error.errors(include_url=False)
    told = [_describe_one(problem, valid) for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        told.append(f"and {len(problems) - _MOST_PROBLEMS} problems more")
    return "; ".join(told)


def _describe_one(problem: Mapping[str, Any], valid: list[str]) -> str:
    field = short(".".join(str(part) for part in problem["loc"]))
    if problem["type"] == "extra_forbidden":
        return f"unknown field {field}.{nearest(problem['loc'][-1], valid)}"
    if problem["type"] == "missing":
        return f"field {field} is missing"
    message = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if not problem["loc"]:
        return message
    value = problem["input"]
    hint = nearest(value, problem["ctx"]["names"]) if problem["type"] == "unknown_name" else ""
    return f"field {field}: {message}, not {short(value)}{'.' if hint else ''}{hint}"


def short(value: object) -> str:
    """Return a value as an error shows it, cut where it is long."""
    return cut(repr(value), 60)


def cut(text: str, most: int) -> str:
    """Return a text, cut where it has more characters than `most`."""
    return text if len(text) <= most else f"{text[: most - 3]}..."
