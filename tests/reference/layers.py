"""M1-M5: layers, the passes of a scheme, and what a processing element does in how many cycles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Pair = tuple[int, int]


@dataclass(frozen=True)
class Layer:
    """M1. A layer as a convolution: a linear layer is one column of tokens under a 1 x 1 kernel,
    and a recurrent one a single pixel per time step."""

    op: str
    in_channels: int
    out_channels: int
    groups: int
    in_size: Pair
    kernel: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    time_steps: int
    activation_bits: int
    msb_bits: int
    weight_bits: int
    gate: str

    @property
    def out_size(self) -> Pair:
        height, width = (
            (self.in_size[d] + 2 * self.padding[d] - self.dilation[d] * (self.kernel[d] - 1) - 1)
            // self.stride[d]
            + 1
            for d in (0, 1)
        )
        return height, width

    @property
    def positions_per_step(self) -> int:
        """Positions of one image in one run: all of them, or one time step's."""
        return self.out_size[0] * self.out_size[1]

    @property
    def pixels(self) -> int:
        """Input pixels of one image in one run."""
        return self.in_size[0] * self.in_size[1]

    @property
    def group_channels(self) -> int:
        return self.out_channels // self.groups

    @property
    def group_in_channels(self) -> int:
        return self.in_channels // self.groups

    @property
    def taps(self) -> int:
        return self.kernel[0] * self.kernel[1]

    @property
    def reduction(self) -> int:
        return self.taps * self.group_in_channels

    def window_pixels(self, position: int) -> list[int | None]:
        """The input pixel under each kernel tap of one output position; None in the padding."""
        out_row, out_column = divmod(position, self.out_size[1])
        pixels: list[int | None] = []
        for tap_row in range(self.kernel[0]):
            for tap_column in range(self.kernel[1]):
                row = out_row * self.stride[0] - self.padding[0] + tap_row * self.dilation[0]
                column = (
                    out_column * self.stride[1] - self.padding[1] + tap_column * self.dilation[1]
                )
                inside = 0 <= row < self.in_size[0] and 0 <= column < self.in_size[1]
                pixels.append(row * self.in_size[1] + column if inside else None)
        return pixels


def layer_of(manifest: Mapping[str, Any]) -> Layer:
    """A layer from its trace manifest entry."""
    op = manifest["op"]
    one = (1, 1)
    conv = op == "conv2d"
    in_size = manifest["in_size"] if conv else (manifest["positions"] if op == "linear" else 1, 1)
    return Layer(
        op=op,
        in_channels=manifest["in_channels"],
        out_channels=manifest["out_channels"],
        groups=manifest.get("groups", 1),
        in_size=(in_size[0], in_size[1]),
        kernel=tuple(manifest["kernel"]) if conv else one,
        stride=tuple(manifest.get("stride", one)) if conv else one,
        padding=tuple(manifest.get("padding", (0, 0))) if conv else (0, 0),
        dilation=tuple(manifest.get("dilation", one)) if conv else one,
        time_steps=manifest["time_steps"] if op == "recurrent" else 1,
        activation_bits=manifest["activation_bits"],
        msb_bits=manifest.get("msb_bits") or manifest["activation_bits"],
        weight_bits=manifest["weight_bits"],
        gate=manifest["gate"],
    )


@dataclass(frozen=True)
class Pass:
    """One sweep at one pair of operand widths; `gated` when the mask steers it."""

    activation_bits: int
    weight_bits: int
    gated: bool = False


def passes_of(layer: Layer, scheme: str) -> list[Pass]:
    """M2, M3: the passes of a layer under a scheme."""
    kind, _, widths = scheme.partition(":")
    if kind == "uniform":
        activation, _, weight = widths.partition(",")
        return [Pass(int(activation), int(weight or layer.weight_bits))]
    whole = Pass(layer.activation_bits, layer.weight_bits)
    if kind == "full":
        return [whole]
    assert kind in ("pg", "dual_dense", "msb_only"), scheme
    if layer.gate == "input":
        raise ValueError(f"scheme {scheme} does not run a layer with gate: input")
    if layer.gate == "none":
        return [whole]
    msb = Pass(layer.msb_bits, layer.weight_bits)
    lsb = Pass(layer.activation_bits - layer.msb_bits, layer.weight_bits, gated=kind == "pg")
    return [msb] if kind == "msb_only" else [msb, lsb]


def _ceil_power_of_two(bits: int) -> int:
    width = 2
    while width < bits:
        width *= 2
    return width


def macs_and_cycles(
    pe: Mapping[str, Any], activation_bits: int, weight_bits: int
) -> tuple[int, int]:
    """M5: (L, T), the MACs that a PE does side by side and the cycles it takes for them."""
    if pe["kind"].startswith("serial"):
        cycles = {
            "serial_activation": activation_bits,
            "serial_weight": weight_bits,
            "serial_both": activation_bits * weight_bits,
        }
        return pe["terms"], cycles[pe["kind"]]
    macs, cycles_of_both = 1, 1
    for bits, widest in (
        (activation_bits, pe["max_activation_bits"]),
        (weight_bits, pe["max_weight_bits"]),
    ):
        cycles_of_both *= -(-bits // widest)
        if pe["kind"] == "fusion":
            macs *= widest // _ceil_power_of_two(min(bits, widest))
    return macs, cycles_of_both
