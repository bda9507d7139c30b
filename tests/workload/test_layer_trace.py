"""Masks of one layer: packed as the format says, cut, counted and unpacked."""

from __future__ import annotations

import numpy as np
import pytest
from trace_cases import LAYERS, tiny_masks, tiny_trace

from pgsim.errors import InputError
from pgsim.workload.layer_trace import LayerTrace
from pgsim.workload.trace import GateTrace


def test_words_are_packed_as_the_format_says() -> None:
    masks = tiny_masks(images=2)
    words = GateTrace.from_masks(masks, LAYERS).layers[1].mask_words()
    assert words.shape == (2, 4, 2)  # 72 positions need two words
    for image in range(2):
        for channel in range(4):
            bits = [bool(masks["conv"][image, channel, y, x]) for y in range(9) for x in range(8)]
            for number in range(2):
                value = sum(2**i for i, bit in enumerate(bits[64 * number :][:64]) if bit)
                assert int(words[image, channel, number]) == value


def test_densities_are_means_of_the_mask() -> None:
    masks = tiny_masks()
    layer = tiny_trace().layers[1]
    assert layer.density() == pytest.approx(masks["conv"].mean(), rel=1e-15)
    assert layer.density(1, 3) == pytest.approx(masks["conv"][1:3].mean(), rel=1e-15)
    expected = masks["conv"].mean(axis=(0, 2, 3))
    assert layer.channel_density() == pytest.approx(expected, rel=1e-15)
    assert layer.channel_density(4).shape == (4,)
    assert np.isnan(layer.density(2, 2))
    assert np.isnan(layer.channel_density(2, 2)).all()


def test_a_large_mask_is_counted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgsim.workload.layer_trace._CHUNK_WORDS", 16)  # two images of 4 x 2 words
    assert tiny_trace().layers[1].density() == pytest.approx(tiny_masks()["conv"].mean(), rel=1e-15)


def test_unpack_gives_the_mask_back() -> None:
    assert np.array_equal(tiny_trace().layers[1].unpack(), tiny_masks()["conv"].reshape(5, 4, 72))
    assert np.array_equal(tiny_trace().layers[3].unpack(2, 4), tiny_masks()["hidden"][2:4])


def test_an_ungated_layer_has_no_mask() -> None:
    layer = tiny_trace().layers[0]
    assert layer.shards == ()
    assert np.isnan(layer.density())
    assert layer.channel_density().shape == (0,)
    with pytest.raises(InputError, match="layer 'first' has gate 'none'"):
        layer.mask_words()


def test_mask_words_across_shards() -> None:
    whole = tiny_trace().layers[1].mask_words()
    layer = LayerTrace(tiny_trace().layers[1].shape, (whole[:2], whole[2:3], whole[3:]))
    assert layer.images == 5
    for start in range(6):
        for stop in range(start, 6):
            words = layer.mask_words(start, stop)
            assert np.array_equal(words, whole[start:stop])
            assert not words.flags.writeable
    assert np.shares_memory(layer.mask_words(3, 5), whole)
    assert layer.density() == tiny_trace().layers[1].density()
