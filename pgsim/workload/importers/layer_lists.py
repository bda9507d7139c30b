"""Lists of layers as Bit Fusion's descendants share them: literals in a Python file, or JSON.

ANT's `ant_bench.py` is the pattern: `resnet18 = [[input, weights, output, stride, padding, bits,
kind], ...]`. Nothing of a Python file is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pgsim.errors import InputError, nearest
from pgsim.workload.importers.importer import Importer, named_apart, require_few
from pgsim.workload.importers.list_rows import ListRow, is_row, layers_of
from pgsim.workload.importers.python_literals import (
    assigned_literals,
    require_nothing_else,
    require_unchanged,
)
from pgsim.workload.importers.source import Row, Source
from pgsim.workload.problems import cut
from pgsim.workload.strict_json import parse_json

_NAME = r"[A-Za-z_]\w*"
_ASSIGNS = re.compile(rf"^{_NAME}(\s*,\s*{_NAME})*\s*(:[^=\n]*)?(=\s*{_NAME}\s*)*=\s*[\[({{]", re.M)
_DEEPEST = 32  # levels of lists within lists


class LayerLists(Importer):
    """Rows of sizes; a name in the file stands for one network."""

    name = "layer_lists"
    takes_network = True
    description = (
        "lists of [input, weights, output, stride, padding, bits, kind] as Bit Fusion's "
        "descendants have them, in Python or JSON"
    )

    def recognises(self, source: Source) -> bool:
        """Say whether it begins as JSON does, or assigns a list to a name."""
        if source.begins_as_json:
            return True
        return bool(_ASSIGNS.search(source.head.decode("utf-8", "replace")))

    def read(self, source: Source) -> list[Row]:
        """Return the layers of the network that is named, or of the only one."""
        text = source.text()
        if source.begins_as_json:
            lists = _asked_lists(_parsed(text, source.path), source.network)
            name = _chosen(source, lists)
        else:
            literals = assigned_literals(text, source.path)
            lists = _asked_lists(literals.values, source.network)
            name = _chosen(source, lists, literals.refusals)
            require_unchanged(literals, name.partition(".")[0], source.path)
            if not source.network:
                require_nothing_else(literals, name, source.path)
        require_few(len(lists[name]), source.path)
        where = f"{source.path}: {f'list {name!r}, ' if name else ''}"
        return list(named_apart(layers_of(lists[name], where)))


@lru_cache(maxsize=1)  # a file of many lists is asked for one after the other
def _parsed(text: str, path: Path) -> Any:
    """Return what JSON holds, which nobody may change."""
    return parse_json(text, f"{path}:")


def _asked_lists(value: object, asked: str) -> dict[str, list[ListRow]]:
    """Return the list of a name alone where a mapping has it as a key, and else all lists."""
    if isinstance(value, Mapping) and asked in value and (rows := list(_rows(value[asked], 0))):
        return {asked: rows}
    return dict(_lists(value, ""))


def _lists(value: object, name: str) -> Iterator[tuple[str, list[ListRow]]]:
    """Yield the lists of rows in a value by their names: keys of mappings are joined by dots."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _lists(below, f"{name}.{key}" if name else str(key))
    elif rows := list(_rows(value, 0)):
        yield name, rows


def _rows(value: object, depth: int) -> Iterator[ListRow]:
    """Yield the rows of a list, also of lists in it, such as one for each block of a network.

    Where there are some, all else in it should be rows too, and is yielded to be refused.
    """
    if not isinstance(value, list | tuple) or depth > _DEEPEST:
        return
    parts = [[each] if is_row(each) else list(_rows(each, depth + 1)) for each in value]
    if any(parts):
        for each, part in zip(value, parts, strict=True):
            yield from part or [each]


def _chosen(
    source: Source, lists: Mapping[str, Any], refusals: Mapping[str, InputError] | None = None
) -> str:
    """Return the name of the list that is meant; raises InputError that lists those there are."""
    asked = source.network
    if asked in lists:
        return asked
    if not asked and len(lists) == 1:
        return next(iter(lists))
    for name, refusal in (refusals or {}).items():
        if name == asked or not lists:
            raise refusal
    names = cut(", ".join(lists), 1000)
    if not lists:
        raise InputError(
            f"{source.path}: no list of layers: expected rows of [input, weights, output, stride, "
            "padding, bits, kind]"
        )
    if not asked:
        raise InputError(
            f"{source.path}: holds {len(lists)} lists, name one: {names}{_how(source)}"
        )
    if list(lists) == [""]:
        raise InputError(f"{source.path}: its one list has no name: leave {':' + asked!r} out")
    raise InputError(f"{source.path}: no list is named {asked!r} ({names}).{nearest(asked, lists)}")


def _how(source: Source) -> str:
    return f" ({Path(source.path).name}:NAME)"
