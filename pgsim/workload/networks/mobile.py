"""Networks of depthwise convolutions: ShuffleNet V2 and MobileNet V2."""

from __future__ import annotations

from pgsim.workload.networks.parts import EDGE, Layers, Network, Widths, conv, linear, ungated


def _shufflenetv2_half(gated: Widths) -> Layers:
    yield conv("conv1.0", (3, 24), 224, 3, EDGE, stride=[2, 2])
    inputs, size = 24, 56  # behind the 3 x 3 max pooling of stride 2
    joined = ["conv1.0"]  # the layers whose outputs are channels of the map
    for stage, (outputs, units) in enumerate(((48, 4), (96, 8), (192, 4)), start=2):
        for unit in range(units):
            prefix, stride = f"stage{stage}.{unit}", 2 if unit == 0 else 1
            if stride == 2:
                yield from _shuffle_branch1(prefix, (inputs, outputs // 2), size, joined, gated)
            branch2 = (inputs if stride == 2 else outputs // 2, outputs // 2)
            yield from _shuffle_branch2(prefix, branch2, size, stride, joined, gated)
            passed = [f"{prefix}.branch1.2"] if stride == 2 else joined
            joined = [*passed, f"{prefix}.branch2.5"]
            inputs, size = outputs, size // stride
    yield conv("conv5.0", (192, 1024), 7, 1, gated, inputs=joined)
    yield linear("fc", (1024, 1000), 1, EDGE)


def _shuffle_branch1(
    prefix: str, channels: tuple[int, int], size: int, joined: list[str], gated: Widths
) -> Layers:
    """Yield what a unit of stride 2 has in place of the half that passes others by."""
    inputs, half = channels
    name, depthwise = f"{prefix}.branch1", {**gated, "stride": [2, 2], "groups": inputs}
    yield conv(f"{name}.0", (inputs, inputs), size, 3, depthwise, inputs=joined)
    yield conv(f"{name}.2", (inputs, half), size // 2, 1, {**gated, "signed": True})


def _shuffle_branch2(
    prefix: str, channels: tuple[int, int], size: int, stride: int, joined: list[str], gated: Widths
) -> Layers:
    """Yield the branch that every unit has: pointwise, depthwise, pointwise."""
    half, small = channels[1], size // stride
    name, depthwise = f"{prefix}.branch2", {**gated, "stride": [stride, stride], "groups": half}
    yield conv(f"{name}.0", channels, size, 1, gated, inputs=joined)
    yield conv(f"{name}.3", (half, half), size, 3, depthwise)
    yield conv(f"{name}.5", (half, half), small, 1, {**gated, "signed": True})


_BOTTLENECKS = (  # expansion, output channels, blocks and stride of the first: table 2
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def _mobilenet_v2(gated: Widths) -> Layers:
    yield conv("features.0.0", (3, 32), 224, 3, EDGE, stride=[2, 2])
    inputs, size, last, number = 32, 112, "features.0.0", 0
    for expansion, outputs, blocks, first_stride in _BOTTLENECKS:
        for block in range(blocks):
            number, stride = number + 1, first_stride if block == 0 else 1
            prefix = f"features.{number}.conv"
            wide, reads = inputs * expansion, last
            if expansion > 1:
                # What it reads is a projection, which has no ReLU behind it.
                widths = {**gated, "signed": True}
                yield conv(f"{prefix}.0.0", (inputs, wide), size, 1, widths, inputs=[last])
                reads = f"{prefix}.0.0"
            depthwise = {**gated, "stride": [stride, stride], "groups": wide}
            name = f"{prefix}.{int(expansion > 1)}.0"
            yield conv(name, (wide, wide), size, 3, depthwise, inputs=[reads])
            size //= stride
            added = [last] if stride == 1 and inputs == outputs else []
            project = f"{prefix}.{1 + int(expansion > 1)}"
            widths = ungated(gated)
            yield conv(project, (wide, outputs), size, 1, widths, inputs=[name, *added])
            inputs, last = outputs, project
    signed = {**gated, "signed": True}
    yield conv("features.18.0", (320, 1280), size, 1, signed, inputs=[last])
    yield linear("classifier.1", (1280, 1000), 1, EDGE)


MOBILE = (
    Network("shufflenetv2_0.5x", "ShuffleNet V2 0.5x for ImageNet", _shufflenetv2_half),
    Network("mobilenet_v2", "MobileNet V2 for ImageNet", _mobilenet_v2),
)
