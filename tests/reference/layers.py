"""M1-M5: layers, the passes of a scheme, and what a processing element does in how many cycles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pair = tuple[int, int]

MOST_BITS = 16  # of an operand

VALUE_KINDS = ("zero_skip", "pragmatic", "laconic", "tactical_essential", "tactical_precision")


@dataclass(frozen=True)
class Axis:
    """M1, M50. One dimension of a convolution, and how its taps lie on its inputs."""

    size: int = 1
    kernel: int = 1
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def outputs(self) -> int:
        room = self.size + self.before + self.after - self.dilation * (self.kernel - 1) - 1
        return room // self.stride + 1

    def under(self, output: int) -> list[int | None]:
        """The input under each tap of one output; None in the padding."""
        first = output * self.stride - self.before
        places = [first + tap * self.dilation for tap in range(self.kernel)]
        return [place if 0 <= place < self.size else None for place in places]


@dataclass(frozen=True)
class Layer:
    """M1. A layer as a convolution of frames of rows and columns: a linear layer is one column of
    tokens under a 1 x 1 kernel, and a recurrent one a single pixel per time step. Rows are counted
    through all frames (M50)."""

    op: str
    in_channels: int
    out_channels: int
    groups: int
    frames: Axis
    rows: Axis
    columns: Axis
    time_steps: int
    activation_bits: int
    msb_bits: int
    weight_bits: int
    gate: str

    @property
    def out_size(self) -> Pair:
        return self.frames.outputs * self.rows.outputs, self.columns.outputs

    @property
    def fits(self) -> bool:
        """Whether the kernel lies within the padded input along each axis."""
        return min(self.frames.outputs, self.rows.outputs, self.columns.outputs) >= 1

    @property
    def positions_per_step(self) -> int:
        """Positions of one image in one run: all of them, or one time step's."""
        return self.out_size[0] * self.out_size[1]

    @property
    def pixels(self) -> int:
        """Input pixels of one image in one run."""
        return self.frames.size * self.rows.size * self.columns.size

    @property
    def group_channels(self) -> int:
        return self.out_channels // self.groups

    @property
    def group_in_channels(self) -> int:
        return self.in_channels // self.groups

    @property
    def kernel_rows(self) -> int:
        """Rows of the kernel, in all of its frames."""
        return self.frames.kernel * self.rows.kernel

    @property
    def taps(self) -> int:
        return self.kernel_rows * self.columns.kernel

    @property
    def reduction(self) -> int:
        return self.taps * self.group_in_channels

    def rows_under(self, out_row: int) -> list[int | None]:
        """The input row under each row of the kernel, frame by frame; None in the padding."""
        frame, row = divmod(out_row, self.rows.outputs)
        return [
            None if z is None or y is None else z * self.rows.size + y
            for z in self.frames.under(frame)
            for y in self.rows.under(row)
        ]

    def window_pixels(self, position: int) -> list[int | None]:
        """The input pixel under each kernel tap of one output position; None in the padding."""
        out_row, out_column = divmod(position, self.out_size[1])
        return [
            None if y is None or x is None else y * self.columns.size + x
            for y in self.rows_under(out_row)
            for x in self.columns.under(out_column)
        ]


def layer_of(manifest: Mapping[str, Any]) -> Layer:
    """A layer from its trace manifest entry."""
    frames, rows, columns = _axes(manifest)
    return Layer(
        op=manifest["op"],
        in_channels=manifest["in_channels"],
        out_channels=manifest["out_channels"],
        groups=manifest.get("groups", 1),
        frames=frames,
        rows=rows,
        columns=columns,
        time_steps=manifest["time_steps"] if manifest["op"] == "recurrent" else 1,
        activation_bits=manifest["activation_bits"],
        msb_bits=manifest.get("msb_bits") or manifest["activation_bits"],
        weight_bits=manifest["weight_bits"],
        gate=manifest["gate"],
    )


def _axes(manifest: Mapping[str, Any]) -> tuple[Axis, Axis, Axis]:
    """M1, M50: frames, rows and columns."""
    if "in_size" not in manifest:
        return (
            Axis(),
            Axis(manifest["positions"] if manifest["op"] in ("linear", "matmul") else 1),
            Axis(),
        )
    sizes, number = manifest["in_size"], len(manifest["in_size"])
    padding = list(manifest.get("padding", [0] * number))
    if len(padding) == number:  # one number for both ends
        padding = [margin for margin in padding for _ in range(2)]
    axes = [
        Axis(
            sizes[d],
            manifest["kernel"][d],
            manifest.get("stride", [1] * number)[d],
            padding[2 * d],
            padding[2 * d + 1],
            manifest.get("dilation", [1] * number)[d],
        )
        for d in range(number)
    ]
    if manifest["op"] == "conv1d":
        return Axis(), axes[0], Axis()
    return (axes[0], axes[1], axes[2]) if manifest["op"] == "conv3d" else (Axis(), axes[0], axes[1])


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
    the outputs whose mask bit is 1, or takes only the pixels whose bit is 1, as the layer's gate
    is."""

    activation: Plane
    weight: Plane
    gated: bool = False
    parts: tuple[Pass, ...] = ()  # M53: the passes that an array of variable speed takes at once

    @property
    def activation_bits(self) -> int:
        return self.activation.bits

    @property
    def weight_bits(self) -> int:
        return self.weight.bits


def at_speed(layer: Layer, passes: list[Pass], speed: str) -> list[Pass]:
    """M53: the sweeps of an array: with variable speed one, of a layer whose inputs are gated."""
    if speed != "variable" or layer.gate != "input" or not any(one.gated for one in passes):
        return passes
    planes = []
    for operand in ("activation", "weight"):
        bits = bits_of(passes, operand)
        assert bits == set(range(min(bits), max(bits) + 1)), "planes with a gap"
        planes.append(Plane(min(bits), len(bits)))
    return [Pass(*planes, gated=True, parts=tuple(passes))]


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
    if any(one.gated for one in passes) and layer.gate == "none":
        raise ValueError("a layer without a gate has no mask for a gated pass")
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
    if kind == "odq" and layer.gate != "none":
        upper_bits, strong_bits = map(int, widths.split(","))
        high, low = planes_from_the_top([upper_bits, layer.activation_bits - upper_bits])
        strong, weak = planes_from_the_top([strong_bits, layer.weight_bits - strong_bits])
        others = ((high, weak), (low, strong), (low, weak))
        return [Pass(high, strong), *(Pass(*both, gated=True) for both in others)]
    if kind == "seernet" and layer.gate != "none":
        high, _ = planes_from_the_top([int(widths), layer.activation_bits - int(widths)])
        strong, _ = planes_from_the_top([int(widths), layer.weight_bits - int(widths)])
        return [Pass(high, strong), Pass(whole[0].activation, whole[0].weight, gated=True)]
    if kind in ("odq", "seernet"):
        return whole
    if kind not in ("full", "pg", "dual_dense", "msb_only"):
        raise ValueError(f"no scheme is called {scheme}")
    if kind == "full":
        return whole
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
    if pe["kind"].startswith("serial") or pe["kind"] == "binary":
        cycles = {
            "binary": 1,
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
