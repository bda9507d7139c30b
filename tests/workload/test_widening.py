"""Networks with more channels: which channels, and what it does to their MACs (M56)."""

from __future__ import annotations

from typing import Any

import pytest
from designs import conv, linear, recurrent

from pgsim import (
    GateTrace,
    InputError,
    LayerShape,
    load_trace,
    network,
    relative_cost,
    save_trace,
    widened,
    widened_trace,
)
from pgsim.workload import NETWORKS
from pgsim.workload.connections import producers

UNGATED = {"gate": "none", "msb_bits": None}


def channels(factor: float, *layers: object) -> list[tuple[int, int, int]]:
    return [
        (each.in_channels, each.out_channels, each.groups)
        for each in widened(layers, factor)  # type: ignore[arg-type]
    ]


def test_the_input_and_the_classes_keep_their_channels() -> None:
    layers = [conv(3, 8, 6, 3, name="first"), conv(8, 5, 4, 3, name="mid"), linear(1, 20, 10)]
    assert channels(2, *layers) == [(3, 16, 1), (16, 10, 1), (40, 10, 1)]
    assert channels(1.5, *layers) == [(3, 12, 1), (12, 8, 1), (30, 10, 1)]  # 7.5 is 8
    assert channels(0.5, *layers) == [(3, 4, 1), (4, 3, 1), (10, 10, 1)]


def test_depthwise_layers_have_more_groups_and_others_as_many() -> None:
    layers = [
        conv(3, 8, 9, 3, name="first"),
        conv(8, 8, 7, 3, name="depthwise", groups=8),
        conv(8, 8, 5, 3, name="grouped", groups=2),
        conv(8, 4, 3, 3, name="last"),
    ]
    expected = [(3, 16, 1), (16, 16, 16), (16, 16, 2), (16, 4, 1)]
    assert channels(2, *layers) == expected


def test_a_layer_whose_output_is_read_later_is_no_last_one() -> None:
    layers = [
        conv(3, 8, 6, 3, name="first", padding=[1, 1]),
        conv(8, 8, 6, 3, name="side", padding=[1, 1], inputs=["first"]),
        conv(8, 6, 6, 3, name="last", inputs=["side", "first"]),
    ]
    assert channels(3, *layers) == [(3, 24, 1), (24, 24, 1), (24, 6, 1)]


def test_gates_and_zeros_are_left_out_and_all_else_stays() -> None:
    (one, *_) = widened([linear(4, 8, 8), linear(4, 8, 2, name="last")], 2)
    assert (one.gate, one.zeros, one.positions, one.weight_bits) == ("none", None, 4, 8)
    assert one.msb_bits == one.activation_bits == 4


@pytest.mark.parametrize("name", NETWORKS)
def test_inner_layers_of_networks_have_four_times_the_macs(name: str) -> None:
    layers = network(name)
    reads = producers(layers)
    read = {each for names in reads.values() for each in names}
    for own, wide in zip(layers, widened(layers, 2), strict=True):
        sides = (reads[own.name] != ("network",)) + (own.name in read)
        depthwise = own.groups > 1 and own.groups == own.in_channels
        product = own.op == "matmul"  # one of its sides is tokens
        assert wide.macs == own.macs * 2 ** (sides - depthwise - product)


@pytest.mark.parametrize("factor", [0, -1, 65, float("nan"), float("inf"), "2", None, True, 1j])
def test_a_factor_is_a_number_from_a_64th_to_64(factor: Any) -> None:
    with pytest.raises(InputError, match="expected a number from 1/64 to 64"):
        widened(network("resnet20"), factor)
    with pytest.raises(InputError, match="expected a number from 1/64 to 64"):
        widened_trace(load_trace("digits_pg_4_2"), factor)


@pytest.mark.parametrize("bits", [0, -1, 2.5, "8"])
def test_bits_of_a_cost_are_whole_numbers(bits: Any) -> None:
    with pytest.raises(InputError, match=r"weight_bits: .*expected a whole number, 1 or more"):
        relative_cost(network("resnet20"), 1, None, bits)


def test_a_network_of_no_layers_has_no_relative_cost() -> None:
    with pytest.raises(InputError, match="layers: expected one or more"):
        relative_cost([])


def test_a_widened_trace_says_so_and_is_written_and_read(tmp_path: object) -> None:
    made = widened_trace(load_trace("resnet20_pg_4_2"), 1.5)
    assert (made.name, made.accuracy) == ("resnet20_pg_4_2[widened=1.5]", {})
    assert made.provenance["widened"] == 1.5
    (path,) = save_trace(made, f"{tmp_path}/wide.safetensors")
    again = load_trace(path)
    assert [each.shape for each in again.layers] == [each.shape for each in made.layers]
    assert isinstance(again, GateTrace)


def matmul(
    tokens: int, heads: int, inputs: int, outputs: int, name: str, reads: list[str]
) -> LayerShape:
    """A product of activations, of so many inputs and outputs a head."""
    channels = {"groups": heads, "inputs": reads, "op": "matmul"}
    return linear(tokens, heads * inputs, heads * outputs, name=name, **UNGATED, **channels)


def attention(
    tokens: int, keys: int, heads: int, features: int, key_heads: int = 0, **names: list[str]
) -> list[LayerShape]:
    """Attention of queries to so many keys, what goes before and a layer behind."""
    all_features, of_keys = heads * features, (key_heads or heads) * features
    return [
        linear(tokens, 6, all_features, name="stem"),
        linear(keys, 5, all_features, name="memory", inputs=["network"]),
        linear(tokens, all_features, all_features, name="q", inputs=["stem"]),
        linear(keys, all_features, of_keys, name="k", inputs=["memory"]),
        linear(keys, all_features, of_keys, name="v", inputs=["memory"]),
        matmul(tokens, heads, features, keys, "scores", names.get("scores", ["q", "k"])),
        matmul(tokens, heads, keys, features, "values", names.get("values", ["scores", "v"])),
        linear(tokens, all_features, 9, name="out", inputs=["values", "stem"]),
    ]


def sizes(layers: list[LayerShape], factor: float) -> dict[str, tuple[int, int, int]]:
    """A wider network's layers: their inputs and outputs of a group, and how many groups."""
    return {
        each.name: (each.in_channels_per_group, each.channels_per_group, each.groups)
        for each in widened(layers, factor)
    }


@pytest.mark.parametrize("name", ["bert_base_128", "vit_b_16"])
def test_attention_keeps_tokens_and_doubles_features(name: str) -> None:
    tokens = {"bert_base_128": 128, "vit_b_16": 14 * 14 + 1}[name]
    found = [each for each in widened(network(name), 2) if each.op == "matmul"]
    assert len(found) == 2 * 12
    for scores, values in zip(found[::2], found[1::2], strict=True):
        assert (scores.positions, scores.reduction, scores.channels_per_group) == (
            tokens, 2 * 64, tokens,
        )  # fmt: skip
        assert (values.positions, values.reduction, values.channels_per_group) == (
            tokens, tokens, 2 * 64,
        )  # fmt: skip
        assert scores.groups == values.groups == 12


# As many keys as queries, more, and as many as features; keys that heads share; what is read in
# another order, with a mask that no layer made.
@pytest.mark.parametrize(
    ("tokens", "keys", "heads", "features", "key_heads"),
    [(7, 7, 4, 6, 4), (7, 11, 4, 6, 4), (6, 6, 4, 6, 4), (7, 11, 4, 6, 2), (7, 7, 1, 8, 1)],
)
@pytest.mark.parametrize(
    "order",
    [
        {},
        {"scores": ["k", "q"], "values": ["v", "scores"]},
        {"values": ["network", "v", "scores"]},
    ],
)
def test_sides_of_attention_are_told_by_what_it_reads(
    tokens: int,
    keys: int,
    heads: int,
    features: int,
    key_heads: int,
    order: dict[str, list[str]],
) -> None:
    found = sizes(attention(tokens, keys, heads, features, key_heads, **order), 1.5)
    wide = features * 3 // 2
    assert found["q"] == (heads * wide, heads * wide, 1)
    assert found["k"] == found["v"] == (heads * wide, key_heads * wide, 1)
    assert found["scores"] == (wide, keys, heads)
    assert found["values"] == (keys, wide, heads)
    assert found["out"] == (heads * wide, 9, 1)


def test_one_layer_may_make_queries_keys_and_values() -> None:
    layers = [
        linear(7, 6, 72, name="all"),
        matmul(7, 4, 6, 7, "scores", ["all"]),
        matmul(7, 4, 7, 6, "values", ["all", "scores"]),
        linear(7, 24, 9, name="out"),
    ]
    found = sizes(layers, 2)
    assert found["scores"] == (12, 7, 4)
    assert found["values"] == (7, 12, 4)


def test_groups_of_attention_may_be_windows_too() -> None:
    # As in Swin: 3 heads of 32 features in each of 64 windows of 7 x 7 of 56 x 56 tokens.
    layers = [
        conv(3, 96, 224, 4, name="stem", stride=[4, 4]),
        linear(3136, 96, 288, name="all"),
        matmul(49, 192, 32, 49, "scores", ["all"]),
        matmul(49, 192, 49, 32, "values", ["all", "scores"]),
        linear(3136, 96, 9, name="out"),
    ]
    found = sizes(layers, 2)
    assert found["scores"] == (64, 49, 192)
    assert found["values"] == (49, 64, 192)
    assert found["out"] == (192, 9, 1)


def test_an_output_that_is_attention_keeps_its_values() -> None:
    found = sizes(attention(7, 11, 4, 6)[:-1], 2)
    assert found["values"] == (11, 6, 4)  # nobody reads them
    assert found["v"] == (48, 24, 1)
    assert found["scores"] == (12, 11, 4)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (  # as what no layer made is multiplied
            [linear(7, 24, 24, name="q"), matmul(7, 4, 6, 7, "scores", ["network"])],
            "layer 'scores': a product of activations, 4 of 7 x 6 by 6 x 7: which of its sides are "
            "tokens and which features cannot be told, because the sizes of what it reads fit "
            "neither (no layer: name those that make its operands in its inputs)",
        ),
        (  # keys may be either
            [linear(7, 24, 24, name="q"), matmul(7, 4, 6, 7, "scores", ["q", "network"])],
            "because the sizes of what it reads fit neither ('q' gives 7 x 24)",
        ),
        (  # of half the tokens, as behind a pooling
            [linear(8, 24, 24, name="q"), matmul(8, 4, 6, 4, "scores", ["q"])],
            "because the sizes of what it reads fit neither ('q' gives 8 x 24)",
        ),
        (  # features by features, as in cross-covariance attention
            [linear(16, 24, 24, name="q"), matmul(6, 4, 16, 6, "across", ["q"])],
            "layer 'across': a product of activations, 4 of 6 x 16 by 16 x 6: which of its sides "
            "are tokens and which features cannot be told, because the sizes of what it reads say "
            "that its positions are features ('q' gives 16 x 24)",
        ),
        (  # scores added to others, of as many keys as features
            [
                *attention(6, 6, 4, 6)[:6],
                matmul(6, 4, 6, 6, "more", ["q", "k", "scores"]),
            ],
            "layer 'more': .* because the sizes of what it reads fit both",
        ),
        (  # as in a mixer
            [conv(3, 8, 5, 1, name="stem"), linear(8, 25, 16, name="across")],
            "layer 'across': its 25 input channels are the positions of 'stem', whose channels are "
            "its positions: which of its outputs are channels cannot be told",
        ),
    ],
)
def test_what_sizes_do_not_tell_is_refused_by_name(layers: list[LayerShape], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        widened(layers, 2)
    if ".*" in expected:
        caught.match(expected)
    else:
        assert expected in str(caught.value)


def test_a_head_has_a_whole_number_of_features() -> None:
    with pytest.raises(InputError, match=r"layer 'scores': 1\.25 times the features of a head"):
        widened(attention(7, 11, 4, 6), 1.25)  # 7.5


@pytest.mark.parametrize("ways", [1, 2])
def test_what_is_added_to_a_network_s_own_output_stays_too(ways: int) -> None:
    layers = []
    for way in range(ways):
        layers += [
            linear(3, 6, 20, name=f"input{way}", inputs=["network"]),
            recurrent(3, 5, 20, name=f"hidden{way}", inputs=[f"input{way}"]),
        ]
    assert channels(2, *layers) == [(6, 20, 1), (5, 20, 1)] * ways
    read = linear(3, 5 * ways, 4, name="out", inputs=[f"hidden{way}" for way in range(ways)])
    expected = [*[(6, 40, 1), (10, 40, 1)] * ways, (10 * ways, 4, 1)]
    assert channels(2, *layers, read) == expected


def test_the_last_sum_of_a_residual_network_keeps_its_width() -> None:
    same = {"padding": [1, 1]}
    layers = [
        conv(3, 8, 6, 3, name="stem", **same),
        conv(8, 8, 6, 3, name="one", **same, inputs=["stem"]),
        conv(8, 8, 6, 3, name="two", **same, inputs=["one", "stem"]),
        conv(8, 8, 6, 3, name="three", **same, inputs=["two"]),
        conv(8, 8, 6, 3, name="four", **same, inputs=["three", "two"]),
    ]
    # The sums are stem, two and four; one and three are within.
    expected = [(3, 8, 1), (8, 16, 1), (16, 8, 1), (8, 16, 1), (16, 8, 1)]
    assert channels(2, *layers) == expected


def test_channels_of_the_input_beside_others_stay() -> None:
    # 4 of the network's, and 4 that become 8.
    layers = [
        conv(4, 4, 6, 1, name="side", inputs=["network"]),
        conv(8, 5, 6, 1, name="both", inputs=["network", "side"]),
        conv(5, 2, 6, 1, name="last"),
    ]
    assert channels(2, *layers) == [(4, 8, 1), (12, 10, 1), (10, 2, 1)]


def test_a_linear_layer_may_read_pixels_of_the_input_beside_others() -> None:
    layers = [
        conv(2, 3, 4, 1, name="side", inputs=["network"]),
        linear(1, 5 * 16, 7, name="both", inputs=["network", "side"]),
    ]
    assert channels(2, *layers) == [(2, 6, 1), (2 * 16 + 6 * 16, 7, 1)]


def test_a_depthwise_layer_is_as_wide_as_what_it_reads() -> None:
    same = {"padding": [1, 1]}
    layers = [
        conv(3, 3, 6, 3, name="of the input", groups=3, **same),
        conv(3, 8, 6, 3, name="mid", **same),
        conv(8, 8, 6, 3, name="of the output", groups=8, **same),
    ]
    assert channels(2, *layers) == [(3, 3, 3), (3, 8, 1), (8, 8, 8)]


def test_how_many_channels_stay_has_to_follow_from_the_sizes() -> None:
    layers = [
        conv(3, 8, 6, 1, name="stem"),
        conv(8, 6, 6, 1, name="side", inputs=["stem"]),
        conv(21, 8, 6, 1, name="odd", inputs=["side", "stem"]),
        conv(8, 6, 6, 1, name="last", inputs=["odd", "side"]),
    ]
    with pytest.raises(InputError) as caught:
        widened(layers, 2)
    assert str(caught.value) == (
        "layer 'odd': of its 21 input channels some are of 'side', which keep theirs in a wider "
        "network: how many cannot be told, because what it reads has 14"
    )
