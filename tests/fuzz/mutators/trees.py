"""Trees of keys and values, as JSON and YAML have them, spelled so that any of it can be wrong.

A mapping is a list of pairs, because a key can stand twice; a number keeps its spelling. Every
place of a tree, key or value, is an item of some list.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from fuzz.mutators.odd import ODD_KEYS, ODD_TEXTS, odd_number


class Pairs(list[Any]):
    """A mapping: a list of lists of a key and a value."""


@dataclass(frozen=True)
class Raw:
    """A scalar by its own spelling in the file."""

    text: str


class Place(NamedTuple):
    """An item of a list: what stands there can be read, replaced or left out."""

    within: list[Any]
    index: int

    @property
    def value(self) -> Any:
        """What stands here."""
        return self.within[self.index]

    def put(self, value: Any) -> None:
        """Have something else stand here."""
        self.within[self.index] = value


def values(tree: list[Any]) -> Iterator[Place]:
    """Yield the places of all values below the tree's root list."""
    waiting = [tree]
    while waiting:
        branch = waiting.pop()
        for index, each in enumerate(branch):
            place = Place(each, 1) if isinstance(branch, Pairs) else Place(branch, index)
            yield place
            if isinstance(place.value, list):
                waiting.append(place.value)


def entries(tree: list[Any]) -> Iterator[Place]:
    """Yield the places of all items: pairs of mappings, and items of lists."""
    for branch in _branches(tree):
        for index in range(len(branch)):
            yield Place(branch, index)


def keys(tree: list[Any]) -> Iterator[Place]:
    """Yield the places of all keys."""
    for branch in _branches(tree):
        if isinstance(branch, Pairs):
            for pair in branch:
                yield Place(pair, 0)


def _branches(tree: list[Any]) -> Iterator[list[Any]]:
    return (place.value for place in values(tree) if isinstance(place.value, list))


def edit(rng: Random, root: Any) -> Any:
    """Return a tree with one thing of it wrong, or at least otherwise."""
    tree = [root]
    rng.choice(_EDITS)(rng, tree)
    return tree[0]


def renumber(rng: Random, root: Any) -> Any:
    """Return a tree with one to four numbers changed to others that may well stand there."""
    tree = [root]
    numbers = [place for place in values(tree) if _is_plain_number(place.value)]
    for place in rng.sample(numbers, min(len(numbers), rng.choice((1, 1, 2, 4)))):
        text = place.value.text
        likely = [*_POWERS, "0", text + "0", f"0.{text.lstrip('0.')}", str(rng.randrange(1, 100))]
        place.put(Raw(rng.choice((*likely, str(rng.randrange(1, 9)), str(rng.randrange(1, 20))))))
    return tree[0]


_POWERS = [str(2**power) for power in range(21)]


def _is_plain_number(value: Any) -> bool:
    return isinstance(value, Raw) and re.fullmatch(r"[0-9.]+", value.text) is not None


def _some(rng: Random, places: Iterator[Place]) -> Place | None:
    found = list(places)
    return rng.choice(found) if found else None


def _leave_out(rng: Random, tree: list[Any]) -> None:
    if place := _some(rng, entries(tree)):
        del place.within[place.index]


def _double(rng: Random, tree: list[Any]) -> None:
    if place := _some(rng, entries(tree)):
        again = copy.deepcopy(place.value)
        if isinstance(place.within, Pairs) and rng.random() < 0.5:
            again[1] = odd_value(rng)
        place.within.insert(rng.randrange(len(place.within) + 1), again)


def _add(rng: Random, tree: list[Any]) -> None:
    branch = _some(rng, (each for each in values(tree) if isinstance(each.value, list)))
    if branch:
        item = odd_value(rng)
        pair = [rng.choice(ODD_KEYS), item]
        branch.value.append(pair if isinstance(branch.value, Pairs) else item)


def _rename(rng: Random, tree: list[Any]) -> None:
    if place := _some(rng, keys(tree)):
        other = _some(rng, keys(tree))
        renamed = (
            rng.choice(ODD_KEYS),
            _nudged_text(rng, _text(place.value)),
            other and other.value,
        )
        place.put(rng.choice(renamed))


def _replace(rng: Random, tree: list[Any]) -> None:
    if place := _some(rng, values(tree)):
        place.put(odd_value(rng))


def _nudge(rng: Random, tree: list[Any]) -> None:
    """Change one scalar a little: what is wrong only beside another value, or not at all."""
    if place := _some(rng, (each for each in values(tree) if not isinstance(each.value, list))):
        value = place.value
        if isinstance(value, str):
            place.put(_nudged_text(rng, value))
        elif isinstance(value, Raw) and _is_number(value.text):
            place.put(Raw(_nudged_number(rng, value.text)))
        elif isinstance(value, bool):
            place.put(not value)
        else:
            place.put(odd_value(rng))


def _swap(rng: Random, tree: list[Any]) -> None:
    one, other = _some(rng, values(tree)), _some(rng, values(tree))
    if one and other:
        first, second = copy.deepcopy(one.value), copy.deepcopy(other.value)
        one.put(second)
        other.put(first)


def _copy(rng: Random, tree: list[Any]) -> None:
    one, other = _some(rng, values(tree)), _some(rng, values(tree))
    if one and other:
        one.put(copy.deepcopy(other.value))


def _wrap(rng: Random, tree: list[Any]) -> None:
    if place := _some(rng, values(tree)):
        place.put(rng.choice(([place.value], Pairs([[rng.choice(ODD_KEYS), place.value]]))))


def _unwrap(rng: Random, tree: list[Any]) -> None:
    place = _some(rng, (each for each in values(tree) if isinstance(each.value, list)))
    if place and place.value:
        item = place.value[0]
        place.put(item[1] if isinstance(place.value, Pairs) else item)


def _shuffle(rng: Random, tree: list[Any]) -> None:
    if place := _some(rng, (each for each in values(tree) if isinstance(each.value, list))):
        rng.shuffle(place.value)


def _multiply(rng: Random, tree: list[Any]) -> None:
    """Have an item hundreds or thousands of times, under names of their own in a mapping."""
    if place := _some(rng, entries(tree)):
        times = rng.choice((2, 50, 1000))
        for number in range(times):
            again = copy.copy(place.value)
            if isinstance(place.within, Pairs):
                again[0] = f"{_text(again[0])[:80]}{number}"
            place.within.append(again)


def _deepen(rng: Random, tree: list[Any]) -> None:
    if place := _some(rng, values(tree)):
        depth, (left, right) = rng.choice((9, 200, 5000)), rng.choice(("[]", ("{a: ", "}")))
        place.put(Raw(left * depth + "1" + right * depth))


_EDITS = (
    _leave_out,
    _double,
    _add,
    _rename,
    _replace,
    _replace,
    _replace,
    _nudge,
    _nudge,
    _nudge,
    _swap,
    _copy,
    _wrap,
    _unwrap,
    _shuffle,
    _multiply,
    _deepen,
)


def odd_value(rng: Random) -> Any:
    """Return a value of any type that seldom stands where it is put."""
    kind = rng.randrange(10)
    if kind < 5:
        return Raw(odd_number(rng))
    if kind < 8:
        return rng.choice(ODD_TEXTS)
    return rng.choice((Raw("true"), Raw("false"), Raw("null"), [], Pairs(), [Raw("1"), Raw("1")]))


def _text(key: Any) -> str:
    return key.text if isinstance(key, Raw) else str(key)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _nudged_number(rng: Random, text: str) -> str:
    changed = (
        lambda: str(_exact(text) + 1),
        lambda: str(_exact(text) - 1),
        lambda: str(_exact(text) * 2),
        lambda: str(_exact(text) * rng.randrange(1, 100)),
        lambda: str(rng.randrange(1, 20)),
        lambda: f"-{text}",
        lambda: f"{text}.0",
        lambda: f"{text}0",
        lambda: f"0{text}",
        lambda: f"{text}e{rng.choice((1, 3, 30, 400))}",
    )
    return rng.choice(changed)()


def _exact(text: str) -> int | float:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _nudged_text(rng: Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    odd = rng.choice(ODD_TEXTS)
    changed = (
        text[:place] + text[place + 1 :],
        text[:place] + odd[:200] + text[place:],
        text.upper(),
        f"{text} ",
        text * rng.choice((2, 50)),
        text.replace("_", "-"),
        odd,
    )
    return rng.choice(changed)


def from_json(text: str) -> Any:
    """Return the tree of a JSON text; raises ValueError or RecursionError where it is none."""
    spelled = {"parse_float": Raw, "parse_int": Raw, "parse_constant": Raw}
    tree = json.loads(text, object_pairs_hook=_pairs, **spelled)
    return tree


def _pairs(items: list[tuple[str, Any]]) -> Pairs:
    return Pairs([key, value] for key, value in items)


def to_json(tree: Any, ascii_only: bool = False) -> str:
    """Return a tree as JSON, or as what looks like it."""
    if isinstance(tree, Raw):
        return tree.text
    if isinstance(tree, Pairs):
        inner = (f"{to_json(key, ascii_only)}: {to_json(each, ascii_only)}" for key, each in tree)
        return f"{{{', '.join(inner)}}}"
    if isinstance(tree, list):
        return f"[{', '.join(to_json(each, ascii_only) for each in tree)}]"
    return json.dumps(tree, ensure_ascii=ascii_only)
