"""What masks look like: density over images and channels, clustering in space, across channels.

With m the mask, p_c the density of channel c over all images measured, and E the mean over those
images (M35):

    neighbour     = sum over c of (E[a·b] - q_c²) / sum over c of q_c·(1 - q_c)
                    a and b are the bits of horizontal and of vertical neighbours of one channel
                    and image, each pair counted once; q_c is the mean of all a and b of channel c
    within_map    = 1 - D / D0
                    D of all these pairs differ; D0 would if the ones of each map, k of n positions
                    of one channel and image, were placed at random: 2·k·(n - k)/(n·(n - 1)) of its
                    pairs
    cross_channel = sum over c ≠ d of (E[m_c·m_d] - p_c·p_d) / sum over c ≠ d of s_c·s_d
                    m_c and m_d are bits at one position of one image; s_c² = p_c·(1 - p_c)

`neighbour` and `cross_channel` lie in [-1, 1] and are the mean of the phi coefficients of channels,
or of pairs of channels, weighted by their variances: a rare channel, whose own coefficient is
mostly noise, counts little, and channels that differ in density do not look clustered. A channel
that is dense in one image and empty in another is clustered for `neighbour`; `within_map`, a join
count (Moran, J. R. Stat. Soc. B 10, 1948), leaves that out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.mask_words import WORD, Words, pack_masks

_Counts = npt.NDArray[np.int64]
_BLOCK_BYTES = 2**24  # of unpacked bits at a time


@dataclass(frozen=True, eq=False)
class MaskMeasures:
    """Measures of one layer's masks over some images, as MODEL.md M35 defines them.

    Attributes
    ----------
    image_density : float64 array (images,)
        Mean of each image's masks; empty without a gate.
    channel_density : float64 array (mask_channels,)
        Mean of each channel's masks; empty without a gate.
    neighbour : float
        Correlation of neighbouring positions. NaN with a single position.
    within_map : float
        The same, beside masks that hold as many ones at random. NaN where every channel is all 0 or
        all 1 in each image.
    cross_channel : float
        Correlation of channels at one position. NaN with a single channel, and, as `neighbour` is,
        where every channel is all 0 or all 1. All three are NaN without a gate.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> measures = mask_measures(load_trace("digits_pg_4_2").layers[1])
    >>> measures.channel_density.shape, measures.neighbour > 0
    ((32,), True)
    """

    image_density: npt.NDArray[np.float64]
    channel_density: npt.NDArray[np.float64]
    neighbour: float
    within_map: float
    cross_channel: float

    @property
    def density(self) -> float:
        """Mean of the mask."""
        return float(self.image_density.mean()) if len(self.image_density) else float("nan")

    @property
    def image_spread(self) -> tuple[float, float, float]:
        """5th percentile, median and 95th percentile of the density by image."""
        if not len(self.image_density):
            return (float("nan"),) * 3
        low, middle, high = np.percentile(self.image_density, (5, 50, 95)).tolist()
        return low, middle, high

    @property
    def channel_spread(self) -> tuple[float, float, float]:
        """Least, greatest and standard deviation of the density by channel."""
        if not len(self.image_density):
            return (float("nan"),) * 3
        by_channel = self.channel_density
        return float(by_channel.min()), float(by_channel.max()), float(by_channel.std())


def mask_measures(layer: LayerTrace, start: int = 0, stop: int | None = None) -> MaskMeasures:
    """Return the measures of a layer's masks over images `start` to `stop`.

    All the masks are read, once, in pieces that fit in memory whatever the trace.

    Parameters
    ----------
    layer : LayerTrace
        Whose masks.
    start, stop : int
        A slice of the images, by default all.

    Returns
    -------
    MaskMeasures
        NaN where a measure has no meaning, as without a gate.

    Notes
    -----
    Source: MODEL.md M35.

    Examples
    --------
    >>> from pgsim import load_trace
    >>> round(mask_measures(load_trace("digits_pg_4_2").layers[1]).density, 3)
    0.31
    """
    channels = layer.shape.mask_channels if layer.shards else 0
    positions = layer.shape.mask_positions
    by_image: list[_Counts] = []
    by_channel, both, either = (np.zeros(channels, dtype=np.int64) for _ in range(3))
    squares = unlike = 0
    for words in layer.chunks(start, stop) if layer.shards else ():
        ones = np.bitwise_count(words).sum(axis=2, dtype=np.int64)
        by_image.append(ones.sum(axis=1))
        by_channel += ones.sum(axis=0)
        unlike += int((ones * (positions - ones)).sum())
        for pairs in _pairs(words, layer.shape.mask_size):
            both += pairs[0]
            either += pairs[1]
        squares += _squared_counts(words, positions)
    image_ones = np.concatenate(by_image) if by_image else np.zeros(0, dtype=np.int64)
    bits = len(image_ones) * positions
    in_map = _pair_count(layer.shape.mask_size)
    return MaskMeasures(
        image_density=image_ones / (channels * positions or 1),
        channel_density=by_channel / bits if bits else np.full(channels, np.nan),
        neighbour=_neighbour(both, either, len(image_ones) * in_map),
        within_map=_within_map(int((either - 2 * both).sum()), unlike, in_map, positions),
        cross_channel=_cross_channel(by_channel, squares, bits),
    )


def _pair_count(size: tuple[int, int]) -> int:
    height, width = size
    return height * (width - 1) + (height - 1) * width


def _pairs(words: Words, size: tuple[int, int]) -> list[tuple[_Counts, _Counts]]:
    """Return per axis, and per channel, the pairs of neighbours that are both 1, and all ones.

    A 1 counts once for each pair that it is in.
    """
    height, width = size
    row, column = np.divmod(np.arange(height * width), width)
    found = []
    for step, has_next in ((1, column < width - 1), (width, row < height - 1)):
        if has_next.any():
            inside = pack_masks(has_next[None, None])
            first, second = words & inside, _shifted(words, step) & inside
            found.append((_ones(first & second), _ones(first) + _ones(second)))
    return found


def _ones(words: Words) -> _Counts:
    counts: _Counts = np.bitwise_count(words).sum(axis=(0, 2), dtype=np.int64)
    return counts


def _shifted(words: Words, step: int) -> Words:
    """Return rows of bits in which bit k is bit k + step of `words`."""
    skipped, bits = divmod(step, 64)
    shifted = np.zeros_like(words)
    kept = words[..., skipped:]
    shifted[..., : kept.shape[-1]] = kept >> np.uint64(bits)
    if bits:
        shifted[..., : kept.shape[-1] - 1] |= kept[..., 1:] << np.uint64(64 - bits)
    return shifted


def _squared_counts(words: Words, positions: int) -> int:
    """Return the sum over images and positions of the squared number of channels that are 1."""
    images, channels, _ = words.shape
    step = max(1, _BLOCK_BYTES // (channels * positions))
    total = 0
    for first in range(0, images, step):
        rows = np.ascontiguousarray(words[first : first + step], dtype=WORD).view(np.uint8)
        bits = np.unpackbits(rows, axis=-1, bitorder="little", count=positions)
        active = bits.sum(axis=1, dtype=np.uint32).ravel().astype(np.int64)
        total += int(active @ active)
    return total


def _neighbour(both: _Counts, either: _Counts, pairs: int) -> float:
    if not pairs:
        return float("nan")
    means = either / (2 * pairs)
    return _ratio(float((both / pairs - means**2).sum()), float((means * (1 - means)).sum()))


def _within_map(differing: int, unlike: int, pairs: int, positions: int) -> float:
    """Return the measure; neighbours that differ, and any two positions of one map that do."""
    if not unlike:
        return float("nan")
    return 1 - differing * positions * (positions - 1) / (2 * unlike * pairs)


def _cross_channel(by_channel: _Counts, squares: int, bits: int) -> float:
    if not bits:
        return float("nan")
    means = by_channel / bits
    variances = means * (1 - means)
    # The variance of a sum is that of its parts and all their covariances.
    covariances = squares / bits - means.sum() ** 2 - variances.sum()
    deviations = np.sqrt(variances[variances > 0])
    if len(deviations) < 2:
        return float("nan")
    return _ratio(float(covariances), float(deviations.sum() ** 2 - variances.sum()))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
