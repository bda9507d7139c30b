"""Network geometries against published totals of MACs and parameters."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pgsim.errors import InputError
from pgsim.workload.networks import NETWORKS, network


def _parameters(name: str) -> int:
    """Weights, with the scale and shift of batch norms and the biases of linear layers."""
    return sum(
        layer.out_channels * (layer.reduction + (2 if layer.op == "conv2d" else 1))
        for layer in network(name)
    )


def _macs(name: str) -> int:
    return sum(layer.macs for layer in network(name))


def test_resnet20() -> None:
    layers = network("resnet20")
    assert sum(layer.gated for layer in layers) == 18
    assert len(layers) == 20
    # By hand: first 3·9·16·1024; six of 16·9·16·1024; twice (one of half and five of the same
    # count); last 640.
    assert _macs("resnet20") == 442_368 + 2_359_296 * (6 + 2 * 5.5) + 640
    assert _macs("resnet20") == pytest.approx(41e6, rel=0.02)  # 41 M, as commonly published
    # Kernels 432 + 6·2304 + (4608 + 5·9216) + (18432 + 5·36864), 640 weights of the last layer;
    # 2 a channel of the batch norms, 2·(7·16 + 6·32 + 6·64); 10 biases: He et al. 2016 round to
    # 0.27 M in table 6.
    assert _parameters("resnet20") == 268_336 + 1376 + 10


def test_resnet18() -> None:
    layers = network("resnet18")
    assert sum(layer.gated for layer in layers) == 16
    # torchvision's ResNet18_Weights: 1.81 GFLOPS (multiply-adds), 11689512 parameters
    assert round(_macs("resnet18") / 1e9, 2) == 1.81
    assert _parameters("resnet18") == 11_689_512
    shortcuts = [layer for layer in layers if "downsample" in layer.name]
    assert [layer.out_size for layer in shortcuts] == [(28, 28), (14, 14), (7, 7)]
    assert {(layer.gate, layer.activation_bits) for layer in shortcuts} == {("none", 4)}


def test_shufflenetv2() -> None:
    # Ma et al., ECCV 2018, table 5: 41 MFLOPs at 0.5x; torchvision's ShuffleNet_V2_X0_5_Weights:
    # 1366792 parameters
    assert _macs("shufflenetv2_0.5x") == pytest.approx(41e6, rel=0.02)
    assert _parameters("shufflenetv2_0.5x") == 1_366_792
    depthwise = [layer for layer in network("shufflenetv2_0.5x") if layer.groups > 1]
    assert len(depthwise) == 16 + 3  # one a unit, one more in the three units of stride 2
    assert {layer.reduction for layer in depthwise} == {9}
    # A depthwise convolution has a batch norm behind it and no ReLU, so what reads it reads signs.
    readers = {f".branch{branch}.{place}" for branch, place in ((1, 2), (2, 5))}
    signed = {layer.name for layer in network("shufflenetv2_0.5x") if layer.signed}
    assert len(signed) == 16 + 3
    assert all(name[name.index(".branch") :] in readers for name in signed)
    ungated = [layer.name for layer in network("shufflenetv2_0.5x") if not layer.gated]
    assert ungated == ["conv1.0", "fc"]


def test_alexnet() -> None:
    layers = network("alexnet")
    # Chen et al. (Eyeriss, JSSC 2017), table V: G MACs of its convolutions in a batch of four.
    batch = [round(4 * layer.macs / 1e9, 2) for layer in layers[:5]]
    assert batch == [0.42, 0.90, 0.60, 0.45, 0.30]
    # Caffe's bvlc_alexnet has 60965224 parameters, a bias for each of 10568 channels among them.
    weights = sum(layer.out_channels * layer.reduction for layer in layers)
    assert weights + sum(layer.out_channels for layer in layers) == 60_965_224
    assert [layer.out_size for layer in layers[:5]] == [(55, 55), (27, 27), *[(13, 13)] * 3]


def test_vgg16() -> None:
    # torchvision's VGG16_Weights: 15.47 GFLOPS (multiply-adds), 138357544 parameters
    layers = network("vgg16")
    assert round(_macs("vgg16") / 1e9, 2) == 15.47
    assert sum(x.out_channels * (x.reduction + 1) for x in layers) == 138_357_544
    # Chen et al. (Eyeriss, JSSC 2017), table VI: 46.04 G MACs of its convolutions for three images.
    assert round(3 * sum(layer.macs for layer in layers[:13]) / 1e9, 2) == 46.04


def test_lstm_300() -> None:
    inputs, hidden, decoder = network("lstm_300")
    assert (inputs.op, hidden.op, decoder.op) == ("linear", "recurrent", "linear")
    assert (inputs.gated, hidden.gated, decoder.gated) == (True, True, False)
    # four gates of 300 cells, from 300 inputs and 300 hidden values, over 35 steps
    assert inputs.macs == hidden.macs == 35 * 4 * 300 * 300
    assert decoder.macs == 35 * 300 * 10_000
    # Embeddings and hidden values, the products of a sigmoid and a tanh, may be below zero.
    assert inputs.signed and hidden.signed and decoder.signed


@pytest.mark.parametrize("name", NETWORKS)
def test_widths(name: str) -> None:
    layers = network(name, activation_bits=5, msb_bits=3, weight_bits=4)
    gated = {(x.activation_bits, x.msb_bits, x.weight_bits) for x in layers if x.gated}
    assert gated == {(5, 3, 4)}
    last = layers[-1]
    assert (last.gate, last.activation_bits, last.weight_bits) == ("none", 8, 8)
    assert len({layer.name for layer in layers}) == len(layers)


@pytest.mark.parametrize("name", ["resnet20", "resnet18"])  # which have no pooling in between
def test_each_size_follows_from_the_layer_before(name: str) -> None:
    convolutions = [x for x in network(name) if x.op == "conv2d" and "downsample" not in x.name]
    for before, layer in pairwise(convolutions[1:]):
        assert layer.in_size == before.out_size
        assert layer.in_channels == before.out_channels


def test_an_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'resnet18'"):
        network("resnet-18")


def test_impossible_widths_name_the_layer() -> None:
    with pytest.raises(InputError, match=r"resnet20: layer 'layer1.0.conv1': .*msb_bits"):
        network("resnet20", activation_bits=2, msb_bits=2)
