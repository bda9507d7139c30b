"""How far a port is behind, against sums over its beats (M21) and by hand."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from packed_rows import shortfall as naive

from pgsim.kernels.shortfall import shortfall


def behind(vectors: list[int], rate: tuple[int, int, int], issued: int | None = None) -> int:
    found = shortfall(
        np.array(vectors, np.int64),
        len(vectors) if issued is None else issued,
        np.array(rate, np.int64),
    )
    return int(found)


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_most_at_the_end_of_any_beat(seed: int) -> None:
    """Sums of all vectors until each beat's end, in plain Python."""
    rng = Random(seed)
    vectors = [rng.randint(0, 4) for _ in range(rng.randint(0, 30))]
    rate = (rng.choice((1, 2, 3, 10)), rng.randint(1, 9), rng.randint(1, 60))
    assert behind(vectors, rate) == naive(vectors, rate)


def test_the_first_beat_is_the_short_one() -> None:
    """By hand: 1 slot, then 2 and 2, of 3 bits a vector against 7 a beat: 6 - 7, 9 - 14, 21 - 21.

    Were the last one short, it would be 9 - 7 after the first.
    """
    assert behind([2, 1, 0, 3, 1], (2, 3, 7)) == 0
    assert behind([2, 1, 0, 3, 2], (2, 3, 7)) == 3


def test_a_port_that_is_never_behind_has_bits_to_spare() -> None:
    """By hand: 5 - 8 after the first slot, 10 - 16 after the second."""
    assert behind([1, 1], (1, 5, 8)) == -3


def test_slots_that_are_not_issued_do_not_count() -> None:
    """By hand: 2 of 4 vectors; and none at all is never behind."""
    assert behind([1, 1, 9, 9], (1, 4, 1), issued=2) == 6
    assert behind([9, 9], (1, 4, 1), issued=0) == 0
