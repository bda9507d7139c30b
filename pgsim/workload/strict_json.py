"""JSON as manifests are read: nothing in it is passed over in silence."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from pydantic_core import from_json

from pgsim.errors import InputError
from pgsim.workload.problems import cut, short

_MOST_DIGITS = 1000  # of a whole number; Python reads some thousands
_ALIKE = bytes(ord("0") if chr(each).isdigit() else each for each in range(256))  # all digits


class _RefusedError(ValueError):
    """What JSON allows, or Python's reader does, and a manifest does not."""


def parse_json(text: str | bytes, what: str) -> Any:
    """Return what a JSON text holds.

    Raises InputError, which begins with `what`, where it is no JSON, where an object has a key
    twice, where a number is infinite, has over a thousand digits or is none, where a text holds
    half of a surrogate pair, and where it is nested deeper than some two hundred levels.

    >>> parse_json('{"a": 1, "a": 2}', "the manifest")
    Traceback (most recent call last):
    pgsim.errors.InputError: the manifest holds the key 'a' twice in one object
    """
    try:
        found = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_int if _has_many_digits(text) else None,  # without it, reading is faster
            parse_float=_float,
            parse_constant=_constant,
        )
        from_json(text)  # refuses the surrogates and the depth
        return found
    except _RefusedError as error:
        raise InputError(f"{what} {error}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{what} is not JSON: {cut(str(error), 200)}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _RefusedError(f"holds the key {short(key)} twice in one object")
        found[key] = value
    return found


def _has_many_digits(text: str | bytes) -> bool:
    """Say whether a text may hold a number of more digits than are read."""
    written = text.encode(errors="replace") if isinstance(text, str) else text
    return b"0" * _MOST_DIGITS in written.translate(_ALIKE)


def _int(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise _too_large(digits)
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise _too_large(digits)
    return number


def _too_large(digits: str) -> _RefusedError:
    return _RefusedError(f"holds the number {cut(digits, 60)}, which is too large")


def _constant(name: str) -> float:
    raise _RefusedError(f"holds {name}, which is no number of JSON")
