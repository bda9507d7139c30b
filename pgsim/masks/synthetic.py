"""Synthetic gate masks: seeded, of a given density, clustering in space and spread over channels.

They stand in where no trained model is at hand, and are always labelled `synthetic`. A channel's
mask is a stationary Gaussian field cut at the quantile that gives the channel its density:

    p_c      ~ Beta of mean `density` and standard deviation `channel_spread`, per layer and channel
    Z(y, x)  standard normal, corr(Z(y, x), Z(y', x')) = clustering^(|y - y'| + |x - x'|)
    mask     = Z(y, x) > Phi^-1(1 - p_c)

Fields of different channels and images are independent. Z is a first-order autoregression along
columns and then along rows, z_i = clustering·z_(i-1) + sqrt(1 - clustering^2)·noise_i; a linear or
recurrent layer has one column, of its tokens or time steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import inf, sqrt
from numbers import Integral
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from pgsim.errors import InputError
from pgsim.workload.layer import LayerShape
from pgsim.workload.layers import layers_as_run
from pgsim.workload.mask_words import Words, pack_masks, words_of
from pgsim.workload.networks import network
from pgsim.workload.trace import GateTrace, from_words

_GENERATOR = f"pgsim synthetic_trace, numpy {np.__version__}"
_CHUNK_VALUES = 2**22  # of the Gaussian field made at a time: 16 MiB
_MOST_WEIGHT = 1e12  # above it a Beta distribution is a point, and a tiny spread would overflow


@dataclass(frozen=True)
class _Statistics:
    """What the masks of all layers are to be like."""

    density: float
    clustering: float
    channel_spread: float


def synthetic_trace(
    network_or_layers: str | Iterable[LayerShape | Mapping[str, object]],
    *,
    images: int,
    density: float,
    clustering: float = 0.0,
    channel_spread: float = 0.0,
    seed: int = 0,
) -> GateTrace:
    """Return a trace of `images` images with synthetic masks on every gated layer.

    A seed gives the same masks again, with the same numpy, and more images begin with those of
    fewer. Source: MODEL.md M32.

    Parameters
    ----------
    network_or_layers : str, or iterable of LayerShape or of mappings of manifest fields
        The name of a published network (`pgsim.workload.NETWORKS`), or layers, as
        `GateTrace.from_masks` takes them.
    images : int
        How many images to make, at least 1.
    density : float
        Expected mean of the masks, in [0, 1].
    clustering : float
        Correlation of neighbouring positions, in [0, 1).
    channel_spread : float
        Standard deviation of the channels' densities, which are the same for all images.
    seed : int
        At least 0.

    Returns
    -------
    GateTrace
        With `mask_source` "synthetic".

    Raises
    ------
    InputError
        Where a number is out of range, or no network has this name.

    Examples
    --------
    >>> trace = synthetic_trace("resnet20", images=2, density=0.3, clustering=0.5)
    >>> trace.name, trace.mask_source
    ('resnet20-synthetic', 'synthetic')
    """
    asked = _Statistics(float(density), float(clustering), float(channel_spread))
    _check(images, asked, seed)
    model, layers = _named_layers(network_or_layers)
    streams = np.random.SeedSequence(seed).spawn(len(layers))
    words = {
        layer.name: _masks(layer, images, asked, np.random.default_rng(stream))
        for layer, stream in zip(layers, streams, strict=True)
        if layer.masked
    }
    return from_words(
        words,
        layers,
        name=f"{model}-synthetic",
        images=int(images),
        model=model,
        dataset="none",
        mask_source="synthetic",
        accuracy={},
        provenance={"generator": _GENERATOR, **asdict(asked), "seed": int(seed)},
    )


def _named_layers(
    network_or_layers: str | Iterable[LayerShape | Mapping[str, object]],
) -> tuple[str, tuple[LayerShape, ...]]:
    """Return the model's name and its layers."""
    if isinstance(network_or_layers, str):
        return network_or_layers, network(network_or_layers)
    return "unnamed", layers_as_run(network_or_layers, "synthetic trace")


def _check(images: int, asked: _Statistics, seed: int) -> None:
    for name, number, least in (("images", images, 1), ("seed", seed, 0)):
        if not isinstance(number, Integral) or number < least:
            raise InputError(f"{name} should be a whole number, at least {least}, not {number!r}")
    if not 0 <= asked.density <= 1:
        raise InputError(f"density should be between 0 and 1, not {asked.density!r}")
    if not 0 <= asked.clustering < 1:
        raise InputError(f"clustering should be at least 0 and below 1, not {asked.clustering!r}")
    bound = sqrt(asked.density * (1 - asked.density))
    if asked.channel_spread and not 0 <= asked.channel_spread < bound:
        raise InputError(
            f"channel_spread should be at least 0 and, at density {asked.density!r}, "
            f"below {bound:.4g}, not {asked.channel_spread!r}"
        )


def _masks(
    layer: LayerShape, images: int, asked: _Statistics, generator: np.random.Generator
) -> Words:
    """Return one layer's packed masks (images, mask_channels, words), made by chunks of images."""
    channels = layer.mask_channels
    thresholds = _thresholds(generator, channels, asked.density, asked.channel_spread)
    words = np.empty((images, channels, words_of(layer.mask_positions)), dtype=np.uint64)
    step = max(1, _CHUNK_VALUES // (channels * layer.mask_positions))
    for start in range(0, images, step):
        stop = min(start + step, images)
        size = (stop - start, *layer.mask_size, channels)
        field = gaussian_field(generator, size, asked.clustering)
        masks = (field > thresholds).reshape(stop - start, layer.mask_positions, channels)
        words[start:stop] = pack_masks(np.ascontiguousarray(masks.transpose(0, 2, 1)))
    words.flags.writeable = False
    return words


def _thresholds(
    generator: np.random.Generator, channels: int, density: float, spread: float
) -> npt.NDArray[np.float32]:
    """Return per channel the value that the field exceeds with the channel's density."""
    densities = np.full(channels, density)
    if spread:
        ratio = sqrt(density * (1 - density)) / spread
        weight = min(ratio * ratio - 1, _MOST_WEIGHT)  # alpha + beta of the Beta distribution
        densities = generator.beta(density * weight, (1 - density) * weight, channels)
    quantile = NormalDist().inv_cdf
    thresholds = [-quantile(p) if 0 < p < 1 else (inf if p <= 0 else -inf) for p in densities]
    return np.array(thresholds, dtype=np.float32)


def gaussian_field(
    generator: np.random.Generator, shape: tuple[int, ...], correlation: float
) -> npt.NDArray[np.float32]:
    """Return Gaussian fields, float32 (images, height, width, channels), as M32 correlates them.

    Images come first, so that a seed gives the same ones however many are drawn at once.
    """
    field = generator.standard_normal(shape, dtype=np.float32)
    if correlation:
        own, shared = np.float32(sqrt(1 - correlation**2)), np.float32(correlation)
        for axis in (1, 2):
            lines = np.moveaxis(field, axis, 0)
            for before, line in pairwise(lines):
                line *= own
                line += shared * before
    return field
