"""What counts as an access to the buffers, by hand (M22, M47)."""

from __future__ import annotations

import numpy as np
import pytest

from pgsim.arch import COUNTINGS


@pytest.mark.parametrize(("name", "elements", "bits"), [("per_read", 5, 700), ("per_mac", 40, 72)])
def test_a_convention_says_what_counts(name: str, elements: int, bits: int) -> None:
    # 5 elements leave the buffer for 40 MACs. 700 bits of sums come and go; two passes compute one
    # output each, 2 * 32 bits, of which 8 bits are kept.
    counting = COUNTINGS[name]
    assert counting.operands(5, lambda: 40) == elements
    moved, computed, finished = (np.array([each]) for each in (700, 64, 8))
    assert counting.sum_bits(moved, lambda: computed, finished).tolist() == [bits]
