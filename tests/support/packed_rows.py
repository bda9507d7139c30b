"""Rows of bits as the kernels take them, and the same bits as plain lists for naive versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

import hypothesis.strategies as st
import numpy as np

Bits = list[list[list[int]]]  # [batch][row][bit]

# Sizes on both sides of one word and of two.
LANES = (1, 2, 5, 16, 63, 64, 65, 100, 127, 128, 129, 130)
SLOTS = (1, 2, 17, 63, 64, 65, 100, 127, 128, 129, 192)
MASKS = ("empty", "sparse", "clustered", "half", "dense words", "one lane", "full")


@dataclass(frozen=True)
class Rows:
    """Masks of batches, the lanes' order, and where lane groups and windows begin and end."""

    bits: Bits
    lanes: tuple[int, ...]
    lane_bounds: tuple[int, ...]
    slot_bounds: tuple[int, ...]

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What every scheduler kernel takes first: words, lanes, lane bounds, slot bounds."""
        order = (self.lanes, self.lane_bounds, self.slot_bounds)
        return packed(self.bits), *(np.array(each, np.int64) for each in order)

    @property
    def room(self) -> np.ndarray:
        """Room for three counts of each tile, as `kernels.activity.activity` fills it in."""
        tiles = len(self.bits), len(self.lane_bounds) - 1, len(self.slot_bounds) - 1
        return np.full((3, *tiles), -1)

    @property
    def tiles(self) -> Iterator[tuple[tuple[int, int, int], list[list[int]]]]:
        """Each tile's index (batch, lane group, window) and its mask as slots of lanes."""
        for batch, rows in enumerate(self.bits):
            for group, own in enumerate(_pieces(self.lane_bounds)):
                for window, slots in enumerate(_pieces(self.slot_bounds)):
                    lanes = [rows[self.lanes[lane]] for lane in own]
                    yield (batch, group, window), [[lane[slot] for lane in lanes] for slot in slots]


def packed(bits: Sequence[Sequence[Sequence[int]]]) -> np.ndarray:
    """Pack rows of bits into uint64 words, least significant bit first, by Python's integers."""
    return np.array([[_words(row) for row in rows] for rows in bits], np.uint64)


def random_bits(rng: Random, batches: int, rows: int, length: int) -> Bits:
    """Masks of one random kind, `dense words` being all ones but one bit: 64 significant bits."""
    kind, lone = rng.choice(MASKS), rng.randrange(rows)

    def row(index: int) -> list[int]:
        if kind == "clustered":
            bits = [rng.randrange(2)]
            while len(bits) < length:
                bits.append(bits[-1] if rng.random() < 0.9 else 1 - bits[-1])
            return bits
        if kind == "dense words":
            gap = rng.randrange(64)
            return [int(place % 64 != gap) for place in range(length)]
        density = {"empty": 0, "sparse": 0.02, "half": 0.5, "one lane": index == lone, "full": 1}
        return [int(rng.random() < density[kind]) for _ in range(length)]

    return [[row(index) for index in range(rows)] for _ in range(batches)]


def random_rows(seed: int) -> Rows:
    """Rows whose lane groups and windows begin anywhere, and whose lanes may be permuted."""
    rng = Random(seed)
    lanes, slots = rng.choice(LANES), rng.choice(SLOTS)
    order = list(range(lanes))
    if rng.random() < 0.5:
        rng.shuffle(order)
    return Rows(
        bits=random_bits(rng, rng.choice((1, 1, 2)), lanes, slots),
        lanes=tuple(order),
        lane_bounds=_random_bounds(rng, lanes),
        slot_bounds=_random_bounds(rng, slots),
    )


def random_tile(rng: Random, lanes: int, slots: int, density: float) -> Rows:
    """A single tile of so many lanes and slots."""
    bits = [[int(rng.random() < density) for _ in range(slots)] for _ in range(lanes)]
    return Rows([bits], tuple(range(lanes)), (0, lanes), (0, slots))


def one_tile(*slots: str) -> Rows:
    """A single tile, drawn slot by slot: a character per lane, `x` where it is active."""
    lanes = [[int(slot[lane] == "x") for slot in slots] for lane in range(len(slots[0]))]
    return Rows([lanes], tuple(range(len(lanes))), (0, len(lanes)), (0, len(slots)))


def _words(row: Sequence[int]) -> list[int]:
    return [
        sum(bit << place for place, bit in enumerate(row[first : first + 64]))
        for first in range(0, len(row), 64)
    ]


def _pieces(bounds: Sequence[int]) -> list[range]:
    return [range(begin, end) for begin, end in pairwise(bounds)]


def _random_bounds(rng: Random, total: int) -> tuple[int, ...]:
    cuts = rng.sample(range(1, total), min(total - 1, rng.choice((0, 0, 1, 3, 8))))
    return (0, *sorted(cuts), total)


def drawn_rows(data: st.DataObject) -> Rows:
    """Rows of one lane group with any mask, cut into windows of any length."""
    lanes = data.draw(st.integers(1, 130))
    slots = data.draw(st.lists(st.integers(0, 2**lanes - 1), min_size=1, max_size=70))
    bits = [[slot >> lane & 1 for slot in slots] for lane in range(lanes)]
    window = data.draw(st.integers(1, len(slots)))
    bounds = (*range(0, len(slots), window), len(slots))
    return Rows([bits], tuple(range(lanes)), (0, lanes), bounds)


def shortfall(vectors: Sequence[int], rate: Sequence[int]) -> int:
    """The port's largest arrears at the end of a beat, the first beat being the short one (M21)."""
    slots, vector_bits, beat_port_bits = rate
    ends = range(len(vectors), 0, -slots)  # issued slots until each beat's end, the last one first
    behind = [
        sum(vectors[:end]) * vector_bits - beat * beat_port_bits
        for beat, end in enumerate(reversed(ends), start=1)
    ]
    return max(behind, default=0)


def random_rates(rng: Random) -> np.ndarray:
    """No, one or two rates, some of a port that is too slow and some of one too fast."""
    rates = [
        (rng.choice((1, 1, 2, 4, 10)), rng.randint(1, 9), rng.randint(1, 60))
        for _ in range(rng.choice((0, 1, 2)))
    ]
    return np.array(rates, np.int64).reshape(-1, 3)
