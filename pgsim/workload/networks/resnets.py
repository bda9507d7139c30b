"""Residual networks (He et al., CVPR 2016)."""

from __future__ import annotations

from pgsim.workload.networks.parts import EDGE, Layers, Network, Widths, conv, linear, ungated


def _resnet20(gated: Widths) -> Layers:
    yield conv("conv1", (3, 16), 32, 3, EDGE)
    inputs, size, last = 16, 32, "conv1"
    for stage, outputs in enumerate((16, 32, 64), start=1):
        for block in range(3):
            stride = 2 if outputs != inputs else 1
            prefix = f"layer{stage}.{block}"
            first, second = f"{prefix}.conv1", f"{prefix}.conv2"
            channels, strides = (inputs, outputs), [stride, stride]
            yield conv(first, channels, size, 3, gated, stride=strides, inputs=[last])
            size //= stride
            yield conv(second, (outputs, outputs), size, 3, gated, inputs=[first, last])
            inputs, last = outputs, second
    yield linear("linear", (64, 10), 1, EDGE)


def _resnet18(gated: Widths) -> Layers:
    shortcut = ungated(gated)
    yield conv("conv1", (3, 64), 224, 7, EDGE, stride=[2, 2])
    inputs, size, last = 64, 56, "conv1"  # behind the 3 x 3 max pooling of stride 2
    for stage, outputs in enumerate((64, 128, 256, 512), start=1):
        for block in range(2):
            stride = 2 if outputs != inputs else 1
            prefix = f"layer{stage}.{block}"
            first, second = f"{prefix}.conv1", f"{prefix}.conv2"
            channels, strides, small = (inputs, outputs), [stride, stride], size // stride
            yield conv(first, channels, size, 3, gated, stride=strides, inputs=[last])
            reads = [first, last] if stride == 1 else [first]
            yield conv(second, (outputs, outputs), small, 3, gated, inputs=reads)
            if stride == 2:  # its outputs are added to those of the convolution before it
                name, reads = f"{prefix}.downsample.0", [last, second]
                yield conv(name, channels, size, 1, shortcut, stride=strides, inputs=reads)
            inputs, size, last = outputs, small, second if stride == 1 else name
    yield linear("fc", (512, 1000), 1, EDGE)


def _resnet50(gated: Widths) -> Layers:
    yield conv("conv1", (3, 64), 224, 7, EDGE, stride=[2, 2])
    inputs, size, last = 64, 56, "conv1"  # behind the 3 x 3 max pooling of stride 2
    for stage, (width, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=1):
        for block in range(blocks):
            stride = 2 if stage > 1 and block == 0 else 1
            prefix, outputs, small = f"layer{stage}.{block}", 4 * width, size // stride
            first, second, third = (f"{prefix}.conv{place}" for place in (1, 2, 3))
            steps = [stride, stride]
            yield conv(first, (inputs, width), size, 1, gated, inputs=[last])
            yield conv(second, (width, width), size, 3, gated, stride=steps)
            reads = [second] if block == 0 else [second, last]
            yield conv(third, (width, outputs), small, 1, gated, inputs=reads)
            if block == 0:  # its outputs are added to those of the convolution before it
                name, reads = f"{prefix}.downsample.0", [last, third]
                widths = ungated(gated)
                yield conv(name, (inputs, outputs), size, 1, widths, stride=steps, inputs=reads)
            inputs, size, last = outputs, small, third if block else name
    yield linear("fc", (2048, 1000), 1, EDGE)


RESNETS = (
    Network("resnet20", "ResNet-20 for CIFAR-10", _resnet20),
    Network("resnet18", "ResNet-18 for ImageNet", _resnet18),
    Network("resnet50", "ResNet-50 for ImageNet, of torchvision (v1.5)", _resnet50),
)
