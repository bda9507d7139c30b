"""What any choice of block sizes moves at least, by hand (MODEL.md M41)."""

from __future__ import annotations

import numpy as np
import pytest
from point_nests import machine, point_loops, problem

from pgsim.kernels.nest_problem import C, K, N, P, Problem, Q
from pgsim.kernels.nest_sizes import side_of
from pgsim.kernels.nest_terms import swept_of, terms_of

# 24 pixels of 6 channels, 30 weights and 120 outputs, of a bit each
ONCE = 144 + 30 + 120


def swept(own: Problem) -> list[float]:
    """Bursts where positions, channels or input channels have the outermost loop."""
    sides = (side_of(own, loops) for loops in ((C,), (N, P, Q), (K,)))
    found = swept_of(own, *sides)
    return [each.item() for each in (found.positions, found.channels, found.inputs)]


def layer(**holds: int) -> Problem:
    """Two blocks of images, and of columns, and three of both kinds of channels."""
    loops = point_loops((2, 3, 4, 5, 6), (1, 3, 2, 2, 2), **holds)
    own = problem(loops, machine=machine(groups=2, runs=3))
    return own._replace(widths=own.widths._replace(sums=4))


def test_what_does_not_fit_comes_with_each_block_of_the_outermost_loop() -> None:
    """Weights twice; activations three times; and sums of four bits leave and come back twice."""
    own = layer(fit_activations=0, fit_weights=29, fit_sums=119)
    assert terms_of(own).bursts == 6 * ONCE
    more = [30, 2 * 144, 2 * 2 * 4 * 120]
    assert swept(own) == [6 * (ONCE + each) for each in more]


@pytest.mark.parametrize(
    ("held", "side"),
    [({"fit_weights": 30}, 0), ({"fit_activations": 144}, 1), ({"fit_sums": 120}, 2)],
)
def test_what_fits_comes_once(held: dict[str, int], side: int) -> None:
    own = layer(**{"fit_activations": 0, "fit_weights": 0, "fit_sums": 0, **held})
    found = swept(own)
    assert [each == 6 * ONCE for each in found] == [place == side for place in range(3)]


def test_a_loop_of_one_block_is_not_outermost() -> None:
    own = problem(point_loops((2, 3, 4, 5, 6), (2, 3, 4, 5, 6)))
    assert np.isinf(swept(own)).all()
