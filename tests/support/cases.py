"""Seeded small cases that are nasty on purpose: a seed gives the same case for ever.

`random_case` draws one of the schemes that have names, `random_passes_case` any list of passes.

A case holds plain dictionaries and nested tuples, as tests/reference takes them, so that it favours
neither model. Sizes are bounded by the PE-cycles that the reference has to step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from convolutions import of_any_dimension, uneven
from random_passes import random_passes
from reference import Pass, output_bits_of
from reference.layers import Scheme, at_speed, layer_of, passes_of
from reference.mapping import Job

MaskPlanes = tuple[tuple[tuple[int, ...], ...], ...]  # [image][channel][position]

PE_CYCLES = 100_000  # at most this many are stepped per case, idle PEs included
MACS = 40_000

ARRAY_SIDES = (1, 1, 2, 3, 4, 4, 5, 8, 10)
KERNELS = ((1, 1), (1, 1), (3, 3), (3, 3), (2, 2), (1, 3), (3, 1), (5, 5))
SCHEDULERS = ("dense", "skip", "combine", "combine", "queue", "queue", "ideal")


@dataclass(frozen=True)
class Case:
    """One layer, one architecture, one scheme, and the masks; in a trace, the calibration images
    come first and are not simulated. `mask` is of the simulated images, None for `gate: none`.
    `scheme` is a scheme's name, or the layer's passes themselves."""

    seed: int
    layer: dict[str, Any]
    arch: dict[str, Any]
    scheme: str | tuple[Pass, ...]
    images: int
    mask: MaskPlanes | None
    calibration_images: int
    calibration_mask: MaskPlanes | None
    output_bits: int


def random_case(seed: int) -> Case:
    """A case of a named scheme."""
    return drawn_case(Random(seed), seed)


def random_passes_case(seed: int) -> Case:
    """A case of 1 to 4 passes over any planes of the operands, dense and gated in any mixture."""
    return drawn_passes_case(Random(seed), seed)


def drawn_case(rng: Random, seed: int) -> Case:
    """A case of a layer alone in its network, so that its own passes give `output_bits`.

    `rng` chooses the layer and the architecture, and a seed for the bits of the masks.
    """
    layer, images = _layer(rng), rng.choice((1, 1, 2, 3, 5))
    while _macs(layer) * images > MACS:
        layer, images = _layer(rng), rng.choice((1, 1, 2, 3, 5))
    return _case(rng, seed, layer, _scheme(rng, layer["gate"]), images)


def drawn_passes_case(rng: Random, seed: int) -> Case:
    """A case as `drawn_case` draws it, but of passes without a name; they share its MACs."""
    while True:
        layer, images = _layer(rng), rng.choice((1, 1, 2, 3, 5))
        passes = random_passes(rng, layer)
        if _macs(layer) * images * len(passes) <= MACS:
            return _case(rng, seed, layer, passes, images)


def pixels_case(seed: int) -> Case:
    """A case under a mask of input pixels (M52), of `pg` or of passes without a name."""
    return drawn_pixels_case(Random(f"pixels {seed}"), seed)


def drawn_pixels_case(rng: Random, seed: int) -> Case:
    """The same as `rng` draws it."""
    while True:
        layer, images = _layer(rng) | {"gate": "input"}, rng.choice((1, 1, 2, 3))
        if layer["msb_bits"] == layer["activation_bits"]:
            continue
        upper = rng.randint(1, layer["activation_bits"] - 1)
        strong = rng.randint(1, max(1, layer["weight_bits"] - 1))
        both = f"odq:{upper},{strong}" if strong < layer["weight_bits"] else "pg"
        scheme = rng.choice(("pg", "pg", both, random_passes(rng, layer)))
        if _macs(layer) * images * len(passes_of(layer_of(layer), scheme)) <= MACS // 2:
            return _at_some_speed(rng, _case(rng, seed, layer, scheme, images))


def _at_some_speed(rng: Random, case: Case) -> Case:
    """The case on an array of variable speed, at times and where it can be (M53)."""
    layer = layer_of(case.layer)
    if rng.random() < 0.4 or case.arch["array"]["dataflow"] == "os":
        return case
    arch = case.arch | {"array": case.arch["array"] | {"speed": "variable"}}
    try:
        passes = at_speed(layer, passes_of(layer, case.scheme), "variable")
        Job(layer, passes, arch).rate(0)
    except AssertionError:  # of passes that no step could take together
        return case
    return replace(case, arch=arch)


def _case(
    rng: Random, seed: int, layer: dict[str, Any], scheme: str | tuple[Pass, ...], images: int
) -> Case:
    """The case of a layer and its passes, on an array that steps it soon enough, under masks."""
    arch = _arch(rng)
    while _pe_cycles(layer, arch, scheme) * images > PE_CYCLES:
        arch = _arch(rng)
    calibration_images = rng.choice((1, 2, 3)) if arch["lsb"]["lane_order"] == "density" else 0
    drawn = rng.randrange(2**32)
    bits = Random(drawn)
    _choose_conventions(Random(f"conventions {drawn}"), arch)
    _choose_memory(Random(f"memory {drawn}"), arch["memory"])
    return Case(
        seed=seed,
        layer=layer,
        arch=arch,
        scheme=scheme,
        images=images,
        mask=_mask(bits, layer, images),
        calibration_images=calibration_images,
        calibration_mask=_mask(bits, layer, calibration_images) if calibration_images else None,
        output_bits=output_bits_of(layer, arch, scheme),
    )


def _bits(rng: Random, least: int) -> int:
    return rng.randint(9, 16) if rng.random() < 0.1 else rng.randint(least, 8)


def _layer(rng: Random) -> dict[str, Any]:
    op = rng.choice(("conv2d",) * 5 + ("linear", "recurrent"))
    gate = rng.choice(("output",) * 7 + ("none", "none", "input"))
    activation_bits = _bits(rng, least=2)
    groups = rng.choice((1, 1, 1, 1, 2, 3))
    few_channels = op == "conv2d"
    layer = {
        "name": "layer",
        "op": op,
        "in_channels": groups
        * rng.choice((1, 2, 3, 4, 7, 16) if few_channels else (1, 5, 16, 70, 150)),
        "out_channels": groups * rng.choice((1, 2, 3, 5, 8, 13, 20)),
        "groups": groups,
        "activation_bits": activation_bits,
        "msb_bits": rng.randint(1, activation_bits - 1),
        "weight_bits": _bits(rng, least=1),
        "gate": gate,
        "signed": rng.random() < 0.2,
    }
    if gate == "none" and rng.random() < 0.5:
        layer["msb_bits"] = activation_bits
    if op == "conv2d":
        return layer | _convolution(rng, layer)
    key = "positions" if op == "linear" else "time_steps"
    most = 40 if op == "linear" else 6
    return layer | {key: rng.choice((1, 2, rng.randint(3, most)))}


def _convolution(rng: Random, layer: dict[str, Any]) -> dict[str, Any]:
    """The fields of a convolution: some are depthwise, and some have input rows, an input or
    weights that a small buffer cannot hold."""
    flavour = rng.choice(("plain",) * 5 + ("depthwise", "wide_rows", "big_input", "many_weights"))
    while True:
        kernel = rng.choice(KERNELS)
        shape: dict[str, Any] = {
            "in_size": [rng.choice((1, 2, 3, 4, 6, 8)), rng.choice((1, 2, 3, 4, 6, 8))],
            "kernel": list(kernel),
            "stride": [rng.choice((1, 1, 2, 3)) for _ in range(2)],
            "padding": [rng.choice((0, side // 2, side // 2, 2)) for side in kernel],
            "dilation": [rng.choice((1, 1, 1, 2)) for _ in range(2)],
        }
        if flavour == "depthwise":
            width, multiplier = rng.choice((1, 2, 3, 6)), rng.choice((1, 1, 2))
            shape |= {"in_channels": width, "out_channels": width * multiplier, "groups": width}
        elif flavour == "wide_rows":
            shape |= {"in_size": [rng.choice((1, 3, 4)), 40], "stride": [1, rng.choice((3, 6))]}
            shape |= {"in_channels": 16, "out_channels": rng.randint(1, 5), "groups": 1}
        elif flavour == "big_input":
            shape |= {"in_size": [12, 12], "stride": [rng.choice((3, 4)), 3]}
            shape |= {"in_channels": 12, "out_channels": rng.randint(2, 12), "groups": 1}
        elif flavour == "many_weights":
            shape |= {"in_size": [rng.randint(1, 3), rng.randint(1, 2)], "padding": [0, 0]}
            shape |= {"in_channels": 60, "out_channels": rng.choice((8, 20)), "groups": 1}
        if layer_of(layer | shape).fits:
            shape["padding"] = uneven(shape["padding"], shape)
            return of_any_dimension(shape)


def _scheme(rng: Random, gate: str) -> str:
    a, w = _bits(rng, least=1), _bits(rng, least=1)
    uniform = rng.choice(("uniform:8,8", "uniform:8", f"uniform:{a}", f"uniform:{a},{w}"))
    if gate == "input":
        return rng.choice(("pg", "pg", "full", uniform))
    return rng.choice(("pg",) * 8 + ("dual_dense", "dual_dense", "full", "msb_only", uniform))


def _pe(rng: Random) -> dict[str, Any]:
    kind = rng.choice(
        ("fixed", "fixed", "fusion", "fusion", "serial_activation", "serial_weight", "serial_both")
    )
    widest = (2, 4, 8, 8, 16) if kind == "fusion" else (1, 2, 3, 4, 8, 8, 16)
    return {
        "kind": kind,
        "max_activation_bits": rng.choice(widest),
        "max_weight_bits": rng.choice(widest),
        "terms": rng.choice((1, 2, 3, 16)),
    }


def _arch(rng: Random) -> dict[str, Any]:
    dataflow = rng.choice(("os", "os", "ws", "is", "bitfusion"))
    lanes = rng.choice(("channels", "positions")) if dataflow == "os" else "channels"
    channel_lanes = dataflow in ("ws", "bitfusion") or (dataflow == "os" and lanes == "channels")
    rows, columns = rng.choice(ARRAY_SIDES), rng.choice(ARRAY_SIDES)
    double_buffered = rng.random() < 0.6
    output_sram = _sram(rng, (1, 1, 1, 2, 32))
    return {
        "name": "random",
        "source": "random case",
        "clock_mhz": 500,
        "technology": "45nm",
        "array": {
            "rows": rows,
            "columns": columns,
            "dataflow": dataflow,
            "lanes": lanes,
            "overlap": rng.choice(("folds", "folds", "none")),
            "pe": _pe(rng),
        },
        "lsb": {
            "scheduler": rng.choice(SCHEDULERS),
            "ways": rng.choice((1, 2, 3, 4, 8)),
            "open": rng.choice((1, 2, 3, 8)),
            "depth": rng.choice((1, 2, 3, 16)),
            "scan": rng.choice((1, 2, 4, 16)),
            "window": _window(rng, rows, columns, dataflow, output_sram["kib"], double_buffered),
            "lane_order": "density" if channel_lanes and rng.random() < 0.3 else "raster",
            "gate_latency_cycles": rng.choice((0, 0, 0, 1, 3)),
        },
        "memory": {
            "activation_sram": _sram(rng, (1, 1, 1, 64)),
            "weight_sram": _sram(rng, (1, 1, 1, 64)),
            "output_sram": output_sram,
            "lsb_fetch": rng.choice(("with_msb", "on_demand")),
            "double_buffered": double_buffered,
            "dram": {
                "kind": "lpddr4",
                "bytes_per_cycle": rng.choice((1, 3, 4, 16, 64)),
                "burst_bytes": rng.choice((8, 16, 32, 64)),
            },
        },
        "batch": rng.choice((1, 1, 2, 3)),
        "output_bits": rng.choice((None, None, None, 8, 16)),
    }


def _choose_conventions(rng: Random, arch: dict[str, Any]) -> None:
    """M47, from numbers of its own, so that a seed's case stays what it is in all else."""
    arch["array"]["first_layer"] = rng.choice(("as_others", "im2col"))
    arch["memory"]["counting"] = rng.choice(("per_read", "per_read", "per_mac"))


def _choose_memory(rng: Random, memory: dict[str, Any]) -> None:
    """M43 and M44, in the same way."""
    memory["ports"] = rng.choice(("slots", "all"))
    memory["dram"] = _in_time(rng, memory["dram"])


def _in_time(rng: Random, dram: dict[str, Any]) -> dict[str, Any]:
    """A DRAM, now and then in gigabytes a second, with pages or with refresh."""
    own = dict(dram)
    if rng.random() < 0.2:
        del own["bytes_per_cycle"]
        own["gb_per_s"] = rng.choice((0.5, 1.7, 8))
    if rng.random() < 0.4:
        own |= {
            "model": "pages",
            "channels": rng.choice((1, 1, 2, 3)),
            "page_bytes": rng.choice((64, 128, 2048)),
            "row_miss_ns": rng.choice((0, 3, 36)),
            "refresh_ns": rng.choice((0, 180)),
            "refresh_interval_ns": rng.choice((200, 3904)),
        }
    return own


def _sram(rng: Random, kib: tuple[int, ...]) -> dict[str, int]:
    return {
        "kib": rng.choice(kib),
        "banks": rng.choice((1, 2, 16)),
        "port_bits": rng.choice((8, 16, 64)),
    }


def _window(
    rng: Random, rows: int, columns: int, dataflow: str, kib: int, double_buffered: bool
) -> int | str:
    """`auto` or a valid number (M8): at most what the buffer holds, under `os` whole folds of R."""
    unit = rows if dataflow == "os" else 1
    cap = kib * 8192 // (2 if double_buffered else 1) // (32 * columns)
    units = max(1, cap // unit)
    return rng.choice(("auto", unit, unit * min(units, rng.randint(1, 12)), unit * units))


def _macs(layer: dict[str, Any]) -> int:
    """MACs of one image."""
    shape = layer_of(layer)
    outputs = shape.positions_per_step * shape.time_steps * shape.out_channels
    return outputs * shape.reduction


def _pe_cycles(layer: dict[str, Any], arch: dict[str, Any], scheme: Scheme) -> int:
    """About how many PE-cycles the reference steps per image, were every pass dense."""
    shape = layer_of(layer)
    job = Job(shape, passes_of(shape, scheme), arch)
    slots, lanes = shape.positions_per_step, shape.group_channels
    if not job.slots_are_positions:
        slots, lanes = lanes, slots
    lane_groups = -(-lanes // job.columns) * shape.groups
    cycles = 0
    for index in range(len(job.passes)):
        macs, cycles_of_step = job.rate(index)
        steps = slots * job.reduction_folds(index)
        if job.dataflow == "os":
            steps = -(-slots // job.rows) * -(-shape.reduction // macs)
        cycles += lane_groups * steps * cycles_of_step
    return cycles * shape.time_steps * job.rows * job.columns


def _mask(rng: Random, layer: dict[str, Any], images: int) -> MaskPlanes | None:
    """A mask of a shape that schedulers trip over; for `gate: input`, of the input pixels."""
    if layer["gate"] == "none":
        return None
    shape = layer_of(layer)
    channels, positions = shape.out_channels, shape.positions_per_step * shape.time_steps
    if layer["gate"] == "input":
        channels, positions = 1, shape.pixels * shape.time_steps
    kind = rng.choice(("zeros", "ones", "one_bit", "half_empty", "one_lane", *("random",) * 9))
    density = rng.choice((0.02, 0.1, 0.2, 0.3, 0.5, 0.9))
    spread = [min(1.0, density * rng.choice((0, 0.5, 1, 2))) for _ in range(channels)]
    lone = rng.randrange(images), rng.randrange(channels), rng.randrange(positions)

    def bit(image: int, channel: int, position: int) -> int:
        if kind == "one_bit":
            return int((image, channel, position) == lone)
        if kind == "half_empty":
            return int(position >= positions // 2 and rng.random() < 0.5)
        if kind == "one_lane":
            return int(channel == lone[1])
        return {"zeros": 0, "ones": 1, "random": int(rng.random() < spread[channel])}[kind]

    return tuple(
        tuple(tuple(bit(i, c, p) for p in range(positions)) for c in range(channels))
        for i in range(images)
    )
