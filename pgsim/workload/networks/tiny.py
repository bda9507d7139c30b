"""The four networks of MLPerf Tiny (Banbury et al., NeurIPS Datasets and Benchmarks 2021).

They are TensorFlow's, so that their padding is `same`: at a stride of 2 it is at the end.
"""

from __future__ import annotations

from itertools import pairwise

from pgsim.workload.networks.parts import EDGE, Layers, Network, Widths, conv, linear, ungated

_SAME: Widths = {"padding": "same"}


def _resnet8(gated: Widths) -> Layers:
    yield conv("conv2d", (3, 16), 32, 3, EDGE)
    inputs, size, last = 16, 32, "conv2d"
    for stage, outputs in enumerate((16, 32, 64), start=1):
        stride = 1 if stage == 1 else 2
        first, second, shortcut = (f"stack{stage}.{name}" for name in ("0", "1", "shortcut"))
        steps, small = {"stride": [stride, stride], **_SAME}, size // stride
        channels = (inputs, outputs)
        yield conv(first, channels, size, 3, {**gated, **steps}, inputs=[last])
        reads = [first, last] if stride == 1 else [first]
        yield conv(second, (outputs, outputs), small, 3, gated, inputs=reads)
        if stride > 1:  # its outputs are added to those of the convolution before it
            widths = {**ungated(gated), **steps}
            yield conv(shortcut, channels, size, 1, widths, inputs=[last, second])
        inputs, size, last = outputs, small, second if stride == 1 else shortcut
    yield linear("dense", (64, 10), 1, EDGE)


def _ds_cnn(gated: Widths) -> Layers:
    spectrum = {"in_size": [49, 10], "kernel": [10, 4], "stride": [2, 2], **_SAME}
    yield conv("conv2d", (1, 64), 49, 10, {**EDGE, **spectrum})
    size = {"in_size": [25, 5]}
    for block in range(1, 5):
        depthwise = {**gated, "groups": 64}
        yield conv(f"depthwise_{block}", (64, 64), 25, 3, depthwise, **size)
        yield conv(f"pointwise_{block}", (64, 64), 25, 1, gated, **size)
    yield linear("dense", (64, 12), 1, EDGE)


def _mobilenet_v1_quarter(gated: Widths) -> Layers:
    yield conv("conv2d", (3, 8), 96, 3, EDGE, stride=[2, 2], **_SAME)
    inputs, size = 8, 48
    blocks = ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2))
    for block, (outputs, stride) in enumerate((*blocks, (256, 1)), start=1):
        depthwise = {**gated, "stride": [stride, stride], "groups": inputs, **_SAME}
        yield conv(f"depthwise_{block}", (inputs, inputs), size, 3, depthwise)
        size //= stride
        yield conv(f"pointwise_{block}", (inputs, outputs), size, 1, gated)
        inputs = outputs
    yield linear("dense", (256, 2), 1, EDGE)


def _autoencoder(gated: Widths) -> Layers:
    yield linear("dense", (640, 128), 1, {**EDGE, "signed": True})
    widths = (128, 128, 128, 128, 8, 128, 128, 128, 128)
    for layer, channels in enumerate(pairwise(widths), start=1):
        yield linear(f"dense_{layer}", channels, 1, gated)
    yield linear("dense_9", (128, 640), 1, EDGE)


TINY = (
    Network("resnet8", "MLPerf Tiny's image classification", _resnet8),
    Network("ds_cnn", "MLPerf Tiny's keyword spotting", _ds_cnn),
    Network("mobilenet_v1_0.25x", "MLPerf Tiny's visual wake words", _mobilenet_v1_quarter),
    Network("autoencoder", "MLPerf Tiny's anomaly detection", _autoencoder),
)
