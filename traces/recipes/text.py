"""A text as characters: split in order, and cut into sequences whose characters are predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

TRAINING, VALIDATION = 0.9, 0.05  # of the characters; the rest, at the end, is the test split


@dataclass(frozen=True)
class Text:
    """An alphabet, and three splits as int64 indices into it, (characters,)."""

    alphabet: str
    training: Tensor
    validation: Tensor
    test: Tensor


def split_text(data: Path) -> Text:
    """Return the splits of a file of UTF-8, in its order, and all its characters, sorted."""
    text = data.read_text(encoding="utf-8")
    alphabet = "".join(sorted(set(text)))
    place = {character: index for index, character in enumerate(alphabet)}
    indices = torch.tensor([place[character] for character in text])
    first = round(TRAINING * len(text))
    second = round((TRAINING + VALIDATION) * len(text))
    return Text(alphabet, indices[:first], indices[first:second], indices[second:])


def sequences(characters: Tensor, steps: int) -> Tensor:
    """Return (sequences, steps + 1) indices: the inputs, and behind them the last one's target.

    Each begins with the character that the one before ends with; an incomplete last one is left
    out.
    """
    return characters.unfold(0, steps + 1, steps)


def shuffled(
    characters: Tensor, steps: int, batch_sequences: int, generator: torch.Generator
) -> Iterator[Tensor]:
    """Yield one epoch of sequences in batches, shuffled, cut at places of the epoch's own.

    The last, incomplete batch is left out. `generator` decides everything.
    """
    skipped = int(torch.randint(steps, (), generator=generator))
    cut = sequences(characters[skipped:], steps)
    order = torch.randperm(len(cut), generator=generator)
    for chosen in order.split(batch_sequences)[: len(order) // batch_sequences]:
        yield cut[chosen]
