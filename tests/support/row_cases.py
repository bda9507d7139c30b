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
    shape = layer_of(drawn.layer)
    scheme = rng.choice(("full", "full", "uniform:8,8", "uniform:3,5"))
    array = drawn.arch["array"] | {"dataflow": "row_stationary", "lanes": "channels"}
    array["rows"] = max(array["rows"], shape.kernel[0])
    array["register_files"] = _register_files(rng, shape.kernel[1], shape.dilation[1])
    lsb = drawn.arch["lsb"] | {"lane_order": "raster", "window": "auto"}
    arch: dict[str, Any] = drawn.arch | {"array": array, "lsb": lsb}
    bits = arch["memory"]["output_sram"]["kib"] * 8192 // 2
    macs, cycles = macs_and_cycles(array["pe"], *_widths(drawn.layer, scheme))
    work = shape.positions_per_step * shape.reduction * shape.out_channels * shape.time_steps
    if bits < 32 * shape.out_size[1] or drawn.images * work * cycles > PE_CYCLES:
        return None
    return Case(
        seed=seed,
        layer=drawn.layer,
        arch=arch,
        scheme=scheme,
        images=drawn.images,
        mask=drawn.mask,
        calibration_images=0,
        calibration_mask=None,
        output_bits=output_bits_of(drawn.layer, arch, scheme),
    )


def _register_files(rng: Random, width: int, dilation: int) -> dict[str, int]:
    window = dilation * (width - 1) + 1
    return {
        "activation_words": window * rng.choice((1, 1, 2, 3, 5)) + rng.choice((0, 0, 1)),
        "weight_words": width * rng.choice((1, 2, 4, 9)) + rng.choice((0, 0, 1)),
        "sum_words": rng.choice((1, 2, 3, 5)),
    }


def _widths(layer: dict[str, Any], scheme: str) -> tuple[int, int]:
    (one,) = passes_of(layer_of(layer), scheme)
    return one.activation_bits, one.weight_bits
