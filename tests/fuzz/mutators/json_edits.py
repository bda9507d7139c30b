"""Edits of a JSON file, as a tree."""

from __future__ import annotations

from random import Random

from fuzz.mutators.mutator import Unfit
from fuzz.mutators.trees import edit, from_json, to_json


def json_edit(rng: Random, data: bytes) -> bytes:
    """Change one thing of a JSON file."""
    try:
        return edited(rng, data.decode()).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise Unfit from None


def edited(rng: Random, text: str) -> str:
    """Return a JSON text with one thing changed; raises Unfit where it is none."""
    try:
        tree = from_json(text)
    except (ValueError, RecursionError):
        raise Unfit from None
    return to_json(edit(rng, tree), ascii_only=rng.random() < 0.5)
