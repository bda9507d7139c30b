"""Files of sections, keys and values, as configparser reads them; every value knows its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pgsim.errors import InputError
from pgsim.files import text_of
from pgsim.text import shortened

_MOST_KIB = 64


@dataclass(frozen=True)
class Entry:
    """One value of a file: its section and key as they are spelled there, its text and its line."""

    section: str
    key: str
    text: str
    line: int

    @property
    def name(self) -> str:
        """The key with its section, as messages name it."""
        return f"[{self.section}] {self.key}"


@dataclass(frozen=True)
class IniFile:
    """A file as read: its sections in order, and its values by section and key in lower case."""

    path: Path
    sections: tuple[str, ...]
    entries: Mapping[tuple[str, str], Entry]

    def get(self, section: str, *keys: str) -> Entry | None:
        """Return the value of the first of these keys that a section has, or None."""
        for key in keys:
            if found := self.entries.get((section, key.lower())):
                return found
        return None


def read_ini(path: str | Path) -> IniFile:
    """Read a file of sections.

    Raises InputError where it cannot be read, is no text, is larger than 64 KiB or has a line that
    is neither a section, nor `key = value` or `key: value`, nor a comment; and for a key that
    stands twice.
    """
    path = Path(path)
    entries: dict[tuple[str, str], Entry] = {}
    sections: list[str] = []
    for number, line in enumerate(text_of(path, _MOST_KIB).split("\n"), start=1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        if text[0] == "[" and text[-1] == "]":
            sections.append(text[1:-1].strip())
            continue
        entry = _entry(path, number, text, sections[-1] if sections else None)
        first = entries.setdefault((entry.section, entry.key.lower()), entry)
        if first is not entry:
            raise InputError(
                f"{path}:{number}: {entry.name}: duplicate key, first on line {first.line}; keep "
                "one of them"
            )
    return IniFile(path, tuple(sections), entries)


def _entry(path: Path, number: int, text: str, section: str | None) -> Entry:
    """Return the key and the value of a line."""
    places = [place for mark in "=:" if (place := text.find(mark)) > 0]
    if section is None or not places:
        expected = "key = value" if section is not None else "a section such as [general] before it"
        raise InputError(f"{path}:{number}: {shortened(text)!r}: expected {expected}")
    return Entry(section, text[: min(places)].strip(), text[min(places) + 1 :].strip(), number)
