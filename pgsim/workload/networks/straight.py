"""Networks of one layer after the other: AlexNet and VGG."""

from __future__ import annotations

from pgsim.workload.networks.parts import EDGE, Layers, Network, Widths, conv, linear


def _alexnet(gated: Widths) -> Layers:
    straight = {"stride": [4, 4], "padding": [0, 0]}
    yield conv("conv1", (3, 96), 227, 11, EDGE, **straight)
    # Behind a 3 x 3 max pooling of stride 2, as conv3 and fc6 are.
    yield conv("conv2", (96, 256), 27, 5, gated, groups=2)
    yield conv("conv3", (256, 384), 13, 3, gated)
    yield conv("conv4", (384, 384), 13, 3, gated, groups=2)
    yield conv("conv5", (384, 256), 13, 3, gated, groups=2)
    yield from _classifier(256 * 6 * 6, gated)


def _vgg16(gated: Widths) -> Layers:
    inputs, size = 3, 224
    for stage, (outputs, layers) in enumerate(
        ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), start=1
    ):
        for layer in range(1, layers + 1):
            widths = EDGE if inputs == 3 else gated
            yield conv(f"conv{stage}_{layer}", (inputs, outputs), size, 3, widths)
            inputs = outputs
        size //= 2  # a 2 x 2 max pooling
    yield from _classifier(512 * 7 * 7, gated)


def _classifier(features: int, gated: Widths) -> Layers:
    yield linear("fc6", (features, 4096), 1, gated)
    yield linear("fc7", (4096, 4096), 1, gated)
    yield linear("fc8", (4096, 1000), 1, EDGE)


STRAIGHT = (
    Network("alexnet", "AlexNet for ImageNet, in two groups", _alexnet),
    Network("vgg16", "VGG-16 for ImageNet", _vgg16),
)
