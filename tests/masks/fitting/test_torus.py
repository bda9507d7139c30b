"""Correlations on a torus, against sums over pairs of positions one by one (M36)."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from pgsim.masks.fitting.torus import autocorrelation, power_shares, quadrant, torus_of

SIZES = [(1, 1), (1, 5), (4, 1), (3, 4), (5, 5)]


@pytest.mark.parametrize(
    ("shape", "torus"),
    [((3, 4), (6, 8)), ((7, 1, 5), (1, 10)), ((2, 2, 6, 1), (12, 1)), ((9, 1, 1), (1, 1))],
)
def test_the_torus_is_twice_as_large_each_way(
    shape: tuple[int, ...], torus: tuple[int, int]
) -> None:
    """By hand; along a side of one there are no distances."""
    assert torus_of(shape) == torus


def naive(maps: np.ndarray) -> np.ndarray:
    """Sums of products of positions (y, x) apart, the mean of those to the right and to the left.

    Positions outside of a map are no pair.
    """
    _, height, width = maps.shape
    sums = np.zeros_like(maps)
    places = set(product(range(height), range(width)))
    for (row, column), (y, x) in product(places, places):
        for side in (x, -x):
            if (row + y, column + side) in places:
                sums[:, y, x] += maps[:, row, column] * maps[:, row + y, column + side] / 2
    return sums


@pytest.mark.parametrize("size", SIZES)
def test_products_are_summed_by_distance(size: tuple[int, int]) -> None:
    maps = np.random.default_rng(1).normal(size=(3, *size))
    assert autocorrelation(maps, torus_of(size)) == pytest.approx(naive(maps), abs=1e-9)


def test_a_quadrant_is_the_mean_of_both_sides() -> None:
    """By hand: distance 1 to the left is the last column of the torus, 2 the one before."""
    lagged = np.array([[[1.0, 2, 4, 8, 16, 32], [3, 5, 7, 9, 11, 13]]])
    expected = [[1, (2 + 32) / 2, (4 + 16) / 2], [3, (5 + 13) / 2, (7 + 11) / 2]]
    assert quadrant(lagged, (2, 3)).tolist() == [expected]
    assert quadrant(lagged, (1, 3)).tolist() == [expected[:1]]


@pytest.mark.parametrize("torus", [(1, 1), (1, 6), (6, 1), (4, 6), (3, 5)])
def test_shares_of_frequencies_add_up_to_the_mean_square(torus: tuple[int, int]) -> None:
    """Parseval's theorem."""
    field = np.random.default_rng(2).normal(size=torus)
    power = np.abs(np.fft.rfft2(field)) ** 2 / field.size
    assert (power * power_shares(torus)).sum() == pytest.approx((field**2).mean(), rel=1e-12)
