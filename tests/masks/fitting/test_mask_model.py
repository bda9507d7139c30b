"""Models fitted to counts of known Gaussian fields, and their filters by hand (M36).

No mask is drawn: what would be counted of endless images follows from the fields in closed form.
Bits of density 1/2, whose fields have the correlation r, are 1 together with the probability
1/4 + asin(r) / 2 pi (Sheppard).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import asin, exp, inf, pi
from statistics import NormalDist

import numpy as np
import pytest

from pgsim.masks.fitting.mask_counts import MaskCounts
from pgsim.masks.fitting.mask_model import (
    MaskModel,
    fit_masks,
    most_silence,
    near_places,
)

IMAGES = 10**6
HALF = np.full((1, 5, 6), 0.5)


def both_of(correlation: float) -> float:
    """How often two bits of density 1/2 are 1 together."""
    return 0.25 + asin(correlation) / (2 * pi)


def counts_of(
    densities: np.ndarray,
    coherence: float = 0,
    near: Callable[[int, int], float] = lambda y, x: float(y == x == 0),
) -> MaskCounts:
    """Counts of bits of these densities (C, H, W), of which all but the ones are as if of 1/2.

    coherence: between channels. near: correlation of places (y, x) apart.
    """
    channels, height, width = densities.shape
    lagged = np.zeros((2 * height, 2 * width))
    for y in range(1 - height, height):
        for x in range(1 - width, width):
            pairs = (height - abs(y)) * (width - abs(x))
            lagged[y, x] = pairs * both_of(near(abs(y), abs(x)))
    together = np.full((channels, channels), both_of(coherence))
    np.fill_diagonal(together, 0.5)
    power = np.fft.rfft2(lagged).real
    return MaskCounts(
        IMAGES,
        densities * IMAGES,
        together * IMAGES * height * width,
        np.broadcast_to(power * IMAGES, (channels, *power.shape)),
        silent=0,
        texture=0,
    )


def thresholds_of(densities: np.ndarray) -> list[float]:
    return [NormalDist().inv_cdf(1 - density) for density in densities.ravel()]


def test_densities_by_place_become_thresholds() -> None:
    """A field is above -z with the density whose quantile z is; two channels share no pattern."""
    densities = np.random.default_rng(1).uniform(0.2, 0.8, (2, 5, 6))
    model = fit_masks(counts_of(densities), 0)
    assert model.thresholds.ravel() == pytest.approx(thresholds_of(densities), abs=1e-4)
    assert (model.torus, model.silence, model.quiet_below) == ((10, 12), 0, -inf)


def test_channels_share_two_patterns_of_density() -> None:
    """Where ten channels are dense in two ways of their own mixing, no more is lost."""
    one, two = np.random.default_rng(2).uniform(-0.5, 0.5, (2, 1, 5, 6))
    mix = np.random.default_rng(3).uniform(-1, 1, (2, 10, 1, 1))
    wanted = mix[0] * one + mix[1] * two
    densities = np.vectorize(NormalDist().cdf)(wanted - wanted.mean(axis=(1, 2), keepdims=True))
    model = fit_masks(counts_of(densities), 0)
    assert model.thresholds.ravel() == pytest.approx(thresholds_of(densities), abs=0.02)


def test_channels_that_are_never_or_always_1_have_no_threshold() -> None:
    """Between them is one of density 1/2, whose threshold is 0."""
    densities = np.concatenate([0 * HALF, HALF, 2 * HALF])
    model = fit_masks(counts_of(densities), 0)
    assert model.thresholds[0].min() == inf
    assert model.thresholds[2].max() == -inf
    assert model.thresholds[1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("clustering", [0.4, 0.8])
def test_fields_correlate_in_space_as_the_masks_say(clustering: float) -> None:
    """Rows and columns have correlations of their own: r^(2 y + x)."""
    near = {(y, x): clustering ** (2 * y + x) for y in range(5) for x in range(6)}
    model = fit_masks(counts_of(HALF, near=lambda y, x: near[y, x]), 0)
    found = np.fft.irfft2(model.spectra[0], model.torus)
    assert found[0, 0] == pytest.approx(1, rel=1e-9)
    for y, x in ((0, 1), (1, 0), (0, 2), (1, 1)):
        assert found[y, x] == pytest.approx(near[y, x], abs=0.02)
    assert model.spectra.min() >= 0


@pytest.mark.parametrize("coherence", [-0.4, 0, 0.3, 0.8])
def test_fields_correlate_across_channels_as_the_masks_say(coherence: float) -> None:
    """Three channels, each two of which have the same correlation."""
    counts = counts_of(np.concatenate([HALF, HALF, HALF]), coherence)
    expected = np.full((3, 3), coherence)
    np.fill_diagonal(expected, 1)
    model = fit_masks(counts, 0)
    assert model.coherence == pytest.approx(expected, abs=0.01)
    assert model.mixing @ model.mixing.T == pytest.approx(expected, abs=0.01)


def test_channels_are_as_dense_where_no_silence_is() -> None:
    """Half of what 3/8 of all positions leave is a density of 5/16, and a threshold of 0."""
    counts = counts_of(HALF)
    fewer = replace(counts, ones=counts.ones * 5 / 8, together=counts.together * 5 / 8)
    model = fit_masks(fewer, 3 / 8)
    assert model.thresholds == pytest.approx(0, abs=1e-6)
    assert model.quiet_below == pytest.approx(NormalDist().inv_cdf(3 / 8), abs=1e-6)


@pytest.mark.parametrize(("density", "silence"), [(0.4, 0.55), (0.9, 0.05), (0.97, 0)])
def test_silence_leaves_the_densest_channel_a_density(density: float, silence: float) -> None:
    """By hand: of 0.95 of all positions it needs its own."""
    counts = counts_of(np.concatenate([HALF * 0.2, HALF * 2 * density]))
    assert most_silence(counts) == pytest.approx(silence, abs=1e-12)


def test_neighbours_in_large_maps_are_nearer() -> None:
    """Six e-foldings across the longer side."""
    assert near_places((3, 8)) == near_places((8, 3)) == pytest.approx(exp(-6 / 8), rel=1e-12)


def test_the_lowest_frequencies_are_coarse() -> None:
    """By hand. A torus of 8 has the frequencies 0 to 4, of shares 1, 2, 2, 2 and 1 of 8.

    Of equal powers 0 and 1 hold 3/8, which is the first sum above 0.35.
    """
    model = MaskModel(np.zeros((1, 1, 4)), np.ones((1, 1, 5)), np.eye(1), 0)
    assert model.torus == (1, 8)
    assert model.coarse_shares == pytest.approx([3 / 8])
    coarse, fine = model.filters
    assert coarse[0, 0] ** 2 == pytest.approx([8 / 3, 8 / 3, 0, 0, 0])
    assert fine[0, 0] ** 2 == pytest.approx([0, 0, 8 / 5, 8 / 5, 8 / 5])


def test_frequencies_of_one_length_are_coarse_together() -> None:
    """By hand. A torus of 4 x 4 with all power at 1/4 down and at 1/4 across: neither comes first.

    Rows of its spectrum are the frequencies 0, 1, 2 and -1.
    """
    spectrum = np.zeros((1, 4, 3))
    spectrum[0, [1, 3], 0] = spectrum[0, 0, 1] = 1
    model = MaskModel(np.zeros((1, 2, 2)), spectrum, np.eye(1), 0)
    coarse, _ = model.filters
    assert (coarse[0] > 0).tolist() == (spectrum[0] > 0).tolist()
