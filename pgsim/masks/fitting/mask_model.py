"""A model of one layer's masks, fitted to real ones: Gaussian fields cut at thresholds (M36).

The mask of channel c is 1 where a Gaussian field Z_c, standard normal everywhere, exceeds a
threshold that depends on channel and position. What is kept of the real masks:

    thresholds   the densities by channel, and by position in two patterns that channels share
    spectra      every channel's correlation in space, at all distances
    coherence    the correlation of channels at one position
    silence      how often no channel is 1, beyond what these explain, one number
    texture      how much the fineness of detail varies from place to place, one number

Z_c is a sum of a coarse part (the lowest frequencies that hold 0.35 of the power) and a fine part.
Their weights vary in space with a texture field that all channels share: where a picture is smooth,
all channels' masks come in large patches, and elsewhere in small ones. The weights add up to 1 in
power, so the texture changes no density. A second such field silences all channels where it is
lowest: in flat parts of a picture no sum passes its threshold, which correlations of pairs of
channels do not say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import exp

import numpy as np
import numpy.typing as npt

from pgsim.masks.fitting.mask_counts import Bits, MaskCounts
from pgsim.masks.fitting.tetrachoric import (
    Numbers,
    correlations,
    mean_slopes,
    normal_cdf,
    normal_quantile,
    series_factors,
)
from pgsim.masks.fitting.torus import autocorrelation, power_shares, quadrant, torus_of

_COARSE_SHARE = 0.35  # of a channel's power, at least
_PATTERNS = 2  # of density by position
_PRIOR_IMAGES = 1.0  # that the channel's mean counts for in a position's density
_RAREST = 1e-6  # density that has a threshold
IMAGE_SHARE = 0.25  # of texture and silence: of whole images; the rest varies within them
_PATCHES_ACROSS = 6  # e-foldings of their correlation across a map
_BLOCK_VALUES = 2**22  # of the series' coefficients at a time
_SPECTRUM_STEPS, _COHERENCE_STEPS = 150, 60

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class MaskModel:
    """Channels C of masks H x W; fields are periodic in `torus`, twice as large each way.

    thresholds: (C, H, W), infinite where a channel is never or always 1. spectra: power by
    frequency, (C, *frequencies of the torus as numpy.fft.rfft2 has them), of mean 1 over the torus.
    coherence: (C, C), a correlation matrix. silence: the part of all positions where no channel is
    1 whatever its field; the rest is fitted to the masks elsewhere.
    """

    thresholds: Numbers
    spectra: Numbers
    coherence: Numbers
    silence: float

    @cached_property
    def torus(self) -> tuple[int, int]:
        """Height and width of the torus."""
        return torus_of(self.thresholds.shape)

    @property
    def quiet_below(self) -> float:
        """Value of the silence field below which no channel is 1."""
        return float(normal_quantile(np.array(self.silence))) if self.silence else -np.inf

    @cached_property
    def mixing(self) -> Floats:
        """Weights that turn independent noise into the channels' noise, (C, C)."""
        return _root(self.coherence).astype(np.float32)

    @cached_property
    def coarse_shares(self) -> Numbers:
        """Share of every channel's power that is coarse, (C,)."""
        shares: Numbers = (self.spectra * self._coarse * power_shares(self.torus)).sum(axis=(1, 2))
        return np.clip(shares, _RAREST, 1 - _RAREST)

    @cached_property
    def filters(self) -> tuple[Floats, Floats]:
        """Gains of the coarse and of the fine part by frequency, each to unit variance."""
        share = self.coarse_shares[:, None, None]
        return (
            np.sqrt(self.spectra * self._coarse / share).astype(np.float32),
            np.sqrt(self.spectra * ~self._coarse / (1 - share)).astype(np.float32),
        )

    @cached_property
    def _coarse(self) -> Bits:
        return _lowest(self.spectra, self.torus)


def fit_masks(counts: MaskCounts, silence: float) -> MaskModel:
    """Return a model of the masks that were counted, with some silence. Source: MODEL.md M36."""
    heard = replace(
        counts, ones=counts.ones / (1 - silence), together=counts.together / (1 - silence)
    )
    thresholds = _thresholds(heard)
    spectra = _spectra(heard, thresholds, silence)
    coherence = _coherence(heard, thresholds, spectra)
    totals = counts.ones.sum(axis=(1, 2))
    infinite = thresholds.copy()
    infinite[totals == 0] = np.inf
    infinite[totals == counts.images * thresholds[0].size] = -np.inf
    return MaskModel(infinite, spectra, coherence, silence)


def most_silence(counts: MaskCounts) -> float:
    """Return the most silence that leaves the densest channel a density below 1."""
    densities = counts.ones.mean(axis=(1, 2)) / counts.images
    return max(0.0, float(0.95 - densities.max()))


def near_places(size: tuple[int, int]) -> float:
    """Return the correlation of neighbours in the fields of texture and silence, in an image."""
    return exp(-_PATCHES_ACROSS / max(size))


def _thresholds(counts: MaskCounts) -> Numbers:
    """Return thresholds (C, H, W): the channel's own, and two patterns over positions."""
    images = counts.images
    seen = counts.ones.reshape(len(counts.ones), -1)
    density = seen.mean(axis=1, keepdims=True) / images
    smoothed = (seen + _PRIOR_IMAGES * density) / (images + _PRIOR_IMAGES)
    wanted: Numbers = -normal_quantile(np.clip(density, _RAREST, 1 - _RAREST))
    weight = np.exp(-(wanted**2) / 2)  # a rare channel's own positions are mostly noise
    deviations = (-normal_quantile(np.clip(smoothed, _RAREST, 1 - _RAREST)) - wanted) * weight
    left, sizes, right = np.linalg.svd(deviations, full_matrices=False)
    kept = slice(0, _PATTERNS)
    thresholds = wanted + (left[:, kept] * sizes[kept]) @ right[kept] / weight
    for _ in range(4):  # so that the mean over positions is the channel's density again
        reached = normal_cdf(-thresholds).mean(axis=1, keepdims=True)
        thresholds += normal_quantile(np.clip(reached, _RAREST, 1 - _RAREST)) + wanted
    by_place: Numbers = thresholds.reshape(counts.ones.shape)
    return by_place


def _spectra(counts: MaskCounts, thresholds: Numbers, silence: float) -> Numbers:
    """Return the spectra whose correlations come nearest to the masks' at all distances."""
    size = (thresholds.shape[1], thresholds.shape[2])
    torus = torus_of(size)
    pairs = autocorrelation(np.ones((1, *size)), torus)[0]
    heard = _both_heard(size, silence)
    measured, noise = np.empty((2, len(thresholds), *size))
    for channel, own in enumerate(thresholds):
        expected = autocorrelation(normal_cdf(-own)[None], torus)[0] / pairs
        coefficients = autocorrelation(series_factors(own), torus) / pairs
        lagged = np.fft.irfft2(counts.power[channel], torus)
        both = quadrant(lagged, size) / (pairs * counts.images) / heard
        measured[channel] = correlations(coefficients, both - expected)
        slope = np.maximum(mean_slopes(coefficients, measured[channel]), _RAREST**2)
        spread = autocorrelation((normal_cdf(own) * normal_cdf(-own))[None], torus)[0] / pairs
        noise[channel] = spread / (pairs * counts.images) / slope**2
    noise[:, 1:, 1:] /= 2  # off the axes a distance is the mean of two directions
    wanted = _less_noise(measured, noise)
    wanted[:, 0, 0] = 1
    rows, columns = (np.minimum(np.arange(n), n - np.arange(n)) for n in torus)
    seen = (rows < size[0])[:, None] & (columns < size[1])
    at = np.ix_(np.minimum(rows, size[0] - 1), np.minimum(columns, size[1] - 1))
    weight = seen * pairs[at] / pairs.max() / (1 + rows[:, None] + columns)
    weight[0, 0] = 3  # near pairs, of which there are many, count most; the variance above all
    return _nearest_spectra(wanted[(slice(None), *at)] * seen, weight, torus)


def _less_noise(measured: Numbers, noise: Numbers) -> Numbers:
    """Return correlations (C, H, W) drawn to the mean of all channels where they are mostly noise.

    noise: variances of what was measured, as if bits were independent. How far channels really
    differ at a distance is estimated from them (DerSimonian and Laird, Control. Clin. Trials 7,
    1986). Without this, noise makes like channels differ, and they cannot be as coherent as they
    are.
    """
    if len(measured) == 1:
        return measured
    weight = 1 / noise
    total = weight.sum(axis=0)
    mean = (weight * measured).sum(axis=0) / total
    scatter = (weight * (measured - mean) ** 2).sum(axis=0)
    differing = np.maximum(scatter - (len(measured) - 1), 0)
    differing /= (weight * (1 - weight / total)).sum(axis=0)
    weight = 1 / (noise + differing)
    mean = (weight * measured).sum(axis=0) / weight.sum(axis=0)
    drawn: Numbers = mean + (measured - mean) * differing * weight
    return drawn


def _both_heard(size: tuple[int, int], silence: float) -> Numbers:
    """Return the part of pairs at distances (H, W) of which neither is silent."""
    factors = series_factors(np.array([normal_quantile(np.array(max(silence, _RAREST)))]))
    within = near_places(size) ** (np.arange(size[0])[:, None] + np.arange(size[1]))
    correlated = IMAGE_SHARE + (1 - IMAGE_SHARE) * within
    powers = correlated ** np.arange(1, len(factors) + 1)[:, None, None]
    covariance = (factors[..., None] ** 2 * powers).sum(axis=0)
    both: Numbers = (1 - silence) ** 2 + covariance * (silence > 0)
    both[0, 0] = 1 - silence
    return both


def _nearest_spectra(wanted: Numbers, weight: Numbers, torus: tuple[int, int]) -> Numbers:
    """Return spectra, nowhere negative, by least squares (accelerated projected gradient)."""
    spectra = np.maximum(np.fft.rfft2(wanted).real, 0)
    ahead, momentum = spectra, 1.0
    for _ in range(_SPECTRUM_STEPS):
        error = weight * (np.fft.irfft2(ahead, torus) - wanted)
        moved = np.maximum(ahead - np.fft.rfft2(error).real / weight.max(), 0)
        ahead, spectra, momentum = _accelerated(moved, spectra, momentum)
    unit: Numbers = spectra / (spectra * power_shares(torus)).sum(axis=(1, 2), keepdims=True)
    return unit


def _coherence(counts: MaskCounts, thresholds: Numbers, spectra: Numbers) -> Numbers:
    """Return the matrix that gives channels their correlations at one position."""
    channels = len(thresholds)
    if channels == 1:
        return np.ones((1, 1))
    positions = thresholds[0].size
    expected = normal_cdf(-thresholds).reshape(channels, positions)
    covariances = counts.together / (counts.images * positions) - expected @ expected.T / positions
    factors = series_factors(thresholds.reshape(channels, positions))
    wanted, slope = np.empty((2, channels, channels))
    step = max(1, _BLOCK_VALUES // (len(factors) * channels))
    for first in range(0, channels, step):
        block = slice(first, first + step)
        coefficients = factors[:, block] @ factors.transpose(0, 2, 1) / positions
        wanted[block] = correlations(coefficients, covariances[block])
        slope[block] = mean_slopes(coefficients, wanted[block])
    gains = np.sqrt(spectra * power_shares(torus_of(thresholds.shape))).reshape(channels, -1)
    return _nearest_coherence(wanted, gains @ gains.T, slope**2)


def _nearest_coherence(wanted: Numbers, alike: Numbers, weight: Numbers) -> Numbers:
    """Return the correlation matrix that, times `alike` in each place, is nearest to `wanted`.

    alike: what channels of coherence 1 would have, because their spectra differ. weight: (C, C), of
    squared errors.
    """
    np.fill_diagonal(weight, 0)
    steepest = float((weight * alike**2).max()) or 1.0
    matrix = np.eye(len(wanted))
    ahead, momentum = matrix, 1.0
    for _ in range(_COHERENCE_STEPS):
        moved = ahead - weight * alike * (alike * ahead - wanted) / steepest
        np.fill_diagonal(moved, 1)
        root = _root((moved + moved.T) / 2)
        root /= np.sqrt((root**2).sum(axis=1, keepdims=True))
        ahead, matrix, momentum = _accelerated(root @ root.T, matrix, momentum)
    return matrix


def _accelerated(
    moved: Numbers, before: Numbers, momentum: float
) -> tuple[Numbers, Numbers, float]:
    """Return where the next step starts, the step's result, and its momentum (FISTA)."""
    following = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
    return moved + (momentum - 1) / following * (moved - before), moved, following


def _root(matrix: Numbers) -> Numbers:
    """Return R with R·Rᵀ the nearest matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    root: Numbers = vectors * np.sqrt(np.maximum(values, 1e-9))
    return root


def _lowest(spectra: Numbers, torus: tuple[int, int]) -> Bits:
    """Return which frequencies are coarse: the lowest that hold 0.35 of a channel's power.

    Frequencies of one length are coarse together.
    """
    height, width = torus
    lengths = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)).ravel().round(9)
    rings = np.unique(lengths, return_inverse=True)[1]
    power = (spectra * power_shares(torus)).reshape(len(spectra), -1)
    by_ring = np.stack([np.bincount(rings, own) for own in power])
    below = np.cumsum(by_ring, axis=1) - by_ring
    lowest: Bits = (below < _COARSE_SHARE)[:, rings].reshape(spectra.shape)
    return lowest
