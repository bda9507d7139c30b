"""Keys of other simulators' files: what each may hold, and what it is where it is left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pgsim.arch.importers.ini import Entry, IniFile
from pgsim.errors import InputError, nearest
from pgsim.text import shortened

_WHOLE = re.compile(r"[0-9]{1,18}")
_LONGEST_NAME = 200  # characters


class Unfit(ValueError):
    """Raised by what reads a text: what was expected instead.

    A format raises it too, of values that do not go together, with the key of one of them.
    """

    def __init__(self, expected: str, key: str = "") -> None:
        super().__init__(expected)
        self.key = key


@dataclass(frozen=True)
class Key:
    """A key of a format.

    read: what makes its value of its text; raises Unfit. default: where a file lacks it, None if
    it must not. also: what older files call it. is_fixed: whether it may be nothing but its
    default, so that few files have it.
    """

    section: str
    name: str
    read: Callable[[str], Any]
    default: Any = None
    also: tuple[str, ...] = ()
    is_fixed: bool = False


def whole_number(least: int = 1, most: int = 2**40) -> Callable[[str], int]:
    """Return what reads a whole number in a range."""

    def read(text: str) -> int:
        number = int(text) if _WHOLE.fullmatch(text) else -1
        if not least <= number <= most:
            raise Unfit(f"expected a whole number from {least} to {most}")
        return number

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Return what reads one of some words."""

    def read(text: str) -> str:
        if text not in words:
            raise Unfit(f"expected one of {', '.join(words)}.{nearest(text, words)}")
        return text

    return read


def numbers(text: str) -> tuple[int, ...]:
    """Read whole numbers with commas between them."""
    one = whole_number()
    return tuple(one(each.strip()) for each in text.split(","))


def a_name(text: str) -> str:
    """Read a name, which may stand in quotes."""
    plain = text.strip("\"'").strip()
    if not plain or not plain.isprintable() or len(plain) > _LONGEST_NAME:
        raise Unfit(f"expected a name of 1 to {_LONGEST_NAME} characters that can be printed")
    return plain


def read_keys(file: IniFile, keys: Iterable[Key]) -> dict[str, Any]:
    """Return the values of keys by their names.

    Raises InputError with a line for each value that is wrong, and for each key that is missing
    although it is needed.
    """
    values: dict[str, Any] = {}
    problems = []
    for key in keys:
        entry = file.get(key.section, key.name, *key.also)
        try:
            values[key.name] = key.default if entry is None else key.read(entry.text)
        except Unfit as unfit:
            problems.append(refusal(file, key, unfit))
            continue
        if values[key.name] is None:
            there = [each.key for each in file.entries.values()]
            hint = nearest(key.name, there)
            problems.append(f"{file.path}: [{key.section}] {key.name}: missing.{hint}")
    if problems:
        raise InputError("\n".join(problems))
    return values


def refusal(file: IniFile, key: Key, unfit: Unfit) -> str:
    """Return what is said of a key whose value is unfit."""
    entry = file.get(key.section, key.name, *key.also)
    assert entry is not None  # defaults fit
    where = f"{file.path}:{entry.line}: {entry.name}"
    return f"{where}: value {shortened(entry.text)!r}: {unfit}"


def defaulted(file: IniFile, keys: Iterable[Key]) -> list[str]:
    """Return what is said of sections, and of keys of others, that a file lacks."""
    missing: dict[str, list[str]] = {}
    for key in keys:
        if not key.is_fixed and file.get(key.section, key.name, *key.also) is None:
            missing.setdefault(key.section, []).append(f"{key.name} as {_shown(key.default)}")
    return [
        f"[{section}]: missing, taken are {'; '.join(taken)}"
        if section not in file.sections
        else f"[{section}]: missing keys, taken are {'; '.join(taken)}"
        for section, taken in missing.items()
    ]


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def without_counterpart(
    file: IniFile, keys: Iterable[Key], known: Mapping[str, Iterable[str]]
) -> list[str]:
    """Return what is said of values that no design of pgsim has a key for.

    known: keys of the format without a counterpart, by section; no key at all stands for all of a
    section. What is not known either comes with the nearest key that is.
    """
    taken = {(key.section, each.lower()) for key in keys for each in (key.name, *key.also)}
    rest = [entry for place, entry in file.entries.items() if place not in taken]
    names = {key.name for key in keys} | {each for own in known.values() for each in own}
    sections = {key.section for key in keys} | known.keys()
    return [f"{entry.name}: {_why(entry, known, names, sections)}" for entry in rest]


def _why(
    entry: Entry, known: Mapping[str, Iterable[str]], names: set[str], sections: set[str]
) -> str:
    own = known.get(entry.section)
    if entry.section not in sections:
        hint = nearest(entry.section, sorted(sections))
        return f"in an unknown section, left out.{hint}"
    if own is not None:
        lowered = {each.lower() for each in own}
        if not lowered or entry.key.lower() in lowered:
            return "no counterpart in pgsim, left out"
    return f"unknown key, left out.{nearest(entry.key, sorted(names))}"
