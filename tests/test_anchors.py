"""Anchors: published formulas and figures, in settings that pgsim shares with their sources."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
import pytest
from designs import conv, design, linear, trace_of

from pgsim import GateTrace, LayerShape, load_arch, simulate

UNGATED: dict[str, Any] = {"gate": "none", "msb_bits": None}


def product_of(layer: LayerShape) -> dict[str, int]:
    """M, N and K of the matrix product that SCALE-Sim makes of a layer: positions, channels, D."""
    return {"m": layer.outputs_per_channel, "n": layer.out_channels, "k": layer.reduction}


# SCALE-Sim (Samajdar et al., arXiv 1811.02883): each fold runs by itself. In its simulator an `os`
# fold streams T operands with the skew of R rows and C columns, T + R + C - 2 cycles; a `ws` or
# `is` fold first loads for R cycles. T is the dimension that is not on the array.
LAYERS = {
    "resnet18 conv3_1": conv(64, 128, 56, 3, stride=[2, 2], padding=[1, 1], **UNGATED),
    "small conv": conv(3, 5, 8, 3, **UNGATED),
    "fully connected": linear(7, 100, 33, **UNGATED),
    "one output": linear(1, 50, 1, **UNGATED),
}
ARRAYS = ((32, 32), (8, 16), (16, 8), (1, 1), (128, 4))


@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize(
    ("dataflow", "rows_hold", "columns_hold", "streams"),
    [("os", "m", "n", "k"), ("ws", "k", "n", "m"), ("is", "k", "m", "n")],
)
def test_cycles_without_overlap_are_those_of_scale_sim(
    layer: LayerShape,
    array: tuple[int, int],
    dataflow: str,
    rows_hold: str,
    columns_hold: str,
    streams: str,
) -> None:
    rows, columns = array
    size = product_of(layer)
    folds = ceil(size[rows_hold] / rows) * ceil(size[columns_hold] / columns)
    load = 0 if dataflow == "os" else rows
    expected = folds * (load + size[streams] + rows + columns - 2)

    large = {f"memory.{name}_sram.kib": 1 << 20 for name in ("activation", "weight", "output")}
    shape = {"array.rows": rows, "array.columns": columns, "array.dataflow": dataflow}
    arch = design(large | shape | {"array.overlap": "none"})
    found = simulate(trace_of(layer), arch, "full").summary
    assert found["msb_cycles"] + found["lsb_cycles"] + found["bubble_cycles"] == expected


# Bit Fusion (ISCA 2018): the authors' simulator counts, for a batch b on N = 16 rows by M = 32
# columns, b * ceil(oc / M) * ow * oh * kw * kh * ceil(ic / (N * p)) cycles, where a unit of 8 bits
# works on p = floor(8 / max(a, 2)) * floor(8 / max(w, 2)) products. A network's first layer takes
# b * ceil(oc / M) * ow * oh * ceil(kw * kh * ic / (N * p)). Layers and widths are those of its
# benchmarks; the counts were worked by hand. All its published layers are in tests/bitfusion.
def at(bits: int) -> dict[str, Any]:
    """An ungated layer whose activations and weights have that width."""
    return UNGATED | {"activation_bits": bits, "weight_bits": bits}


# AlexNet (WRPN, twice as wide), conv1_a: 16 * 3 * 55 * 55 * ceil(363 / 16), as is published.
FIRST = conv(3, 96, 227, 11, stride=[4, 4], name="first", **at(8)), 3_339_600
BENCHMARKS = [
    # conv2_a at 4 by 4 bits: 16 * 8 * 27 * 27 * 25 * ceil(96 / 64)
    (conv(96, 256, 27, 5, padding=[2, 2], **at(4)), 4_665_600),
    # conv3_a: 16 * 12 * 13 * 13 * 9 * ceil(512 / 64)
    (conv(512, 384, 13, 3, padding=[1, 1], **at(4)), 2_336_256),
    # CIFAR-10, conv1 at 2 by 2 bits: 16 * 4 * 32 * 32 * 9 * ceil(128 / 256)
    (conv(128, 128, 32, 3, padding=[1, 1], **at(2)), 589_824),
    # SVHN, conv1, binary, computed at 2 bits: 16 * 2 * 32 * 32 * 9 * ceil(64 / 256)
    (conv(64, 64, 32, 3, padding=[1, 1], **at(1)), 294_912),
    # LSTM at 4 by 4 bits: 16 * ceil(3600 / 32) * ceil(3600 / 64)
    (linear(1, 3600, 3600, **at(4)), 103_056),
]


@pytest.mark.parametrize(("layer", "expected"), BENCHMARKS)
def test_steady_cycles_are_those_of_bit_fusion(layer: LayerShape, expected: int) -> None:
    first, expected_first = FIRST
    trace = GateTrace.from_masks({}, [first, layer], images=16)
    design_as_published = load_arch("bitfusion_isca_2018").override({"mapping": "fixed"})
    result = simulate(trace, design_as_published, "full")
    assert result.layers["msb_cycles"].tolist() == [expected_first, expected]


def test_a_fusion_array_is_four_times_as_fast_at_2_bits_as_at_8() -> None:
    # Bit Fusion, section 2: four 2 x 8 products where one 8 x 8 stood.
    layer = conv(64, 16, 18, 3, **at(8))
    fusion = {"array.rows": 16, "array.columns": 16, "array.pe.kind": "fusion"}
    for dataflow in ("os", "ws", "is", "bitfusion"):
        arch = design(fusion | {"array.dataflow": dataflow})
        eight, two = (
            simulate(trace_of(layer), arch, f"uniform:{bits},8").summary["msb_cycles"]
            for bits in (8, 2)
        )
        # 256 positions by 16 channels by 576 MACs over 256 PEs: 16 * 576 cycles at 8 by 8 bits.
        assert (eight, two) == (9216, 2304)


# Precision Gating (arXiv 2002.07136): the average bitwidth of an activation is B_hb + (1 - Sp) *
# (B - B_hb), Sp the share of outputs that are not updated.
@pytest.mark.parametrize(
    ("bits", "msb_bits", "sparsity", "average"),
    [(4, 2, 0.75, 2.5), (5, 3, 0.6, 3.8), (8, 4, 0.0, 8.0), (4, 3, 1.0, 3.0)],
)
def test_average_bits_are_those_of_the_paper(
    bits: int, msb_bits: int, sparsity: float, average: float
) -> None:
    updated = round(20 * (1 - sparsity))
    mask = np.zeros((1, 4, 5), bool)
    mask.reshape(-1)[:updated] = True
    layer = linear(5, 3, 4, activation_bits=bits, msb_bits=msb_bits)
    result = simulate(trace_of(layer, mask), design())
    assert result.layers["average_bits"].tolist() == pytest.approx([average], rel=1e-12)
    assert result.summary["gated_average_bits"] == pytest.approx(average, rel=1e-12)
    assert result.summary["gated_density"] == pytest.approx(1 - sparsity, rel=1e-12)
