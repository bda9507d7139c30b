"""The design, key by key, with the source of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pgsim.arch import ArchConfig
from pgsim.report.markup import Html, element, joined, paragraph

_SOURCE = "source"
_NO_SOURCE = "The file gives no source."


def configuration(arch: ArchConfig) -> Html:
    """Return all keys of a design, defaults among them, under the source that is theirs."""
    parts = _parts(arch.model_dump(), "", "")
    return joined(
        (
            paragraph(
                "All keys of the design, as pgsim arch show prints them, with the source that the "
                "file gives for each section.",
                class_="note",
            ),
            *(_part(*each) for each in parts),
        )
    )


def _part(name: str, source: str, keys: Mapping[str, object]) -> Html:
    rows = (
        element("div", element("dt", key), element("dd", _word(value)))
        for key, value in keys.items()
    )
    return joined(
        (
            element("h3", name or "design"),
            paragraph(source or _NO_SOURCE, class_="note source"),
            element("dl", *rows, class_="keys"),
        )
    )


def _parts(
    values: Mapping[str, Any], name: str, inherited: str
) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Return sections that have a source of their own, or stand outermost, with their keys.

    Keys of a section without a source stand in the one around it.
    """
    keys: dict[str, object] = {}
    inner: list[tuple[str, Mapping[str, Any]]] = []
    _gather(values, "", keys, inner, outermost=not name)
    source = values.get(_SOURCE) or inherited
    yield name, source, keys
    for key, section in inner:
        yield from _parts(section, f"{name}.{key}" if name else key, source)


def _gather(
    values: Mapping[str, Any],
    before: str,
    keys: dict[str, object],
    inner: list[tuple[str, Mapping[str, Any]]],
    *,
    outermost: bool,
) -> None:
    for key, value in values.items():
        if key == _SOURCE:
            continue
        if not isinstance(value, Mapping):
            keys[before + key] = value
        elif outermost or value.get(_SOURCE):
            inner.append((before + key, value))
        else:
            _gather(value, f"{before}{key}.", keys, inner, outermost=False)


def _word(value: object) -> str:
    if value is None:
        return "by default"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value != () else "none"
