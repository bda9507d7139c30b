"""Masks of one layer: packed as the format says, cut, counted and unpacked."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

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


def test_the_digest_is_that_of_the_dimensions_and_the_bytes() -> None:
    for layer in tiny_trace().layers[1:]:
        words = layer.mask_words()
        data = np.array(words.shape, dtype="<u8").tobytes() + words.astype("<u8").tobytes()
        assert layer.digest == hashlib.sha256(data).digest()


def test_equal_masks_have_equal_digests_whatever_the_shards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer = tiny_trace().layers[1]
    whole = layer.mask_words()
    monkeypatch.setattr("pgsim.workload.layer_trace._CHUNK_WORDS", 16)  # two images of 4 x 2 words
    strided = np.repeat(whole, 2, axis=2)[..., ::2]
    for shards in ((whole,), (whole[:2], whole[2:3], whole[3:]), (strided,)):
        assert LayerTrace(layer.shape, shards).digest == layer.digest
    other_widths = tiny_trace().with_bits(activation_bits=8).layers[1]
    assert other_widths.shape != layer.shape
    assert other_widths.digest == layer.digest


def test_other_masks_have_other_digests() -> None:
    layer = tiny_trace().layers[1]
    words = layer.mask_words()
    flipped = words.copy()
    flipped[3, 2, 0] ^= 1
    shape = layer.shape
    others = [
        LayerTrace(shape, (flipped,)),
        LayerTrace(shape, (words[:4],)),
        LayerTrace(shape, (words[1:],)),
        LayerTrace(shape.replace(out_channels=2), (words[:, :2],)),
        LayerTrace(shape.replace(out_channels=8, in_size=[1, 8]), (words.reshape(5, 8, 1) & 255,)),
    ]
    assert len({each.digest for each in others} | {layer.digest}) == 6


def test_the_digest_is_computed_once_and_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    layer, ungated = tiny_trace().layers[1], tiny_trace().layers[0]
    reads = []
    stored = LayerTrace.stored
    monkeypatch.setattr(LayerTrace, "stored", lambda self: reads.append(self) or stored(self))
    assert layer.density() > 0 and reads == []
    assert layer.digest == layer.digest
    assert reads == [layer]
    assert ungated.digest != layer.digest
    assert pickle.loads(pickle.dumps(layer)).digest == layer.digest
    assert reads == [layer, ungated]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (np.zeros((5, 4, 1), "<u8"), r"uint64 \(5, 4, 1\)"),  # 72 positions need two words
        (np.zeros((5, 4, 3), "<u8"), r"uint64 \(5, 4, 3\)"),
        (np.zeros((5, 3, 2), "<u8"), r"uint64 \(5, 3, 2\)"),
        (np.zeros((4, 2), "<u8"), r"uint64 \(4, 2\)"),
        (np.zeros((5, 4, 2, 1), "<u8"), r"uint64 \(5, 4, 2, 1\)"),
        (np.zeros((5, 4, 2), ">u8"), r">u8 \(5, 4, 2\)"),
        (np.zeros((5, 4, 2), "<i8"), r"int64 \(5, 4, 2\)"),
        (np.zeros((5, 4, 16), "u1"), r"uint8 \(5, 4, 16\)"),
        (np.zeros((5, 4, 72), bool), r"bool \(5, 4, 72\)"),
        ([[[0, 0]] * 4], "list"),
        (None, "NoneType"),
    ],
)
def test_words_of_another_shape_are_refused(words: Any, found: str) -> None:
    shape = tiny_trace().layers[1].shape
    message = rf"layer 'conv': masks should be uint64 \(images, 4, 2\), .* not {found}"
    for shards in ((words,), (np.zeros((1, 4, 2), "<u8"), words)):
        with pytest.raises(InputError, match=message):
            LayerTrace(shape, shards)


def test_masks_are_of_gated_layers_and_in_a_tuple() -> None:
    first, conv, *_ = (layer.shape for layer in tiny_trace().layers)
    words = np.zeros((5, 4, 2), "<u8")
    with pytest.raises(InputError, match="'first': a layer of gate 'none' has no masks"):
        LayerTrace(first, (words,))
    with pytest.raises(InputError, match="'conv': a layer of gate 'output' needs masks"):
        LayerTrace(conv)
    for shards in (words, [words]):
        with pytest.raises(InputError, match="'conv': shards should be a tuple of arrays, not"):
            LayerTrace(conv, shards)  # type: ignore[arg-type]


@pytest.mark.parametrize("bit", [72, 100, 127])
def test_set_padding_is_refused_by_row(bit: int) -> None:
    shape = tiny_trace().layers[1].shape
    words = np.zeros((5, 4, 2), "<u8")
    words[..., 0], words[..., 1] = 2**64 - 1, 2**8 - 1  # all 72 positions
    assert LayerTrace(shape, (words[:2], words[2:])).density() == 1
    words[3, 2, 1] |= np.uint64(1 << (bit - 64))
    with pytest.raises(
        InputError, match="layer 'conv', image 3, channel 2: padding bits after position 71 are set"
    ):
        LayerTrace(shape, (words[:2], words[2:]))
    unseen = LayerTrace(shape, (words[:2], words[2:]), verify=False)
    assert list(unseen.set_padding()) == [(3, 2)]


def test_whole_words_have_no_padding() -> None:
    shape = tiny_trace().layers[1].shape.replace(in_size=[8, 16])
    words = np.full((5, 4, 2), 2**64 - 1, "<u8")
    assert LayerTrace(shape, (words,)).density() == 1
