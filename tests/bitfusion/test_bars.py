"""A nest of pgsim's own moves no more than Bit Fusion's authors' search does, and is no slower.

Expected values are the published formulas', which give every published figure (test_formulas.py).
A plain run takes some layers; all of them, and more at random, are asked for by

    PGSIM_BITFUSION_LAYERS=300 python -m pytest tests/bitfusion/test_bars.py
"""

from __future__ import annotations

import os
from random import Random

import pytest

from bitfusion.formulas import COLUMNS, ROWS, Layer, stats_of
from bitfusion.published import any_layer, counts_of, published

# The first search compiles its kernels, which takes longest of all: one process does it.
pytestmark = pytest.mark.xdist_group("search")

ASKED = int(os.environ.get("PGSIM_BITFUSION_LAYERS", "0"))
PLAIN = [  # of few nests
    ("SVHN", "fc7"),
    ("SVHN", "fc8"),
    ("CIFAR10", "fc7"),
    ("LeNet-5", "conv0"),
    ("LeNet-5", "conv1"),
]


def layers() -> dict[Layer, str]:
    """The published layers, or some of them, and random ones."""
    rng = Random(0)
    found = {
        row.shape: f"{row.network} {row.layer}"
        for row in published()
        if ASKED or (row.network, row.layer) in PLAIN
    }
    drawn = [any_layer(rng, by_im2col=index % 6 == 0) for index in range(ASKED or 2)]
    return found | {shape: f"drawn {index}" for index, shape in enumerate(drawn)}


each_layer = pytest.mark.parametrize("shape", layers(), ids=list(layers().values()))


@each_layer
def test_no_more_bits_cross_the_dram_interface(shape: Layer) -> None:
    found = counts_of(shape, "dram")
    assert 8 * (found["dram_read_bytes"] + found["dram_write_bytes"]) <= stats_of(shape).dram_bits


@each_layer
def test_no_more_cycles_pass_but_those_of_the_skew(shape: Layer) -> None:
    assert counts_of(shape, "latency")["cycles"] <= stats_of(shape).cycles + ROWS + COLUMNS
