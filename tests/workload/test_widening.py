"""Networks with more channels: which channels, and what it does to their MACs (M56)."""

from __future__ import annotations

import pytest
from designs import conv, linear

from pgsim import GateTrace, InputError, load_trace, network, save_trace, widened, widened_trace
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
        assert wide.macs == own.macs * 2 ** (sides - depthwise)


@pytest.mark.parametrize("factor", [0, -1, 65, float("nan"), float("inf")])
def test_a_factor_is_from_a_64th_to_64(factor: float) -> None:
    with pytest.raises(InputError, match="expected a number from 1/64 to 64"):
        widened(network("resnet20"), factor)


def test_a_widened_trace_says_so_and_is_written_and_read(tmp_path: object) -> None:
    made = widened_trace(load_trace("resnet20_pg_4_2"), 1.5)
    assert (made.name, made.accuracy) == ("resnet20_pg_4_2[widened=1.5]", {})
    assert made.provenance["widened"] == 1.5
    (path,) = save_trace(made, f"{tmp_path}/wide.safetensors")
    again = load_trace(path)
    assert [each.shape for each in again.layers] == [each.shape for each in made.layers]
    assert isinstance(again, GateTrace)
