"""Edits of a JSON file, as a tree."""

from __future__ import annotations

from random import Random
from typing import Any

from fuzz.mutators.mutator import Unfit
from fuzz.mutators.trees import edit, from_json, renumber, to_json


def json_edit(rng: Random, data: bytes) -> bytes:
    """Change one thing of a JSON file."""
    try:
        return edited(rng, data.decode()).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise Unfit from None


def edited(rng: Random, text: str) -> str:
    """Return a JSON text with one thing changed; raises Unfit where it is none."""
    return to_json(edit(rng, _tree(text)), ascii_only=rng.random() < 0.5)


def renumbered(rng: Random, text: str) -> str:
    """Return a JSON text with some numbers changed; raises Unfit where it is none."""
    return to_json(renumber(rng, _tree(text)))


def _tree(text: str) -> Any:
    try:
        return from_json(text)
    except (ValueError, RecursionError):
        raise Unfit from None
