"""Measures of masks: worked by hand, against plain numpy, and against the synthetic field."""

from __future__ import annotations

from itertools import product
from math import asin, isnan, pi
from typing import Any

import numpy as np
import pytest

from pgsim.masks import mask_measures, synthetic_trace
from pgsim.workload import GateTrace, LayerTrace

BITS = {"activation_bits": 4, "msb_bits": 2, "weight_bits": 8, "gate": "output"}


def _conv(channels: int, height: int, width: int) -> dict[str, Any]:
    size = {"in_size": [height, width], "kernel": [1, 1]}
    return {"name": "l", "op": "conv2d", "in_channels": 1, "out_channels": channels, **size, **BITS}


def _layer(mask: Any) -> LayerTrace:
    mask = np.asarray(mask, dtype=bool)
    return GateTrace.from_masks({"l": mask}, [_conv(*mask.shape[1:])]).layers[0]


def test_a_checkerboard_and_its_inverse() -> None:
    board = np.indices((4, 4)).sum(axis=0) % 2
    measures = mask_measures(_layer([[board, 1 - board]]))
    assert (measures.density, measures.neighbour, measures.cross_channel) == (0.5, -1, -1)
    # 8 ones at random among 16: two positions differ with probability 8/15. Here all pairs do.
    assert measures.within_map == pytest.approx(1 - 15 / 8)


def test_halves_worked_by_hand() -> None:
    # Rows 1100: of 3 pairs a row, 11 10 00, and 1 vertical pair a column over 2 rows: 11 11 00 00.
    # 10 pairs: 4 are 11; their 20 ends hold 2·(3 + 2) = 10 ones: (0.4 - 0.25) / 0.25 = 0.6.
    measures = mask_measures(_layer([[[[1, 1, 0, 0]] * 2] * 2]))
    assert measures.neighbour == pytest.approx(0.6)
    # 2 pairs of 10 differ; of 4 ones at random among 8 positions 4/7 would: 1 - 0.2 * 7/4.
    assert measures.within_map == pytest.approx(0.65)
    assert measures.cross_channel == pytest.approx(1)


def test_channels_that_differ_in_density_are_not_clustered() -> None:
    measures = mask_measures(_layer([[np.ones((3, 3)), np.zeros((3, 3))]]))
    assert isnan(measures.neighbour) and isnan(measures.cross_channel)
    assert measures.channel_spread == (0, 1, 0.5)


def test_channels_that_switch_by_image_cluster_but_not_within_a_map() -> None:
    placements = [bits for bits in product((0, 1), repeat=6) if sum(bits) == 2]
    # Two ones everywhere they can be, in one channel; the other is 1 in every second image.
    scattered = np.array(placements).reshape(-1, 2, 3)
    switched = np.broadcast_to((np.arange(len(placements)) % 2)[:, None, None], scattered.shape)
    assert mask_measures(_layer(scattered[:, None])).within_map == pytest.approx(0)
    alone = mask_measures(_layer(switched[:, None]))
    assert alone.neighbour == pytest.approx(1) and isnan(alone.within_map)
    both = mask_measures(_layer(np.stack([scattered, switched], axis=1)))
    assert both.neighbour > 0.4 and both.within_map == pytest.approx(0)


def test_one_position_has_no_neighbour_and_one_channel_no_other() -> None:
    alone = mask_measures(_layer([[[[1]]], [[[0]]]]))
    assert isnan(alone.neighbour) and isnan(alone.within_map)
    assert isnan(mask_measures(_layer([[[[1, 0]]]])).cross_channel)


def test_one_channel_that_varies_has_no_other() -> None:
    # Of channels that are always 1 or always 0 no correlation is defined.
    bits = [[1, 0], [0, 0]]
    for constant in (np.zeros((2, 2)), np.ones((2, 2))):
        assert isnan(mask_measures(_layer([[bits, constant]])).cross_channel)
    # Of two that vary, rows 10 00 and 01 11, and a constant: E = 0, p = 1/4 and 3/4.
    found = mask_measures(_layer([[bits, [[0, 1], [1, 1]], np.ones((2, 2))]])).cross_channel
    assert found == pytest.approx((0 - 3 / 16) / (3 / 16))


def test_a_layer_without_a_gate_has_no_measures() -> None:
    layer = GateTrace.from_masks({}, [_conv(2, 3, 3) | {"gate": "none"}], images=1).layers[0]
    measures = mask_measures(layer)
    assert isnan(measures.density) and isnan(measures.neighbour) and isnan(measures.within_map)


def test_time_steps_are_neighbours_in_time_only() -> None:
    shape = {"name": "l", "op": "recurrent", "in_channels": 1, "out_channels": 1, "time_steps": 4}
    mask = np.array([[[1, 0, 1, 0]]], dtype=bool)
    layer = GateTrace.from_masks({"l": mask}, [shape | BITS]).layers[0]
    assert mask_measures(layer).neighbour == pytest.approx(-1)


@pytest.mark.parametrize("size", [(3, 5), (8, 8), (9, 15), (2, 64), (3, 70), (130, 1), (1, 130)])
def test_packed_words_give_what_plain_numpy_does(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(1)
    mask = random.random((5, 4, *size)) < random.random((1, 4, 1, 1))
    monkeypatch.setattr("pgsim.workload.layer_trace._CHUNK_WORDS", 1)
    measures = mask_measures(_layer(mask), 1)
    m = mask[1:].astype(float)
    covariance = variance = 0.0
    for c in range(4):
        first = np.concatenate([m[:, c, :, :-1].ravel(), m[:, c, :-1].ravel()])
        second = np.concatenate([m[:, c, :, 1:].ravel(), m[:, c, 1:].ravel()])
        ends = np.concatenate([first, second])
        covariance += np.cov(ends, np.concatenate([second, first]), bias=True)[0, 1]
        variance += ends.var()
    assert measures.neighbour == pytest.approx(covariance / variance)
    differ = expected_to = 0.0
    for bits in m.reshape(-1, *size):
        differ += (bits[1:] != bits[:-1]).sum() + (bits[:, 1:] != bits[:, :-1]).sum()
        apart = (bits.ravel()[:, None] != bits.ravel()).sum() / (bits.size * (bits.size - 1))
        expected_to += apart * (bits[1:].size + bits[:, 1:].size)
    assert measures.within_map == pytest.approx(1 - differ / expected_to)
    across = np.cov(m.transpose(1, 0, 2, 3).reshape(4, -1), bias=True)
    scale = np.sqrt(np.outer(np.diag(across), np.diag(across)))
    others = ~np.eye(4, dtype=bool)
    expected = across[others].sum() / scale[others].sum()
    assert measures.cross_channel == pytest.approx(expected)
    assert measures.image_density == pytest.approx(m.mean(axis=(1, 2, 3)))
    assert measures.channel_density == pytest.approx(m.mean(axis=(0, 2, 3)))
    assert measures.image_spread == pytest.approx(
        np.percentile(m.mean(axis=(1, 2, 3)), [5, 50, 95])
    )


@pytest.mark.parametrize("clustering", [0.0, 0.5, 0.9])
def test_synthetic_masks_cluster_as_their_field_does(clustering: float) -> None:
    made = synthetic_trace([_conv(32, 24, 24)], images=20, density=0.5, clustering=clustering)
    measures = mask_measures(made.layers[0])
    # Sheppard's formula: signs of two normals of correlation r correlate with 2/pi·asin(r).
    assert measures.neighbour == pytest.approx(2 / pi * asin(clustering), abs=0.02)
    assert measures.cross_channel == pytest.approx(0, abs=0.02)
