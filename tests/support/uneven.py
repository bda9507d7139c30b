"""Padding that differs between the ends of a side (MODEL.md M50), for random convolutions."""

from __future__ import annotations

from random import Random


def uneven(padding: list[int], seed: object) -> list[int]:
    """[height, width] as it is or, a third of the time, wider at some ends of the four sides.

    Then it is [top, bottom, left, right]. The same padding and seed give the same.
    """
    rng = Random(f"margins {padding} {seed}")
    if rng.random() < 2 / 3:
        return padding
    height, width = padding
    ends = (height, height, width, width)
    return [margin + rng.choice((0, 0, 1, 2)) for margin in ends]
