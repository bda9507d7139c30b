"""Seeded small cases of row stationary: layers, arrays and register files that just hold them."""

from __future__ import annotations

from random import Random
from typing import Any

from cases import Case, drawn_case
from reference import output_bits_of
from reference.layers import layer_of, macs_and_cycles, passes_of

PE_CYCLES = 60_000


def row_case(seed: int) -> Case:
    """A case of one pass, cut from one of `cases` so that its register files hold a kernel row."""
    rng = Random(seed)
    while (case := _drawn(rng, seed)) is None:
        pass
    return case


def _drawn(rng: Random, seed: int) -> Case | None:
    drawn = drawn_case(rng, seed)
    layer = drawn.layer | _channels(rng, drawn.layer["groups"])
    shape = layer_of(layer)
    scheme = rng.choice(("full", "full", "uniform:8,8", "uniform:3,5"))
    array = drawn.arch["array"] | {"dataflow": "row_stationary", "lanes": "channels"}
    array["rows"] = max(array["rows"], shape.kernel_rows)
    array["register_files"] = _register_files(rng, shape.columns.kernel, shape.columns.dilation)
    arch: dict[str, Any] = drawn.arch | {
        "array": array,
        "lsb": drawn.arch["lsb"] | {"lane_order": "raster", "window": "auto"},
        "batch": rng.choice((1, 2, 3)),
        "memory": drawn.arch["memory"] | {"ports": "slots"},  # others are refused
    }
    if rng.random() < 0.3:
        arch["memory"]["activation_sram"] |= {"banks": 1, "port_bits": 8}
    sums = arch["memory"]["output_sram"]["kib"] * 8192 // 2 // 32
    (one,) = passes_of(shape, scheme)
    _, cycles = macs_and_cycles(array["pe"], one.activation_bits, one.weight_bits)
    macs = shape.positions_per_step * shape.reduction * shape.out_channels * shape.time_steps
    if sums < shape.out_size[1] or drawn.images * macs * cycles > PE_CYCLES:
        return None
    return Case(
        seed=seed,
        layer=layer | {"gate": "none"},
        arch=arch,
        scheme=scheme,
        images=drawn.images,
        mask=None,
        calibration_images=0,
        calibration_mask=None,
        output_bits=output_bits_of(layer, arch, scheme),
    )


def _channels(rng: Random, groups: int) -> dict[str, int]:
    return {
        "in_channels": groups * rng.choice((1, 2, 3, 5, 7)),
        "out_channels": groups * rng.choice((1, 3, 5, 8)),
    }


def _register_files(rng: Random, width: int, dilation: int) -> dict[str, int]:
    window = dilation * (width - 1) + 1
    return {
        "activation_words": window * rng.choice((1, 2, 3, 5)) + rng.choice((0, 0, 1)),
        "weight_words": width * rng.choice((1, 2, 4, 9, 15)) + rng.choice((0, 0, 1)),
        "sum_words": rng.choice((1, 2, 3, 5)),
    }
