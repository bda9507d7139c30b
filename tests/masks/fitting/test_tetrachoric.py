"""The tetrachoric series against Sheppard's formula and against Plackett's integral."""

from __future__ import annotations

from math import asin, exp, pi, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from pgsim.masks.fitting.tetrachoric import (
    correlations,
    mean_slopes,
    normal_cdf,
    normal_quantile,
    series_factors,
)

PAIRS = [(0.0, 0.0), (0.7, 0.7), (-0.5, 1.2), (1.5, 0.3)]


def _density(s: float, t: float, r: float) -> float:
    """Return the density of two standard normals of correlation r."""
    power = (s * s - 2 * r * s * t + t * t) / (2 * (1 - r * r))
    return exp(-power) / (2 * pi * sqrt(1 - r * r))


def _covariance(s: float, t: float, r: float) -> float:
    """Integrate d cov / d r, which is the density of the pair (Plackett, Biometrika 41, 1954)."""
    points = np.linspace(0, r, 2001)
    return float(np.trapezoid([_density(s, t, point) for point in points], points))


def _coefficients(s: float, t: float) -> Any:
    first, second = series_factors(np.array([s, t])).T
    return first * second


@pytest.mark.parametrize("r", [-0.9, -0.4, 0.0, 0.3, 0.8])
def test_bits_of_density_half(r: float) -> None:
    # Sheppard: P(both above 0) = 1/4 + asin(r) / 2·pi.
    found = correlations(_coefficients(0.0, 0.0), np.array(asin(r) / (2 * pi)))
    assert found == pytest.approx(r, abs=0.01)


@pytest.mark.parametrize("r", [-0.6, 0.2, 0.8])
@pytest.mark.parametrize(("s", "t"), PAIRS)
def test_bits_of_any_density(s: float, t: float, r: float) -> None:
    found = correlations(_coefficients(s, t), np.array(_covariance(s, t, r)))
    assert found == pytest.approx(r, abs=0.01)


@pytest.mark.parametrize("r", [-0.6, 0.2, 0.7])
@pytest.mark.parametrize(("s", "t"), PAIRS)
def test_mean_slope(s: float, t: float, r: float) -> None:
    found = mean_slopes(_coefficients(s, t), np.array(r))
    assert found == pytest.approx(_covariance(s, t, r) / r, rel=0.02)


def test_a_covariance_out_of_reach_gives_the_end_of_the_range() -> None:
    coefficients = _coefficients(0.7, 0.7)
    assert correlations(coefficients, np.array(1.0)) == pytest.approx(0.999, abs=1e-3)
    assert correlations(coefficients, np.array(-1.0)) == pytest.approx(-0.999, abs=1e-3)


def test_normal_distribution_and_its_quantiles() -> None:
    values = [-4.0, -1.0, 0.0, 0.3, 2.5]
    expected = [NormalDist().cdf(value) for value in values]
    assert normal_cdf(np.array(values)) == pytest.approx(expected)
    assert normal_quantile(np.array(expected)) == pytest.approx(values)
