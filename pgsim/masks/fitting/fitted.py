"""Synthetic traces like a real one: the same layers, densities and clustering (MODEL.md M36)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import sqrt
from numbers import Integral

import numpy as np

from pgsim.errors import InputError
from pgsim.masks.fitting.mask_counts import (
    Bits,
    MaskCounts,
    count_masks,
    silent_part,
    texture_of,
)
from pgsim.masks.fitting.mask_model import (
    IMAGE_SHARE,
    Floats,
    MaskModel,
    fit_masks,
    most_silence,
    near_places,
)
from pgsim.masks.fitting.tetrachoric import Numbers
from pgsim.masks.synthetic import gaussian_field
from pgsim.workload.connections import among
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.mask_words import Words, pack_masks, words_of
from pgsim.workload.trace import GateTrace, from_words

_GENERATOR = f"pgsim fitted_trace, numpy {np.__version__}"
_CHUNK_VALUES = 2**21  # of the Gaussian fields made at a time, on the torus
_PILOT_IMAGES, _PILOT_VALUES = 256, 2**20  # drawn, at most, to find how strong the texture is
_STRONGEST_TEXTURE = 8.0
_SILENCE_STEPS = 5
_SMALLEST_SILENCE = 1e-4
_LEAST_GAIN = 0.2  # of silence, per silence added
_HALVINGS = 9
_MOST_ODDS = 80.0
_NODES, _NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)  # of a mean over a normal
_NODE_WEIGHTS /= _NODE_WEIGHTS.sum()


@dataclass(frozen=True, eq=False)
class _Fields:
    """Gaussian fields of some images: coarse, fine (images, C, H, W), the others (images, H, W)."""

    coarse: Floats
    fine: Floats
    texture: Floats
    silence: Floats


def fitted_trace(trace: GateTrace, *, images: int | None = None, seed: int = 0) -> GateTrace:
    """Return a synthetic trace of the layers of `trace`, whose masks are like its masks.

    Density by channel and position, correlation in space and of channels, and the variation of
    texture are measured on all masks of `trace`; nothing else of them is kept. A seed gives the
    same masks again, with the same numpy, and more images begin with those of fewer. Source:
    MODEL.md M36.

    Parameters
    ----------
    trace : GateTrace
        Whose masks are measured.
    images : int, optional
        How many to make, by default as many as measured.
    seed : int
        At least 0.

    Raises
    ------
    InputError
        Where a number is out of range, or `trace` gates no layer.

    Examples
    --------
    >>> from pgsim import network, synthetic_trace
    >>> layer = network("resnet20")[-2].replace(out_channels=2, inputs=None)
    >>> real = synthetic_trace([layer], images=2, density=0.3)
    >>> fitted_trace(real, images=1).layers[0].images
    1
    """
    count = trace.images if images is None else images
    for name, number, least in (("images", count, 1), ("seed", seed, 0)):
        if not isinstance(number, Integral) or number < least:
            raise InputError(f"{name} should be a whole number, at least {least}, not {number!r}")
    if not any(layer.shards for layer in trace.layers):
        raise InputError(f"trace {trace.name}: no layer is gated, so there are no masks to fit")
    streams = np.random.SeedSequence(seed).spawn(len(trace.layers))
    words = {
        layer.shape.name: _masks(layer, count, stream)
        for layer, stream in zip(trace.layers, streams, strict=True)
        if layer.shards
    }
    fitted_to = {
        "trace": trace.name,
        "model": trace.model,
        "dataset": trace.dataset,
        "mask_source": trace.mask_source,
        "images": trace.images,
    }
    return from_words(
        words,
        among([layer.shape for layer in trace.layers]),
        name=f"{trace.name}-fitted",
        images=int(count),
        model=trace.model,
        dataset="none",
        mask_source="synthetic",
        accuracy={},
        provenance={"generator": _GENERATOR, "fitted_to": fitted_to, "seed": int(seed)},
    )


def _masks(layer: LayerTrace, images: int, stream: np.random.SeedSequence) -> Words:
    """Return a layer's packed masks (images, mask_channels, words), made by chunks of images."""
    counts = count_masks(layer)
    model = _fitted(counts)
    strength = _texture_strength(model, counts.texture)
    shape = layer.shape
    words = np.empty((images, shape.mask_channels, words_of(shape.mask_positions)), dtype=np.uint64)
    done = 0
    for fields in _fields(model, images, stream):
        masks = _cut(fields, model, strength)
        count = len(masks)
        words[done : done + count] = pack_masks(masks.reshape(count, shape.mask_channels, -1))
        done += count
    words.flags.writeable = False
    return words


def _fitted(counts: MaskCounts) -> MaskModel:
    """Return the model whose masks are silent as often as those counted, if silence can do that.

    Where its pilot is silent too rarely, silence is added and the rest fitted anew, which makes the
    rest less silent: what the last step gained says how much to add (secant method).
    """
    model = fit_masks(counts, 0.0)
    reached, gain = _silent_pilot(model), 1.0
    for _ in range(_SILENCE_STEPS):
        wanted = model.silence + (counts.silent - reached) / gain
        silence = min(max(wanted, 0.0), most_silence(counts))
        if abs(silence - model.silence) < _SMALLEST_SILENCE:
            break
        before, model = (model.silence, reached), fit_masks(counts, silence)
        reached = _silent_pilot(model)
        gain = max((reached - before[1]) / (silence - before[0]), _LEAST_GAIN)
    return model


def _silent_pilot(model: MaskModel) -> float:
    """Return in what part of positions and groups of channels no channel is 1, by a pilot.

    The silence itself is not drawn but added, because it differs much from image to image.
    """
    loud = replace(model, silence=0.0)
    pilot = _fields(loud, _pilot_images(loud), np.random.SeedSequence(0))
    parts = [(len(fields.silence), silent_part(_cut(fields, loud, 0.0))) for fields in pilot]
    by_chance = sum(images * part for images, part in parts) / sum(images for images, _ in parts)
    return model.silence + (1 - model.silence) * by_chance


def _pilot_images(model: MaskModel) -> int:
    return max(8, min(_PILOT_IMAGES, _PILOT_VALUES // model.thresholds.size))


def _texture_strength(model: MaskModel, variance: float) -> float:
    """Return the strength at which a pilot's texture varies as much as the real masks'."""
    if model.torus == (1, 1):
        return 0.0
    pilot = list(_fields(model, _pilot_images(model), np.random.SeedSequence(0)))
    low, high = 0.0, _STRONGEST_TEXTURE
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        patches = [texture_of(_cut(fields, model, middle)) for fields in pilot]
        if np.concatenate(patches).var() < variance:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _fields(model: MaskModel, images: int, stream: np.random.SeedSequence) -> Iterator[_Fields]:
    """Yield the fields of all images, in pieces that fit in memory.

    Each kind of noise has a generator of its own, so that an image's noise is the same however many
    are drawn at once.
    """
    seeds = stream.spawn(5)
    noise_of, places, wholes, hushes, hushed = map(np.random.default_rng, seeds)
    channels, height, width = model.thresholds.shape
    values = model.torus[0] * model.torus[1]
    step = max(1, _CHUNK_VALUES // (channels * values))
    for start in range(0, images, step):
        count = min(step, images - start)
        noise = noise_of.standard_normal((count, channels, values), dtype=np.float32)
        waves = np.fft.rfft2((model.mixing @ noise).reshape(count, channels, *model.torus))
        coarse, fine = (
            np.fft.irfft2(waves * gains, model.torus)[..., :height, :width].astype(np.float32)
            for gains in model.filters
        )
        size = (count, height, width)
        texture, silence = _by_place(places, wholes, size), _by_place(hushes, hushed, size)
        yield _Fields(coarse, fine, texture, silence)


def _by_place(
    place_of: np.random.Generator, whole_of: np.random.Generator, size: tuple[int, int, int]
) -> Floats:
    """Return fields of some images (images, H, W) that vary from image to image and within."""
    place = gaussian_field(place_of, (*size, 1), near_places(size[1:]))[..., 0]
    whole = whole_of.standard_normal((size[0], 1, 1), dtype=np.float32)
    return sqrt(IMAGE_SHARE) * whole + sqrt(1 - IMAGE_SHARE) * place


def _cut(fields: _Fields, model: MaskModel, strength: float) -> Bits:
    """Return masks (images, C, H, W) of fields whose coarse and fine parts vary with texture."""
    odds = _mean_odds(model.coarse_shares, strength).astype(np.float32)[:, None, None]
    coarse = 1 / (1 + np.exp(-(odds + strength * fields.texture[:, None])))
    field = np.sqrt(coarse) * fields.coarse + np.sqrt(1 - coarse) * fields.fine
    heard = fields.silence > model.quiet_below
    masks: Bits = (field > model.thresholds.astype(np.float32)) & heard[:, None]
    return masks


def _mean_odds(shares: Numbers, strength: float) -> Numbers:
    """Return the log-odds of coarse power at texture 0 that give it these shares in the mean."""
    low, high = np.full((2, len(shares)), [[-_MOST_ODDS], [_MOST_ODDS]])
    for _ in range(40):
        middle = (low + high) / 2
        reached = 1 / (1 + np.exp(-(middle[:, None] + strength * _NODES))) @ _NODE_WEIGHTS
        short = reached < shares
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    found: Numbers = (low + high) / 2
    return found
