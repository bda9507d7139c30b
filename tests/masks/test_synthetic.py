"""Synthetic masks against the statistics that were asked for."""

from __future__ import annotations

from math import asin, pi, sqrt
from typing import Any

import numpy as np
import pytest

from pgsim.errors import InputError
from pgsim.masks.synthetic import synthetic_trace
from pgsim.workload.networks import network
from pgsim.workload.saved_trace import save_trace
from pgsim.workload.trace import GateTrace


def _conv(channels: int = 64, size: int = 24, **others: Any) -> dict[str, Any]:
    return {
        "name": "conv",
        "op": "conv2d",
        "in_channels": 4,
        "out_channels": channels,
        "in_size": [size, size],
        "kernel": [1, 1],
        "activation_bits": 4,
        "msb_bits": 2,
        "weight_bits": 8,
        "gate": "output",
        **others,
    }


def _masks(trace: GateTrace) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the first layer's mask as numbers (images, channels, height, width)."""
    layer = trace.layers[0]
    return layer.unpack().reshape(trace.images, -1, *layer.shape.mask_size).astype(np.float64)


def _correlation(first: Any, second: Any) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.mark.parametrize("density", [0.05, 0.4, 0.9])
def test_density(density: float) -> None:
    trace = synthetic_trace([_conv()], images=10, density=density)
    bits = 10 * 64 * 24 * 24
    deviation = sqrt(density * (1 - density) / bits)  # of a mean of independent bits
    assert trace.layers[0].density() == pytest.approx(density, abs=5 * deviation)


@pytest.mark.parametrize("density", [0.0, 1.0])
def test_density_at_its_ends(density: float) -> None:
    assert synthetic_trace([_conv()], images=2, density=density).layers[0].density() == density


@pytest.mark.parametrize("clustering", [0.0, 0.5, 0.9])
def test_neighbours_correlate_as_a_gaussian_field_cut_at_its_median(clustering: float) -> None:
    masks = _masks(synthetic_trace([_conv()], images=20, density=0.5, clustering=clustering))
    # Sheppard's formula: signs of two normals of correlation r correlate with 2/pi·asin(r).
    neighbours, diagonal = 2 / pi * asin(clustering), 2 / pi * asin(clustering**2)
    across = _correlation(masks[..., 1:], masks[..., :-1])
    along = _correlation(masks[..., 1:, :], masks[..., :-1, :])
    slanted = _correlation(masks[..., 1:, 1:], masks[..., :-1, :-1])
    assert across == pytest.approx(neighbours, abs=0.02)
    assert along == pytest.approx(neighbours, abs=0.02)
    assert slanted == pytest.approx(diagonal, abs=0.02)


def test_clustering_keeps_the_density_and_channels_apart() -> None:
    masks = _masks(synthetic_trace([_conv()], images=20, density=0.3, clustering=0.6))
    assert masks.mean() == pytest.approx(0.3, abs=0.01)
    assert _correlation(masks[:, 1:], masks[:, :-1]) == pytest.approx(0, abs=0.02)
    assert _correlation(masks[1:], masks[:-1]) == pytest.approx(0, abs=0.02)


def test_time_steps_cluster_along_time() -> None:
    layer = {
        "name": "hidden",
        "op": "recurrent",
        "in_channels": 8,
        "out_channels": 100,
        "time_steps": 200,
        "activation_bits": 4,
        "msb_bits": 2,
        "weight_bits": 8,
        "gate": "output",
    }
    masks = _masks(synthetic_trace([layer], images=3, density=0.5, clustering=0.8))
    expected = 2 / pi * asin(0.8)
    assert _correlation(masks[..., 1:, :], masks[..., :-1, :]) == pytest.approx(expected, abs=0.03)


def test_channel_spread() -> None:
    layers = [_conv(channels=2000, size=16)]
    trace = synthetic_trace(layers, images=4, density=0.4, channel_spread=0.2)
    densities = trace.layers[0].channel_density()
    sampling = sqrt(0.4 * 0.6 / (4 * 256))  # of each channel's own mean, 0.015: below the spread
    assert densities.mean() == pytest.approx(0.4, abs=5 * 0.2 / sqrt(2000))
    assert densities.std() == pytest.approx(0.2, abs=sampling)


def test_a_channel_has_its_density_in_every_image() -> None:
    trace = synthetic_trace([_conv(size=64)], images=2, density=0.5, channel_spread=0.3)
    layer = trace.layers[0]
    # five standard deviations of the difference of two means of 4096 bits each
    bound = 5 * sqrt(2 * 0.25 / 4096)
    assert np.abs(layer.channel_density(0, 1) - layer.channel_density(1, 2)).max() < bound


def test_an_input_gate_is_shared_by_the_channels() -> None:
    layer = _conv(channels=8, gate="input", kernel=[3, 3])
    trace = synthetic_trace([layer], images=5, density=0.5)
    assert trace.layers[0].unpack().shape == (5, 1, 24 * 24)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Any) -> None:
    asked = {"images": 3, "density": 0.4, "clustering": 0.5, "channel_spread": 0.1}
    paths = [
        save_trace(synthetic_trace("resnet20", seed=seed, **asked), tmp_path / name)[0]  # type: ignore[arg-type]
        for name, seed in (("first", 7), ("again", 7), ("other", 8))
    ]
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again
    assert first != other


def test_more_images_begin_with_those_of_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    few = synthetic_trace([_conv()], images=3, density=0.4, clustering=0.5, channel_spread=0.1)
    monkeypatch.setattr("pgsim.masks.synthetic._CHUNK_VALUES", 2 * 64 * 24 * 24)
    many = synthetic_trace([_conv()], images=7, density=0.4, clustering=0.5, channel_spread=0.1)
    assert np.array_equal(few.layers[0].mask_words(), many.layers[0].mask_words(0, 3))


def test_layers_differ() -> None:
    trace = synthetic_trace([_conv(), _conv(name="next")], images=1, density=0.5)
    first, second = (layer.mask_words() for layer in trace.layers)
    assert not np.array_equal(first, second)


def test_it_is_labelled_synthetic_and_says_how_it_was_made() -> None:
    trace = synthetic_trace(
        "resnet20", images=1, density=0.4, clustering=0.5, channel_spread=0.1, seed=3
    )
    assert trace.mask_source == "synthetic"
    assert trace.name == "resnet20-synthetic"
    assert trace.accuracy == {}
    asked = {"density": 0.4, "clustering": 0.5, "channel_spread": 0.1, "seed": 3}
    assert asked.items() <= trace.provenance.items()
    assert tuple(layer.shape for layer in trace.layers) == network("resnet20")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": 0}, "images should be a whole number, at least 1, not 0"),
        ({"images": 1.5}, "images should be a whole number"),
        ({"seed": -1}, "seed should be a whole number, at least 0"),
        ({"density": 1.1}, "density should be between 0 and 1, not 1.1"),
        ({"density": float("nan")}, "density should be between 0 and 1"),
        ({"clustering": 1.0}, "clustering should be at least 0 and below 1"),
        ({"clustering": -0.1}, "clustering should be at least 0 and below 1"),
        # A Beta distribution of mean m has a variance below m·(1 - m): 0.5 at most here.
        ({"channel_spread": 0.5}, "channel_spread should be .* below 0.5, not 0.5"),
        ({"density": 0.0, "channel_spread": 0.1}, "channel_spread should be"),
        ({"channel_spread": -0.1}, "channel_spread should be at least 0"),
    ],
)
def test_errors(change: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"images": 1, "density": 0.5} | change
    with pytest.raises(InputError, match=message):
        synthetic_trace([_conv()], **asked)


def test_an_unknown_network_gives_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'resnet20'"):
        synthetic_trace("resnet2", images=1, density=0.5)


def test_one_layer_is_no_list_of_layers() -> None:
    with pytest.raises(InputError, match="synthetic trace: expected a list of layers"):
        synthetic_trace(_conv(), images=1, density=0.5)  # type: ignore[arg-type]


@pytest.mark.parametrize("spread", [1e-200, 1e-9, 0.499999999])
def test_extreme_spreads_are_possible(spread: float) -> None:
    layers = [_conv(channels=4000, size=2)]
    trace = synthetic_trace(layers, images=1, density=0.5, channel_spread=spread)
    assert trace.layers[0].density() == pytest.approx(0.5, abs=5 * 0.5 / sqrt(4000))
