"""Correlations of the normal variables behind bits: the tetrachoric series, summed and inverted.

Two bits that are 1 where standard normal variables of correlation r exceed s and t have the
covariance (Pearson, Phil. Trans. R. Soc. A 195, 1900)

    cov(r) = sum over n >= 1 of g_n(s)·g_n(t)·r^n,   g_n(t) = He_(n-1)(t)·phi(t) / sqrt(n!)

with phi the standard normal density and He the probabilists' Hermite polynomials. The mean over
many pairs of bits is a power series of r too, and its coefficients are sums of products.
"""

from __future__ import annotations

from math import erfc, pi, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

TERMS = 32  # of the series
LARGEST = 0.999  # correlation that is told from 1
_HALVINGS = 24

_erfc = np.frompyfunc(erfc, 1, 1)
_quantile = np.frompyfunc(NormalDist().inv_cdf, 1, 1)


def normal_cdf(values: Numbers) -> Numbers:
    """Return the probability that a standard normal variable is below each value."""
    found: Numbers = np.asarray(_erfc(values / -sqrt(2)), dtype=np.float64) / 2
    return found


def normal_quantile(probabilities: Numbers) -> Numbers:
    """Return the value that a standard normal variable is below with each probability in (0, 1)."""
    return np.asarray(_quantile(probabilities), dtype=np.float64)


def series_factors(thresholds: Numbers) -> Numbers:
    """Return g_n of every threshold, float64 (TERMS, *thresholds.shape), from n = 1 on."""
    factors = np.empty((TERMS, *thresholds.shape))
    before = np.zeros_like(thresholds)
    current = np.exp(-(thresholds**2) / 2) / sqrt(2 * pi)  # He_(n-1)·phi / sqrt((n-1)!)
    for n in range(1, TERMS + 1):
        factors[n - 1] = current / sqrt(n)
        before, current = current, (thresholds * current - sqrt(n - 1) * before) / sqrt(n)
    return factors


def correlations(coefficients: Numbers, covariances: Numbers) -> Numbers:
    """Return the r in [-LARGEST, LARGEST] at which each series has a covariance, or comes nearest.

    coefficients: (TERMS, ...), means of products of two factors. covariances: (...).
    """
    low, high = np.full(covariances.shape, -LARGEST), np.full(covariances.shape, LARGEST)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        short = _sum(coefficients, middle) < covariances
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    found: Numbers = (low + high) / 2
    return found


def mean_slopes(coefficients: Numbers, at: Numbers) -> Numbers:
    """Return cov(r) / r of each series: its mean slope between 0 and the correlation r in `at`."""
    total = np.zeros_like(at)
    for coefficient in coefficients[::-1]:
        total = total * at + coefficient
    return total


def _sum(coefficients: Numbers, at: Numbers) -> Numbers:
    total = np.zeros_like(at)
    for coefficient in coefficients[::-1]:
        total = (total + coefficient) * at
    return total
