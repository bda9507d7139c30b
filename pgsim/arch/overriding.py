"""Values of a design set by dotted key, and the name that tells what was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pgsim.arch.memory import BANDWIDTH_KEYS
from pgsim.arch.nests import Mapping as MappingKeys
from pgsim.errors import nearest
from pgsim.yaml_source import Problem

# Keys of DRAM of which a design has one: it stays when the clock changes.
BANDWIDTHS = frozenset(f"memory.dram.{key}" for key in BANDWIDTH_KEYS)

_WORDS = {"mapping": f"mapping.{MappingKeys.word}"}  # sections that a word may stand for
_VALUES = (str, int, float, bool, tuple, type(None))  # what a key of a design may hold


def overridden(
    design: dict[str, Any], values: Mapping[str, object], keys: Sequence[str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the sections of a design with some values changed, and the keys that there are not.

    design: its sections, which are changed in place. values: by dotted key. keys: all there are.
    Its name tells what is changed, unless a `name` is given. Nothing is checked but the keys.
    """
    unknown, different = [], {}
    replaced = _replaced(values)
    for key in replaced:
        _put(design, key, None)
    for key, value in values.items():
        key = _WORDS.get(key, key)
        if key in keys:
            value = value.item() if isinstance(value, np.generic) else value
            before = _put(design, key, value)
            if not isinstance(value, _VALUES) or value != before:
                different[key] = value
        else:
            unknown.append(Problem(tuple(str(key).split(".")), _not_a_key(key, keys)))
    if "name" not in values:
        design["name"] = _renamed(design["name"], different, keys, replaced)
    return design, unknown


def _replaced(values: Mapping[str, object]) -> frozenset[str]:
    """Return the bandwidth of DRAM that gives way where the other one is set."""
    set_ = {key for key in BANDWIDTHS if values.get(key) is not None}
    return BANDWIDTHS - values.keys() if set_ else frozenset()


def _put(values: dict[str, Any], key: str, value: object) -> Any:
    """Set the value at a dotted key, and return what stood there."""
    *sections, last = key.split(".")
    for section in sections:
        values = values[section]
    before = values[last]
    values[last] = value
    return before


def _renamed(
    name: str,
    changes: Mapping[str, object],
    keys: Sequence[str],
    replaced: frozenset[str] = frozenset(),
) -> str:
    """Return a design's name with what was changed of it in brackets, each key once.

    keys: that a design has. replaced: those whose values others took the place of, which the name
    no longer tells.

    Examples
    --------
    >>> keys = ("array.rows", "output_bits")
    >>> _renamed("small[array.rows=4]", {"array.rows": 8, "output_bits": None}, keys)
    'small[array.rows=8,output_bits=null]'
    """
    if not changes:
        return name
    base, _, inside = name.removesuffix("]").partition("[")
    before = dict(each.partition("=")[::2] for each in inside.split(",")) if inside else {}
    if not (name.endswith("]") and before.keys() <= set(keys)):
        base, before = name, {}  # brackets of its own
    before = {key: text for key, text in before.items() if key not in replaced}
    words = {None: "null", True: "true", False: "false"}
    texts = {
        key: words[value] if value is None or isinstance(value, bool) else str(value)
        for key, value in changes.items()
    }
    return f"{base}[{','.join(f'{key}={text}' for key, text in (before | texts).items())}]"


def _not_a_key(key: object, keys: Sequence[str]) -> str:
    """Return the message for a dotted name that is no value of an architecture."""
    inside = [known for known in keys if known.startswith(f"{key}.")]
    if inside:
        return f"a section: expected one of its values: {', '.join(inside)}."
    same_ending = [known for known in keys if known.endswith(f".{key}")]
    if len(same_ending) == 1:
        return f"unknown key. Did you mean {same_ending[0]!r}?"
    all_keys = f" Expected one of {', '.join(keys)}."
    return f"unknown key.{nearest(key, keys) or all_keys}"
