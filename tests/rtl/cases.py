"""Seeded cases for a build: a layer, an architecture around the build, and every operand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
from convolutions import uneven
from random_passes import MOST_PASSES, random_passes
from reference import Nest, Pass
from reference.layers import Scheme, layer_of, passes_of

from rtl.arithmetic import Geometry, Integers, geometry, leading_passes, pass_sums
from rtl.builds import Build

MACS = 120_000
ELEMENTS = 1 << 16  # of an operand memory
PE_CYCLES = 400_000

KERNELS = ((1, 1), (1, 1), (3, 3), (3, 3), (2, 2), (1, 3), (3, 1), (5, 5))
SCHEMES = ("pg",) * 8 + ("dual_dense", "full", "msb_only")


@dataclass(frozen=True)
class Case:
    """What one simulation needs; activations and weights as `arithmetic` takes them.

    The scheme is a name, or the layer's passes. A gate opens where the sum of the passes before
    the first gated one, at full scale, exceeds its channel's threshold.
    """

    build: Build
    seed: int
    layer: dict[str, Any]
    arch: dict[str, Any]
    scheme: Scheme
    activations: Integers
    weights: Integers
    thresholds: Integers
    nest: Nest | None = None
    pixels: npt.NDArray[np.bool_] | None = None  # (images, pixels), of a layer with gated inputs

    @property
    def shape(self) -> Geometry:
        return geometry(self.layer)

    @property
    def passes(self) -> list[Pass]:
        return passes_of(layer_of(self.layer), self.scheme)


def random_case(build: Build, seed: int) -> Case:
    """The case of a seed under a scheme that has a name, the same for ever."""
    rng = Random(f"{build.name} {seed}")
    scheme = rng.choice(SCHEMES)
    layer, images = _layer(rng, build), rng.choice((1, 1, 2, 3))
    while not _small(layer, images, build):
        layer, images = _layer(rng, build), rng.choice((1, 1, 2, 3))
    return _case(rng, build, seed, layer, images, scheme)


def random_passes_case(build: Build, seed: int) -> Case:
    """The case of a seed under one to four passes, dense and gated, over any planes.

    Every third seed has as many passes as the RTL takes.
    """
    rng = Random(f"{build.name} passes {seed}")
    least = MOST_PASSES if seed % 3 == 0 else 1
    while True:
        layer, images = _wide(rng, build, _layer(rng, build)), rng.choice((1, 1, 2, 3))
        passes = random_passes(rng, layer)
        fits = _small(layer, images, build, passes) and _sums_fit(layer, passes)
        if fits and len(passes) >= least:
            return _case(rng, build, seed, layer, images, passes)


def pixels_case(build: Build, seed: int) -> Case:
    """The case of a seed under a mask of input pixels (M52), of `pg` or of any passes."""
    rng = Random(f"{build.name} pixels {seed}")
    while True:
        layer, images = _wide(rng, build, _layer(rng, build)), rng.choice((1, 1, 2, 3))
        layer |= {"gate": "input"}
        scheme = "pg" if rng.random() < 0.6 else random_passes(rng, layer)
        passes = passes_of(layer_of(layer), scheme)
        if not (_small(layer, images, build, passes) and _sums_fit(layer, passes)):
            continue
        if not any(one.gated for one in passes):
            continue
        case = _case(rng, build, seed, layer, images, scheme)
        return replace(case, pixels=_regions(rng, images, geometry(layer).in_size))


def _regions(rng: Random, images: int, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Important regions of one pixel, or of some side by side, (images, pixels)."""
    bits, side = np.random.default_rng(rng.randrange(2**32)), rng.choice((1, 1, 3, 4))
    density = rng.choice((0.0, 0.05, 0.2, 0.2, 0.5, 0.9, 1.0))
    coarse = bits.random((images, *(-(-each // side) for each in size))) < density
    pixels = coarse.repeat(side, axis=1).repeat(side, axis=2)[:, : size[0], : size[1]]
    return pixels.reshape(images, -1)


def _case(
    rng: Random, build: Build, seed: int, layer: dict[str, Any], images: int, scheme: Scheme
) -> Case:
    """Draw operands, the architecture around the build, and thresholds for the passes that lead."""
    bits = np.random.default_rng(rng.randrange(2**32))
    activations, weights = _activations(rng, bits, layer, images), _weights(bits, layer)
    passes = passes_of(layer_of(layer), "pg" if isinstance(scheme, str) else scheme)
    leading = passes[: leading_passes(passes)]
    case = Case(
        build=build,
        seed=seed,
        layer=layer,
        arch=architecture(build, _memory(rng, build), _window(rng, build), rng.choice((1, 1, 2))),
        scheme=scheme,
        activations=activations,
        weights=weights,
        thresholds=_thresholds(
            rng, bits, sum(pass_sums(one, activations, weights, layer) for one in leading)
        ),
    )
    memory = case.arch["memory"]
    memory["ports"] = rng.choice(("slots", "all"))
    if memory["ports"] == "all":
        memory["output_sram"]["banks"] = rng.choice((1, 4, 16, 16))
    return case


def architecture(
    build: Build, memory: dict[str, Any], window: int | str, batch: int
) -> dict[str, Any]:
    """The architecture file of a build, as a dictionary."""
    return {
        "name": "rtl",
        "source": "tests/rtl",
        "clock_mhz": 500,
        "technology": "45nm",
        "array": {
            "rows": build.rows,
            "columns": build.columns,
            "dataflow": build.dataflow,
            "lanes": build.lanes,
            "overlap": build.overlap,
            "pe": {
                "kind": build.kind,
                "max_activation_bits": build.max_activation_bits,
                "max_weight_bits": build.max_weight_bits,
                "terms": build.terms,
            },
        },
        "lsb": {
            "scheduler": build.scheduler,
            "ways": build.ways,
            "open": build.open,
            "depth": build.depth,
            "scan": build.scan,
            "window": window,
            "lane_order": "raster",
            "gate_latency_cycles": build.gate_latency_cycles,
        },
        "memory": memory | {"double_buffered": build.double_buffered},
        "batch": batch,
    }


def _layer(rng: Random, build: Build) -> dict[str, Any]:
    op = rng.choice(("conv2d",) * 5 + ("linear", "recurrent"))
    activation_bits = rng.randint(2, min(8, _widest(build)))
    groups = rng.choice((1, 1, 1, 1, 2, 3))
    layer: dict[str, Any] = {
        "name": "layer",
        "op": op,
        "in_channels": groups * rng.choice((1, 2, 3, 5, 8)),
        "out_channels": groups * rng.choice((1, 3, 5, 8, *(build.columns, 2 * build.columns) * 2)),
        "groups": groups,
        "activation_bits": activation_bits,
        "msb_bits": rng.randint(1, activation_bits - 1),
        "weight_bits": rng.randint(2, 8),
        "gate": "output",
        "signed": rng.random() < 0.25,
    }
    if op != "conv2d":
        layer["in_channels"] = groups * rng.choice((1, 7, 16, 40, 70))
        key = "positions" if op == "linear" else "time_steps"
        return layer | {key: rng.choice((1, 2, rng.randint(3, 40 if op == "linear" else 4)))}
    while True:
        kernel = rng.choice(KERNELS)
        sides = {
            "in_size": [rng.choice((1, 4, 5, 8, 11, 13)), rng.choice((2, 5, 8, 11, 13))],
            "kernel": list(kernel),
            "stride": [rng.choice((1, 1, 2, 3)) for _ in range(2)],
            "padding": [rng.choice((0, side // 2, side // 2, 2)) for side in kernel],
            "dilation": [rng.choice((1, 1, 1, 2)) for _ in range(2)],
        }
        if min(geometry(layer | sides).out_size) >= 1:
            return layer | sides | {"padding": uneven(sides["padding"], sides)}


def _wide(rng: Random, build: Build, layer: dict[str, Any]) -> dict[str, Any]:
    """Now and then a layer with operands wider than a byte, where the PEs' slices allow it."""
    if _widest(build) < 16 or rng.random() < 0.7:
        return layer
    return layer | {rng.choice(("activation_bits", "weight_bits")): rng.randint(9, 16)}


def _widest(build: Build) -> int:
    """The widest activations: PEs take at most two slices of them, or go bit by bit."""
    return 16 if build.kind.startswith("serial") else 2 * build.max_activation_bits


def _small(
    layer: dict[str, Any], images: int, build: Build, passes: Sequence[Pass] | None = None
) -> bool:
    """Whether a case is small enough to be run by the hundred; passes: if they have no name."""
    shape = geometry(layer)
    positions = images * shape.out_size[0] * shape.out_size[1]
    channels = shape.groups * shape.channels
    macs = positions * channels * shape.reduction
    cells = shape.reduction * max(positions * shape.groups, channels)
    products = [layer["activation_bits"] * layer["weight_bits"]]
    if passes:
        products = [one.activation.bits * one.weight.bits for one in passes]
    bits = sum(products) if build.kind.startswith("serial") else len(products)
    fits = macs * len(products) <= MACS and cells <= ELEMENTS
    return fits and macs * bits / build.terms <= PE_CYCLES


def _sums_fit(layer: dict[str, Any], passes: Sequence[Pass]) -> bool:
    """Whether no sum of all passes exceeds 32 bits."""
    tops = (plane.low + plane.bits for one in passes for plane in (one.activation, one.weight))
    products = sum(2 ** sum(pair) for pair in zip(*[tops] * 2, strict=True))
    return geometry(layer).reduction * products < 2**31


def _memory(rng: Random, build: Build) -> dict[str, Any]:
    """Ports from too narrow to ample, DRAM likewise; buffers that some operands do not fit."""

    def sram(kib: int) -> dict[str, Any]:
        ports = {"banks": rng.choice((1, 2, 4, 16)), "port_bits": rng.choice((8, 16, 64))}
        return {"kib": kib} | ports

    speeds = (1, 2, 4, 16, 64, 1024)
    return {
        "activation_sram": sram(rng.choice((1, 1, 4, 64))),
        "weight_sram": sram(rng.choice((1, 1, 4, 64))),
        "output_sram": {"kib": build.output_sram_kib, "banks": 16, "port_bits": 64},
        "lsb_fetch": rng.choice(("with_msb", "with_msb", "on_demand")),
        "dram": {"kind": "lpddr4", "bytes_per_cycle": rng.choice(speeds), "burst_bytes": 8},
    }


def _window(rng: Random, build: Build) -> int | str:
    """`auto`, one fold, or anything up to what the buffer holds."""
    unit = build.rows if build.dataflow == "os" else 1
    units = build.window_capacity // unit
    few = unit * min(units, rng.randint(2, 4))
    return rng.choice(("auto", "auto", unit, few, unit * rng.randint(1, units)))


def _activations(
    rng: Random, bits: np.random.Generator, layer: dict[str, Any], images: int
) -> Integers:
    """Noise, or waves over the image, whose neighbouring sums and so masks are alike."""
    shape, width = geometry(layer), layer["activation_bits"]
    size = (images, layer["in_channels"], *shape.in_size)
    low, high = (-(2 ** (width - 1)), 2 ** (width - 1)) if layer["signed"] else (0, 2**width)
    if rng.random() < 0.5:
        return bits.integers(low, high, size)
    y, x = np.indices(shape.in_size)
    phases = bits.uniform(0, 6, (images, layer["in_channels"], 1, 1))
    wave = 0.5 + 0.5 * np.sin(phases + y / 2 + x / 3)
    noise = bits.uniform(-0.1, 0.1, size)
    waves: Integers = np.clip(low + (wave + noise) * (high - low), low, high - 1).astype(np.int64)
    return waves


def _weights(bits: np.random.Generator, layer: dict[str, Any]) -> Integers:
    shape, width = geometry(layer), layer["weight_bits"]
    size = (layer["out_channels"], shape.reduction)
    return bits.integers(-(2 ** (width - 1)), 2 ** (width - 1), size)


def _thresholds(rng: Random, bits: np.random.Generator, decided: Integers) -> Integers:
    """Thresholds at which each channel has about a density of its own: 0 and 1 among them.

    decided: the sums that gates compare with them, (images, channels, positions).
    """
    channels = decided.swapaxes(0, 1).reshape(decided.shape[1], -1)
    density = rng.choice((0.0, 0.05, *(0.1, 0.15, 0.2, 0.3, 0.5) * 3, 0.9, 1.0))
    spread = bits.choice(rng.choice(((1.0,), (0.0, 0.5, 1.0, 2.0))), len(channels))
    wanted = np.clip(density * spread if 0 < density < 1 else density + 0 * spread, 0, 1)
    closed = (1 - wanted) * channels.shape[1]  # of each channel's gates, on average
    ranks = np.floor(closed + bits.random(len(channels))).astype(np.int64)
    levels = np.sort(np.hstack([channels.min(axis=1, keepdims=True) - 1, channels]), axis=1)
    chosen: Integers = levels[np.arange(len(channels)), np.minimum(ranks, channels.shape[1])]
    return chosen
