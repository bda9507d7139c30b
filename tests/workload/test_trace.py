"""Trace files: what is written is what is read, bit for bit, and every error says what to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from pgsim.errors import InputError
from pgsim.workload.layer import layer_shape
from pgsim.workload.trace import GateTrace, LayerTrace, check_trace, load_trace, save_trace

Masks = dict[str, np.ndarray[Any, np.dtype[np.bool_]]]


def _conv(name: str = "conv", gate: str = "output", **others: Any) -> dict[str, Any]:
    return {
        "name": name,
        "op": "conv2d",
        "in_channels": 3,
        "out_channels": 4,
        "in_size": [9, 8],
        "kernel": [1, 1],
        "activation_bits": 4,
        "msb_bits": 2 if gate != "none" else 4,
        "weight_bits": 8,
        "gate": gate,
        **others,
    }


LAYERS = [
    _conv("first", "none"),
    _conv("conv"),
    _conv("region", "input"),
    {
        "name": "hidden",
        "op": "recurrent",
        "in_channels": 5,
        "out_channels": 6,
        "time_steps": 7,
        "activation_bits": 5,
        "msb_bits": 3,
        "weight_bits": 4,
        "gate": "output",
        "signed": True,
    },
]


def _masks(images: int = 5, seed: int = 0) -> Masks:
    generator = np.random.default_rng(seed)
    return {
        "conv": generator.random((images, 4, 9, 8)) < 0.3,
        "region": generator.random((images, 1, 9, 8)) < 0.6,
        "hidden": generator.random((images, 6, 7)) < 0.5,
    }


def _trace(images: int = 5) -> GateTrace:
    return GateTrace.from_masks(
        _masks(images),
        LAYERS,
        model="tiny",
        dataset="digits",
        mask_source="captured",
        accuracy={"top1": 0.5},
        provenance={"seed": 1, "nested": {"list": [1, 2.5, None]}},
    )


def _assert_same(first: GateTrace, second: GateTrace) -> None:
    for field in ("model", "dataset", "mask_source", "images", "accuracy", "provenance"):
        assert getattr(first, field) == getattr(second, field)
    for one, other in zip(first.layers, second.layers, strict=True):
        assert one.shape == other.shape
        if one.shards:
            assert np.array_equal(one.mask_words(), other.mask_words())


# ---- packing


def test_words_are_packed_as_the_format_says() -> None:
    masks = _masks(images=2)
    words = GateTrace.from_masks(masks, LAYERS).layers[1].mask_words()
    assert words.shape == (2, 4, 2)  # 72 positions need two words
    for image in range(2):
        for channel in range(4):
            bits = [bool(masks["conv"][image, channel, y, x]) for y in range(9) for x in range(8)]
            for number in range(2):
                value = sum(2**i for i, bit in enumerate(bits[64 * number :][:64]) if bit)
                assert int(words[image, channel, number]) == value


def test_densities_are_means_of_the_mask() -> None:
    masks = _masks()
    layer = _trace().layers[1]
    assert layer.density() == pytest.approx(masks["conv"].mean(), rel=1e-15)
    assert layer.density(1, 3) == pytest.approx(masks["conv"][1:3].mean(), rel=1e-15)
    expected = masks["conv"].mean(axis=(0, 2, 3))
    assert layer.channel_density() == pytest.approx(expected, rel=1e-15)
    assert layer.channel_density(4).shape == (4,)
    assert np.isnan(layer.density(2, 2))
    assert np.isnan(layer.channel_density(2, 2)).all()


def test_a_large_mask_is_counted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgsim.workload.layer_trace._CHUNK_WORDS", 16)  # two images of 4 x 2 words
    assert _trace().layers[1].density() == pytest.approx(_masks()["conv"].mean(), rel=1e-15)


def test_unpack_gives_the_mask_back() -> None:
    assert np.array_equal(_trace().layers[1].unpack(), _masks()["conv"].reshape(5, 4, 72))
    assert np.array_equal(_trace().layers[3].unpack(2, 4), _masks()["hidden"][2:4])


def test_an_ungated_layer_has_no_mask() -> None:
    layer = _trace().layers[0]
    assert layer.shards == ()
    assert np.isnan(layer.density())
    assert layer.channel_density().shape == (0,)
    with pytest.raises(InputError, match="layer 'first' has gate 'none'"):
        layer.mask_words()


def test_mask_words_across_shards() -> None:
    whole = _trace().layers[1].mask_words()
    layer = LayerTrace(_trace().layers[1].shape, (whole[:2], whole[2:3], whole[3:]))
    assert layer.images == 5
    for start in range(6):
        for stop in range(start, 6):
            words = layer.mask_words(start, stop)
            assert np.array_equal(words, whole[start:stop])
            assert not words.flags.writeable
    assert np.shares_memory(layer.mask_words(3, 5), whole)
    assert layer.density() == _trace().layers[1].density()


# ---- from_masks


def test_masks_of_zeros_and_ones_and_flat_masks_are_taken() -> None:
    masks: dict[str, Any] = dict(_masks())
    masks["conv"] = masks["conv"].astype(np.uint8)
    masks["region"] = masks["region"].reshape(5, 1, 72)
    _assert_same(
        GateTrace.from_masks(masks, LAYERS),
        GateTrace.from_masks(_masks(), map(layer_shape, LAYERS)),
    )


def test_a_trace_without_gates_needs_images() -> None:
    ungated = [_conv(gate="none")]
    assert GateTrace.from_masks({}, ungated, images=3).images == 3
    with pytest.raises(InputError, match="no layer is gated, so give `images`"):
        GateTrace.from_masks({}, ungated)


def test_the_default_label_is_synthetic() -> None:
    assert GateTrace.from_masks(_masks(), LAYERS).mask_source == "synthetic"


def _without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda masks: {key: mask for key, mask in masks.items() if key != name}


@pytest.mark.parametrize(
    ("change", "others", "message"),
    [
        (_without("conv"), {}, "layer 'conv': gated, but no mask is given"),
        (
            lambda masks: _without("conv")(masks) | {"conv1": masks["conv"]},
            {},
            "layer 'conv': .*Did you mean 'conv1'",
        ),
        (
            lambda masks: masks | {"convv": masks["conv"]},
            {},
            "'convv', which is no gated layer. Did you mean 'conv'",
        ),
        (lambda masks: masks | {"first": masks["conv"]}, {}, "'first', which is no gated layer"),
        (
            lambda masks: masks | {"conv": masks["conv"].astype(np.float32)},
            {},
            "layer 'conv': a mask is bool, or uint8 of 0 and 1, not float32",
        ),
        (
            lambda masks: masks | {"conv": masks["conv"] * np.uint8(2)},
            {},
            "layer 'conv': a mask is bool, or uint8 of 0 and 1",
        ),
        (
            lambda masks: masks | {"conv": masks["conv"].swapaxes(2, 3)},
            {},
            r"layer 'conv': .*\(images, 4, 9, 8\) or \(images, 4, 72\), not \(5, 4, 8, 9\)",
        ),
        (lambda masks: masks | {"conv": np.array(True)}, {}, "layer 'conv': a mask has shape"),
        (
            lambda masks: masks | {"region": masks["region"][:3]},
            {},
            "layer 'region': masks of 3 images, expected 5",
        ),
        (lambda masks: masks, {"images": 4}, "layer 'conv': masks of 5 images, expected 4"),
        (
            lambda masks: {name: mask[:0] for name, mask in masks.items()},
            {},
            "'images': should be greater than or equal to 1",
        ),
        (lambda masks: masks, {"mask_source": "real"}, "should be 'captured' or 'synthetic'"),
        (lambda masks: masks, {"accuracy": {"top1": "high"}}, "'accuracy.top1': .*number"),
        (lambda masks: masks, {"accuracy": {"top1": float("nan")}}, "'accuracy.top1': .*finite"),
    ],
)
def test_from_masks_errors(
    change: Callable[[Any], Any], others: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        GateTrace.from_masks(change(_masks()), LAYERS, **others)


@pytest.mark.parametrize(
    "layers",
    [LAYERS[1], {"conv": LAYERS[1]}, layer_shape(LAYERS[1]), "conv", ["conv"], [[LAYERS[1]]], 3],
)
def test_from_masks_needs_a_list_of_layers(layers: Any) -> None:
    with pytest.raises(InputError, match="trace 'unnamed': expected a list of layers, each a"):
        GateTrace.from_masks(_masks(), layers)


def test_from_masks_refuses_two_layers_of_one_name() -> None:
    with pytest.raises(InputError, match="layer 'conv' appears again as layer 5"):
        GateTrace.from_masks(_masks(), [*LAYERS, _conv("conv")])


# ---- what-if widths


def test_with_bits_keeps_the_masks_and_says_so() -> None:
    trace = _trace()
    other = trace.with_bits(activation_bits=8).with_bits(msb_bits=4, weight_bits=2)
    assert other.name == "tiny[activation_bits=8][msb_bits=4,weight_bits=2]"
    assert other.layers[0] is trace.layers[0]  # not gated
    for layer, before in zip(other.layers[1:], trace.layers[1:], strict=True):
        shape = layer.shape
        assert (shape.activation_bits, shape.msb_bits, shape.weight_bits) == (8, 4, 2)
        assert layer.shards is before.shards
    what_if = {"activation_bits": 8, "msb_bits": 4, "weight_bits": 2}
    assert other.provenance == {**trace.provenance, "what_if": what_if}
    assert other.accuracy == {}  # nobody measured it at these widths
    assert trace.accuracy == {"top1": 0.5}
    assert trace.with_bits() is trace


def test_with_bits_names_the_layer_that_cannot() -> None:
    with pytest.raises(InputError, match=r"tiny\[msb_bits=4\]: layer 'conv': .*from 1 to 3, not 4"):
        _trace().with_bits(msb_bits=4)


# ---- files


def test_the_round_trip_is_exact(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    assert path == tmp_path / "tiny.safetensors"
    loaded = load_trace(path)
    assert loaded.name == "tiny"
    _assert_same(loaded, _trace())
    (again,) = save_trace(loaded, tmp_path / "again.safetensors")
    assert again.read_bytes() == path.read_bytes()
    assert check_trace(path) == []
    assert sorted(tmp_path.iterdir()) == [again, path]


def test_the_file_is_what_the_safetensors_library_writes(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    tensors = load_file(path)
    assert {name: (str(each.dtype), each.shape) for name, each in tensors.items()} == {
        "conv.gate_mask": ("uint8", (5, 4, 16)),
        "region.gate_mask": ("uint8", (5, 1, 16)),
        "hidden.gate_mask": ("uint8", (5, 6, 8)),
    }
    bits = np.unpackbits(tensors["conv.gate_mask"], axis=-1, bitorder="little")
    assert np.array_equal(bits[..., :72], _masks()["conv"].reshape(5, 4, 72))
    assert not bits[..., 72:].any()
    save_file(tensors, tmp_path / "theirs.safetensors", {"pgsim": json.dumps(_manifest(path))})
    _assert_same(load_trace(tmp_path / "theirs"), _trace())


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_shape_round_trips(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    images = data.draw(st.integers(1, 7), "images")
    shards = data.draw(st.integers(1, images), "shards")
    layers, masks = [], {}
    for number in range(data.draw(st.integers(1, 3), "layers")):
        size = [data.draw(st.integers(1, 15)), data.draw(st.integers(1, 15))]
        channels = data.draw(st.integers(1, 5))
        layers.append(_conv(f"layer {number}", in_size=size, out_channels=channels))
        generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
        masks[f"layer {number}"] = generator.random((images, channels, *size)) < generator.random()
    trace = GateTrace.from_masks(masks, layers)
    path = tmp_path_factory.mktemp("any") / "any"
    save_trace(trace, path, shards)
    loaded = load_trace(path)
    _assert_same(loaded, trace)
    for layer in loaded.layers:
        mask = masks[layer.shape.name]
        assert np.array_equal(layer.unpack(), mask.reshape(*mask.shape[:2], -1))
    assert check_trace(path) == []


def test_masks_are_mapped_not_read(tmp_path: Path) -> None:
    save_trace(_trace(), tmp_path / "tiny")
    layers = load_trace(tmp_path / "tiny").layers[1:]
    for layer in layers:
        words = layer.mask_words(1, 3)
        assert isinstance(_root(words), np.memmap)
        assert np.shares_memory(words, layer.shards[0])
        assert words.dtype == np.uint64
        assert words.flags.aligned and not words.flags.writeable
    assert _root(layers[0].shards[0]) is _root(layers[1].shards[0])  # one mapping per file


def _root(array: Any) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def test_an_unaligned_file_is_copied(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    _rewrite(path, _header(path), pad=3)
    loaded = load_trace(path)
    _assert_same(loaded, _trace())
    assert loaded.layers[1].shards[0].flags.aligned
    assert not loaded.layers[1].shards[0].flags.writeable


def test_saving_over_a_loaded_trace_leaves_it_readable(tmp_path: Path) -> None:
    save_trace(_trace(), tmp_path / "tiny")
    loaded = load_trace(tmp_path / "tiny")
    save_trace(loaded, tmp_path / "tiny")
    _assert_same(load_trace(tmp_path / "tiny"), _trace())


def test_a_failed_save_leaves_what_stood_there(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    before = path.read_bytes()
    bad = GateTrace.from_masks(_masks(), LAYERS, provenance={"when": object()})
    with pytest.raises(InputError, match="the provenance cannot be written as JSON"):
        save_trace(bad, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_does_not_exist_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        save_trace(_trace(), tmp_path / "nowhere" / "tiny")


@pytest.mark.parametrize("name", ["q.npz", "q.NPY", "q.pt", "q.csv", "q.json", "q.safetensor"])
def test_a_name_of_another_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"{name}: a trace is a \.safetensors file"):
        save_trace(_trace(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_any_other_ending_is_part_of_the_name(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "shufflenetv2_0.5x")
    assert path.name == "shufflenetv2_0.5x.safetensors"
    assert load_trace(tmp_path / "shufflenetv2_0.5x").name == "shufflenetv2_0.5x"


def test_a_folder_is_no_name(tmp_path: Path) -> None:
    (tmp_path / "tiny.safetensors").mkdir()
    for path in ("", tmp_path / "tiny"):
        with pytest.raises(InputError, match="a folder"):
            save_trace(_trace(), path)


# ---- shards


def test_shards_load_by_common_name_or_any_of_them(tmp_path: Path) -> None:
    paths = save_trace(_trace(), tmp_path / "tiny.safetensors", shards=3)
    assert [path.name for path in paths] == [
        f"tiny-0000{number}-of-00003.safetensors" for number in (1, 2, 3)
    ]
    assert [_manifest(path)["images"] for path in paths] == [1, 2, 2]
    names: list[str | Path] = [tmp_path / "tiny", str(tmp_path / "tiny.safetensors"), *paths]
    for given_name in names:
        loaded = load_trace(given_name)
        assert loaded.name == "tiny"
        _assert_same(loaded, _trace())
    assert len(loaded.layers[1].shards) == 3


def test_a_shard_is_a_trace_of_its_own(tmp_path: Path) -> None:
    second = save_trace(_trace(), tmp_path / "tiny", shards=2)[1]
    alone = second.rename(tmp_path / "alone.safetensors")
    assert load_trace(alone).images == 3
    assert np.array_equal(load_trace(alone).layers[1].unpack(), _trace().layers[1].unpack(2))


def test_a_missing_shard_is_named(tmp_path: Path) -> None:
    paths = save_trace(_trace(), tmp_path / "tiny", shards=3)
    paths[0].unlink()
    for given_name in (tmp_path / "tiny", paths[2]):
        with pytest.raises(InputError, match="1 of 3 shards missing: tiny-00001-of-00003"):
            load_trace(given_name)


def test_shards_of_two_cuts_are_refused(tmp_path: Path) -> None:
    two = save_trace(_trace(), tmp_path / "tiny", shards=2)
    with pytest.raises(InputError, match="holds a trace of this name in other shards"):
        save_trace(_trace(), tmp_path / "tiny", shards=3)
    with pytest.raises(InputError, match="holds a trace of this name in other shards"):
        save_trace(_trace(), tmp_path / "tiny")
    (tmp_path / "tiny-00001-of-00003.safetensors").write_bytes(two[0].read_bytes())
    with pytest.raises(InputError, match=r"tiny-00001-of-00003.* is no shard of 2"):
        load_trace(two[0])


def test_shards_that_disagree_are_refused(tmp_path: Path) -> None:
    paths = save_trace(_trace(), tmp_path / "tiny", shards=2)
    header = _header(paths[1])
    manifest = json.loads(header["__metadata__"]["pgsim"]) | {"model": "huge"}
    header["__metadata__"]["pgsim"] = json.dumps(manifest)
    _rewrite(paths[1], header)
    with pytest.raises(
        InputError, match=r"00002-of-00002.*: model in the manifest should be as in"
    ):
        load_trace(tmp_path / "tiny")


@pytest.mark.parametrize(
    "name", ["tiny-00000-of-00002", "tiny-00003-of-00002", "tiny-00001-of-00000"]
)
def test_impossible_shard_numbers(tmp_path: Path, name: str) -> None:
    (path,) = save_trace(_trace(), tmp_path / "plain")
    path.rename(tmp_path / f"{name}.safetensors")
    with pytest.raises(InputError, match="shard"):
        load_trace(tmp_path / f"{name}.safetensors")


@pytest.mark.parametrize("shards", [0, 6, -1])
def test_impossible_cuts(tmp_path: Path, shards: int) -> None:
    with pytest.raises(InputError, match=f"5 images cannot be cut into {shards} shards"):
        save_trace(_trace(), tmp_path / "tiny", shards)


# ---- malformed files


def _header(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    header: dict[str, Any] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return header


def _manifest(path: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(_header(path)["__metadata__"]["pgsim"])
    return manifest


def _rewrite(path: Path, header: dict[str, Any], pad: int = 0) -> None:
    """Replace the header and keep the data; `pad` puts them that far off a multiple of 8."""
    data = path.read_bytes()
    body = data[8 + int.from_bytes(data[:8], "little") :]
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8 + pad)
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + body)


def _edited(change: dict[str, Any]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        header = _header(path)
        header["__metadata__"]["pgsim"] = json.dumps(_manifest(path) | change)
        _rewrite(path, header)

    return edit


def _layer_edited(change: dict[str, Any]) -> Callable[[Path], None]:
    layers: list[dict[str, Any]] = [layer_shape(each).manifest() for each in LAYERS]
    return _edited({"layers": [layers[0], layers[1] | change, *layers[2:]]})


def _metadata(value: Any) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        _rewrite(path, {**_header(path), "__metadata__": value})

    return edit


def _tensor_edited(name: str, **change: Any) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        header = _header(path)
        header[name] |= change
        _rewrite(path, header)

    return edit


def _renamed(name: str, to: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        header = _header(path)
        header[to] = header.pop(name)
        _rewrite(path, header)

    return edit


def _cut(length: int) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(path.read_bytes()[:length]), None)[1]


def _content(data: bytes) -> Callable[[Path], None]:
    return lambda path: (path.write_bytes(data), None)[1]


NOT_SAFETENSORS = "not a readable safetensors file"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_content(b""), NOT_SAFETENSORS),
        (_content(b"images,channels\n1,2\n" * 50), NOT_SAFETENSORS),
        (_content((2**62).to_bytes(8, "little") + b"{}"), NOT_SAFETENSORS),
        (_content((2).to_bytes(8, "little") + b"[]"), NOT_SAFETENSORS),
        (_content((2).to_bytes(8, "little") + b"{}"), "metadata has no key 'pgsim'"),
        (_content((10**5).to_bytes(8, "little") + b'{"a":' * 20_000), NOT_SAFETENSORS),
        (_cut(5), NOT_SAFETENSORS),
        (_cut(100), NOT_SAFETENSORS),
        (_cut(-1), NOT_SAFETENSORS),
        (lambda path: (path.write_bytes(path.read_bytes() + b"x"), None)[1], NOT_SAFETENSORS),
        (_metadata({}), "metadata has no key 'pgsim'"),
        (_metadata({"pgsim": 3}), NOT_SAFETENSORS),
        (_metadata({"pgsim": "{"}), "the pgsim manifest is not JSON"),
        (_metadata({"pgsim": "[" * 100_000}), "the pgsim manifest is not JSON"),
        (_metadata({"pgsim": "[1]"}), "manifest should be a JSON object"),
        (_metadata({"pgsim": "{}"}), "field 'format_version' is missing; field 'model' is missing"),
        (
            _edited({"format_version": 2, "anything": {}}),
            "format version 2; this pgsim reads version 1; upgrade pgsim",
        ),
        (_edited({"format_version": 0}), "'format_version': should be 1, not 0"),
        (_edited({"format_version": "1"}), "'format_version': should be 1, not '1'"),
        (_edited({"imagse": 3}), "unknown field 'imagse'. Did you mean 'images'"),
        (_edited({"images": "5"}), "'images': .*integer, not '5'"),
        (_edited({"images": 5.0}), "'images': .*integer, not 5.0"),
        (_edited({"images": 4}), r"layer 'conv': .*should be U8 \[4, 4, 16\].*is U8 \[5, 4, 16\]"),
        (_edited({"mask_source": "guessed"}), "'captured' or 'synthetic', not 'guessed'"),
        (_edited({"layers": []}), "'layers': List should have at least 1 item"),
        (_edited({"layers": [3]}), "'layers.0': .*dictionary"),
        (_edited({"layers": [{}]}), "layer 'without a name': field 'name' is missing"),
        (_edited({"layers": [_conv("conv"), _conv("conv")]}), "layer 'conv' appears again"),
        (_layer_edited({"kernel": [1, 1, 1]}), r"layer 'conv': field 'kernel': expected a pair"),
        (_layer_edited({"group": 1}), "layer 'conv': unknown field 'group'. Did you mean 'groups'"),
        (_layer_edited({"gate": "none"}), "tensor 'conv.gate_mask' is of no gated layer"),
        (_layer_edited({"gate": "input"}), r"layer 'conv': .*should be U8 \[5, 1, 16\]"),
        (_layer_edited({"out_channels": 5}), r"layer 'conv': .*should be U8 \[5, 5, 16\]"),
        (
            _layer_edited({"name": "conv9"}),
            "layer 'conv9': tensor .* is missing. Did you mean 'conv.gate_mask'",
        ),
        (
            _renamed("conv.gate_mask", "conv.gatemask"),
            "layer 'conv': tensor 'conv.gate_mask' is missing. Did you mean 'conv.gatemask'",
        ),
        (_tensor_edited("conv.gate_mask", dtype="I8"), r"layer 'conv': .*, is I8 \[5, 4, 16\]"),
        (_tensor_edited("conv.gate_mask", shape=[5, 64]), r"layer 'conv': .*, is U8 \[5, 64\]"),
        (_tensor_edited("conv.gate_mask", data_offsets=[0, 8]), NOT_SAFETENSORS),
        (_tensor_edited("conv.gate_mask", dtype="BOOLEAN"), NOT_SAFETENSORS),
    ],
)
def test_malformed_files(tmp_path: Path, spoil: Callable[[Path], None], message: str) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    spoil(path)
    with pytest.raises(InputError, match=message) as caught:
        load_trace(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert check_trace(path) == [str(caught.value)]


def test_a_folder_is_no_trace(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder, not a trace file"):
        load_trace(tmp_path)


@pytest.mark.parametrize("name", ["", ".", "/", "no such trace", "a\0b", "x" * 5000])
def test_names_of_nothing(name: str) -> None:
    with pytest.raises(InputError):
        load_trace(name)


def test_a_file_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pgsim.workload.trace_file.safe_open", refuse)  # root may read anything
    with pytest.raises(InputError, match=r"tiny\.safetensors: .*Permission denied"):
        load_trace(path)


def test_a_shipped_name_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_trace(_trace(), tmp_path / "tiny")
    monkeypatch.setattr("pgsim.files.shipped_folder", lambda kind: tmp_path)
    _assert_same(load_trace("tiny"), _trace())
    with pytest.raises(InputError, match="Did you mean 'tiny'"):
        load_trace("tinny")


# ---- check_trace


def _drop_digests(path: Path) -> None:
    header = _header(path)
    del header["__metadata__"]["pgsim_sha256"]
    _rewrite(path, header)


def _flip(path: Path, place: int, bit: int = 0) -> None:
    """Flip one bit, `place` bytes behind the header."""
    data = bytearray(path.read_bytes())
    data[8 + int.from_bytes(data[:8], "little") + place] ^= 1 << bit
    path.write_bytes(data)


def test_digests_are_those_of_the_manifest_and_the_tensors(tmp_path: Path) -> None:
    for path in save_trace(_trace(), tmp_path / "tiny", shards=2):
        metadata = _header(path)["__metadata__"]
        expected = {
            name: hashlib.sha256(each).hexdigest() for name, each in load_file(path).items()
        }
        expected["manifest"] = hashlib.sha256(metadata["pgsim"].encode()).hexdigest()
        assert json.loads(metadata["pgsim_sha256"]) == expected
        assert list(metadata) == ["pgsim", "pgsim_sha256"]


def test_a_flipped_bit_of_any_layer_is_found(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    intact = path.read_bytes()
    # Rows begin at: conv 0 to 304, 5 x 4 of 16 bytes; region to 384, 5 of 16; hidden 30 of 8.
    rows = {"conv": (0, 304), "region": (320, 384), "hidden": (400, 632)}
    for name, (first, last) in rows.items():
        for place in (first, last):
            path.write_bytes(intact)
            _flip(path, place)
            load_trace(path)  # which does not read the masks
            (problem,) = check_trace(path)
            assert problem.startswith(
                f"{path}: layer {name!r}: the masks were changed after the file was written"
            )


def test_a_changed_manifest_is_found(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    data = path.read_bytes()
    eight, nine = b'\\"weight_bits\\": 8', b'\\"weight_bits\\": 9'  # one bit apart
    path.write_bytes(data.replace(eight, nine, 1))
    assert load_trace(path).layers[0].shape.weight_bits == 9
    (problem,) = check_trace(path)
    assert problem.startswith(f"{path}: the manifest was changed after the file was written")


def test_only_the_changed_shard_is_named(tmp_path: Path) -> None:
    paths = save_trace(_trace(), tmp_path / "tiny", shards=3)
    _flip(paths[1], 0)
    (problem,) = check_trace(tmp_path / "tiny")
    assert problem.startswith(f"{paths[1]}: layer 'conv'")


@pytest.mark.parametrize("digests", ["", "[]", "{", "3"])
def test_digests_that_cannot_be_read_are_a_change(tmp_path: Path, digests: str) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    header = _header(path)
    header["__metadata__"]["pgsim_sha256"] = digests
    _rewrite(path, header)
    load_trace(path)
    (problem,) = check_trace(path)
    assert "'pgsim_sha256' is no JSON object" in problem


def test_a_file_without_digests_is_fine(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    _drop_digests(path)
    _flip(path, 0)
    assert check_trace(path) == []


@pytest.mark.parametrize("chunk_words", [1, 2**20])
def test_set_padding_bits_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk_words: int
) -> None:
    monkeypatch.setattr("pgsim.workload.layer_trace._CHUNK_WORDS", chunk_words)
    paths = save_trace(_trace(), tmp_path / "tiny", shards=2)
    data = bytearray(paths[1].read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    row = 16  # bytes of one image and channel of `conv`: 72 positions and 56 bits of padding
    data[begin + (2 * 4 + 3) * row + 9] |= 1  # image 2 of this shard, channel 3, bit 72
    data[begin + (1 * 4 + 0) * row + 15] |= 128  # image 1, channel 0, bit 127
    paths[1].write_bytes(data)
    load_trace(tmp_path / "tiny")
    _drop_digests(paths[1])
    assert check_trace(tmp_path / "tiny") == [
        "trace 'tiny': layer 'conv', image 3, channel 0: padding bits after position 71 are set",
        "trace 'tiny': layer 'conv', image 4, channel 3: padding bits after position 71 are set",
    ]


def test_many_set_padding_bits_are_counted(tmp_path: Path) -> None:
    (path,) = save_trace(_trace(), tmp_path / "tiny")
    data = path.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    path.write_bytes(data[:begin] + b"\xff" * (len(data) - begin))
    _drop_digests(path)
    problems = check_trace(path)
    assert len(problems) == 11 + 5 + 11  # 20 rows of conv, 5 of region, 30 of hidden
    assert problems[10] == "trace 'tiny': layer 'conv': and 10 rows more"
