"""M1-M5: layers, the passes of a scheme, and what a processing element does in how many cycles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pair = tuple[int, int]

MOST_BITS = 16  # of an operand

VALUE_KINDS = ("zero_skip", "pragmatic", "laconic", "tactical_essential", "tactical_precision")


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
class Plane:
    """M2. A run of bits of an operand: `low` is its lowest bit, 0 the operand's least."""

    low: int
    bits: int

    @property
    def covers(self) -> range:
        """The operand's bits that the plane holds."""
        return range(self.low, self.low + self.bits)


def plane_of(operand: int, plane: Plane, operand_bits: int) -> int:
    """The value of an operand's plane: signed as the operand is where it holds the top bit."""
    shifted = operand >> plane.low
    return shifted if operand_bits - 1 in plane.covers else shifted % 2**plane.bits


@dataclass(frozen=True)
class Pass:
    """One sweep: a plane of the activations times a plane of the weights. A gated one computes only
    the outputs whose mask bit is 1."""

    activation: Plane
    weight: Plane
    gated: bool = False

    @property
    def activation_bits(self) -> int:
        return self.activation.bits

    @property
    def weight_bits(self) -> int:
        return self.weight.bits


Scheme = str | Sequence[Pass]  # a scheme by its name, or a layer's passes themselves


def bits_of(passes: Iterable[Pass], operand: str) -> set[int]:
    """The bits of an operand, "activation" or "weight", that any of the passes uses."""
    planes: Iterable[Plane] = (getattr(one, operand) for one in passes)
    return {bit for plane in planes for bit in plane.covers}


def stored_bits(passes: Iterable[Pass], operand: str) -> int:
    """M23: how many bits of an operand are kept: those that any pass uses, each once."""
    return len(bits_of(passes, operand))


def passes_of(layer: Layer, scheme: Scheme) -> list[Pass]:
    """M2, M3: the passes of a layer under a scheme; ValueError if it cannot be computed so."""
    passes = _named_passes(layer, scheme) if isinstance(scheme, str) else list(scheme)
    if not passes:
        raise ValueError("a layer needs at least one pass")
    if passes[0].gated:
        raise ValueError("the first pass must be dense: a gate decides about its sums")
    if any(one.gated for one in passes) and layer.gate != "output":
        raise ValueError(f"a layer with gate: {layer.gate} has no output mask for a gated pass")
    for one in passes:
        for plane in (one.activation, one.weight):
            if plane.bits < 1 or plane.low < 0 or plane.low + plane.bits > MOST_BITS:
                raise ValueError(f"{plane} is no run of the bits 0 to {MOST_BITS - 1}")
    return passes


def _named_passes(layer: Layer, scheme: str) -> list[Pass]:
    kind, _, widths = scheme.partition(":")
    weights = Plane(0, layer.weight_bits)
    whole = [Pass(Plane(0, layer.activation_bits), weights)]
    if kind == "uniform":
        activation, _, weight = widths.partition(",")
        return [Pass(Plane(0, int(activation)), Plane(0, int(weight or layer.weight_bits)))]
    if kind == "planes":
        return _products_of_planes(layer, scheme) or whole
    if kind not in ("full", "pg", "dual_dense", "msb_only"):
        raise ValueError(f"no scheme is called {scheme}")
    if kind == "full":
        return whole
    if layer.gate == "input":
        raise ValueError(f"scheme {scheme} does not run a layer with gate: input")
    if layer.gate == "none":
        return whole
    msb_plane, lsb_plane = planes_from_the_top(
        [layer.msb_bits, layer.activation_bits - layer.msb_bits]
    )
    msb, lsb = Pass(msb_plane, weights), Pass(lsb_plane, weights, gated=kind == "pg")
    return [msb] if kind == "msb_only" else [msb, lsb]


def planes_from_the_top(widths: Sequence[int]) -> list[Plane]:
    """An operand cut into planes, most significant first, the last of which ends at bit 0."""
    return [Plane(sum(widths[i + 1 :]), width) for i, width in enumerate(widths)]


def _products_of_planes(layer: Layer, scheme: str) -> list[Pass]:
    """M3: the dense passes of `planes:A1,A2,.../W1,W2,...`, none for an ungated layer that has
    other operands than these."""
    activations, slash, weights = scheme.partition(":")[2].partition("/")
    activation_widths = _widths(activations, scheme)
    weight_widths = _widths(weights, scheme) if slash else [layer.weight_bits]
    wanted = sum(activation_widths), sum(weight_widths)
    if wanted == (layer.activation_bits, layer.weight_bits):
        return [
            Pass(activation, weight)
            for activation in planes_from_the_top(activation_widths)
            for weight in planes_from_the_top(weight_widths)
        ]
    if layer.gate == "none":
        return []
    raise ValueError(
        f"scheme {scheme} is of {wanted[0]} x {wanted[1]} bits, a gated layer has "
        f"{layer.activation_bits} x {layer.weight_bits}"
    )


def _widths(text: str, scheme: str) -> list[int]:
    widths = [int(width) if width.isdecimal() else 0 for width in text.split(",")]
    if min(widths) < 1 or sum(widths) > MOST_BITS:
        raise ValueError(f"scheme {scheme} needs planes of 1 to {MOST_BITS} bits in all")
    return widths


def _ceil_power_of_two(bits: int) -> int:
    width = 2
    while width < bits:
        width *= 2
    return width


def macs_and_cycles(
    pe: Mapping[str, Any], activation_bits: int, weight_bits: int
) -> tuple[int, int]:
    """M5: (L, T), the MACs that a PE does side by side and the cycles it takes for them.

    Where cycles depend on values (M58), T is a cycle of a fold that is stepped beforehand.
    """
    if pe["kind"] in VALUE_KINDS:
        return pe["terms"], 1
    if pe["kind"].startswith("serial"):
        cycles = {
            "serial_activation": activation_bits * -(-weight_bits // pe["max_weight_bits"]),
            "serial_weight": weight_bits * -(-activation_bits // pe["max_activation_bits"]),
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
