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


def test_resnet50() -> None:
    # torchvision's ResNet50_Weights: 4.09 GFLOPS (multiply-adds), 25557032 parameters
    layers = network("resnet50")
    assert len(layers) == 1 + 3 * (3 + 4 + 6 + 3) + 4 + 1
    assert round(_macs("resnet50") / 1e9, 2) == 4.09
    assert _parameters("resnet50") == 25_557_032
    assert sum(layer.gated for layer in layers) == 48
    assert layers[-1].in_channels == layers[-2].out_channels == 2048


def test_mobilenet_v2() -> None:
    # Sandler et al., CVPR 2018, table 4: 300M multiply-adds, 3.4M parameters; torchvision's
    # MobileNet_V2_Weights: 3504872 parameters
    layers = network("mobilenet_v2")
    assert round(_macs("mobilenet_v2") / 1e6) == pytest.approx(300, abs=1)
    assert _parameters("mobilenet_v2") == 3_504_872
    assert len(layers) == 1 + 2 + 16 * 3 + 1 + 1
    projections = [layer for layer in layers if layer.gate == "none"][1:-1]
    assert len(projections) == 17  # one a block
    assert sum(layer.signed for layer in layers) == 16 + 1  # what reads one
    assert layers[-2].in_size == (7, 7)


def test_vit_b_16() -> None:
    # torchvision's ViT_B_16_Weights: 17.56 GFLOPS (multiply-adds), 86567656 parameters. Of those
    # are no weights or biases of layers: a class token, 197 positions, and 25 layer norms.
    layers = network("vit_b_16")
    assert round(_macs("vit_b_16") / 1e9, 2) == 17.56
    own = [x for x in layers if x.op != "matmul"]
    weights = sum(layer.out_channels * (layer.reduction + 1) for layer in own)
    assert weights + 768 * (1 + 197 + 25 * 2) == 86_567_656
    assert sum(layer.gated for layer in layers) == 12


@pytest.mark.parametrize(("name", "tokens"), [("bert_base_128", 128), ("bert_base_384", 384)])
def test_bert_base(name: str, tokens: int) -> None:
    layers = network(name)
    attention = [x for x in layers if x.op == "matmul"]
    assert all(x.name.endswith((".scores", ".values")) for x in attention)
    own = [x for x in layers if x not in attention]
    # Hugging Face's bert-base-uncased has 109482240 parameters: those of embeddings of 30522 words,
    # 512 positions and 2 segments, of 25 layer norms, and these.
    weights = sum(layer.out_channels * (layer.reduction + 1) for layer in own)
    assert weights + 768 * (30_522 + 512 + 2 + 25 * 2) == 109_482_240
    # 12 layers, a token: 4 of 768 by 768, 2 of 768 by 3072; and the pooler of one.
    assert sum(x.macs for x in own) == tokens * 12 * (4 * 768**2 + 2 * 768 * 3072) + 768**2
    # 12 heads of 64 features: tokens by tokens, twice.
    assert [x.macs for x in attention] == [12 * tokens**2 * 64] * 24
    assert {x.groups for x in attention} == {12}
    # The second operand has the bits of an activation.
    assert {(x.activation_bits, x.weight_bits) for x in attention} == {(4, 4)}


def test_bert_base_has_the_published_operations() -> None:
    # Sun et al. (MobileBERT, ACL 2020), table 1: 22.5 B operations on 128 tokens, two a MAC.
    assert 2 * _macs("bert_base_128") == pytest.approx(22.5e9, rel=0.01)


def _tiny_parameters(name: str) -> int:
    """Weights and biases, with the four numbers a channel of TensorFlow's batch norms."""
    *layers, last = network(name)
    channels = sum(x.out_channels for x in layers if "shortcut" not in x.name)
    biases = sum(x.out_channels for x in (*layers, last))
    return sum(x.out_channels * x.reduction for x in (*layers, last)) + biases + 4 * channels


def test_resnet8() -> None:
    # Three of 3 x 3 convolutions at 32 x 32 pixels, four at 16 and at 8; shortcuts; the last.
    first = 1024 * 27 * 16 + 2 * 1024 * 144 * 16
    second = 256 * (144 * 32 + 288 * 32 + 16 * 32) + 64 * (288 * 64 + 576 * 64 + 32 * 64)
    assert _macs("resnet8") == first + second + 640 == 12_501_632
    # The reference's summary, of TensorFlow: 78666.
    assert _tiny_parameters("resnet8") == 78_666
    strided = [x for x in network("resnet8") if x.stride == (2, 2)]
    assert [x.padding for x in strided] == [(0, 1, 0, 1), (0, 0)] * 2


def test_ds_cnn() -> None:
    # 25 x 5 positions: 10 x 4 taps, then four times 3 x 3 a channel and 64 by 64.
    assert _macs("ds_cnn") == 125 * 64 * (40 + 4 * (9 + 64)) + 64 * 12 == 2_656_768
    assert _tiny_parameters("ds_cnn") == 24_908  # the reference's summary
    layers = network("ds_cnn")
    assert layers[0].padding == (4, 5, 1, 1)
    assert {x.out_size for x in layers[:-1]} == {(25, 5)}


def test_mobilenet_v1_quarter() -> None:
    # Thirteen pairs of a depthwise and a pointwise convolution; the reference's summary.
    layers = network("mobilenet_v1_0.25x")
    assert _tiny_parameters("mobilenet_v1_0.25x") == 221_794
    assert [x.out_size for x in layers[::2]] == [
        (48, 48), (48, 48), (24, 24), (24, 24), (12, 12), (12, 12), *[(6, 6)] * 6, (3, 3), (3, 3)
    ]  # fmt: skip
    assert _macs("mobilenet_v1_0.25x") == pytest.approx(7.5e6, rel=0.01)


def test_autoencoder() -> None:
    # 640 features, 128 four times, 8, and back.
    assert _macs("autoencoder") == 2 * (640 * 128 + 3 * 128**2 + 128 * 8)
    assert _tiny_parameters("autoencoder") == 269_992  # the reference's summary; 270 KB in table 1


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


def test_a_shortcut_with_a_convolution_is_read_by_that_alone() -> None:
    """He et al., CVPR 2016: an identity joins the block's last sums, a projection stands apart."""
    reads = {layer.name: layer.inputs for layer in network("resnet18")}
    assert reads["layer1.0.conv2"] == ("layer1.0.conv1", "conv1")
    assert reads["layer2.0.conv2"] == ("layer2.0.conv1",)
    assert reads["layer2.0.downsample.0"] == ("layer1.1.conv2", "layer2.0.conv2")
    assert reads["layer2.1.conv2"] == ("layer2.1.conv1", "layer2.0.downsample.0")
