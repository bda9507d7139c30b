"""pgsim's shipped design beside what Bit Fusion's authors publish: array cycles, buffer accesses.

All in the fixed order of loops, which computes on nothing twice. A nest whose blocks of channels do
not fill the columns takes the array longer, where it waits for DRAM anyway.

Expected values are the published figures and the formulas behind them. DRAM and total cycles, which
follow a loop nest, are in test_bars.py.
"""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from bitfusion.formulas import BATCH, SUM_BITS, Layer, compute_cycles
from bitfusion.published import Published, any_layer, counts_of, published, trace_of
from pgsim import GateTrace, load_arch, simulate

DISTINCT = {each.shape: each for each in published()}
each_layer = pytest.mark.parametrize(
    "row", DISTINCT.values(), ids=lambda row: f"{row.network} {row.layer}"
)
SEEDS = 300

# Layers whose channels are no multiple of the columns, which the authors fill up.
FILLED_UP = {("AlexNet", "fc3"), ("SVHN", "fc8"), ("CIFAR10", "fc8"), ("LeNet-5", "fc2")}


counts = cache(counts_of)


@each_layer
def test_the_array_takes_the_published_cycles(row: Published) -> None:
    found = counts(row.shape)["msb_cycles"]
    assert found == compute_cycles(row.shape)
    assert found < row.compute_cycles if row.is_rounded_up else found == row.compute_cycles


@each_layer
def test_operands_are_read_once_a_mac_as_published(row: Published) -> None:
    found = counts(row.shape)
    read = 8 * found["weight_sram_read_bytes"], 8 * found["activation_sram_read_bytes"]
    published_bits = row.wbuf_read_bits, row.ibuf_read_bits
    if row.is_rounded_up or (row.network, row.layer) == ("AlexNet", "fc3"):
        # Tiles of 32 channels make 1024 of fc3's 1000.
        assert read < published_bits
    else:
        assert read == published_bits


@each_layer
def test_sums_come_once_from_the_array_and_once_to_dram(row: Published) -> None:
    """Theirs come as often as their tiles cut the reduction, for channels filled up to columns."""
    shape, found = row.shape, counts(row.shape)
    outputs = BATCH * shape.out_size**2 * shape.out_channels
    once = outputs * SUM_BITS
    assert 8 * found["output_sram_read_bytes"] == 8 * found["output_sram_write_bytes"] == 2 * once
    assert row.obuf_read_bits == row.obuf_write_bits >= 2 * once
    of_array = row.obuf_read_bits - row.dram_write_bits
    if not row.is_rounded_up and (row.network, row.layer) not in FILLED_UP:
        assert of_array % once == row.dram_write_bits % once == 0


def test_most_layers_have_the_published_sums() -> None:
    same = [
        row
        for row in published()
        if row.obuf_read_bits == 8 * counts(row.shape)["output_sram_read_bytes"]
    ]
    assert len(same) == 35  # the others cut the reduction, or fill columns up


@pytest.mark.parametrize("first", [False, True])
def test_any_layer_takes_the_cycles_of_the_closed_form(first: bool) -> None:
    rng = Random(int(first))
    for _ in range(SEEDS):
        shape = any_layer(rng, by_im2col=first)
        assert counts_of(shape)["msb_cycles"] == compute_cycles(shape), shape


def test_only_the_first_layer_of_a_network_is_taken_by_im2col() -> None:
    shape = Layer(3, 4, 1, 5, 32, 8, 8, by_im2col=True)
    (only,) = trace_of(shape).layers
    two = [only.shape, only.shape.replace(name="second")]
    design = load_arch("bitfusion_isca_2018").override({"mapping": "fixed"})
    result = simulate(GateTrace.from_masks({}, two, images=BATCH), design, "full")
    # 16 images of 16 positions: ceil(45 / 16) folds, then 9 of ceil(5 / 16).
    assert result.layers["msb_cycles"].tolist() == [256 * 3, 256 * 9]


def test_the_shipped_design_has_the_published_conventions() -> None:
    design = load_arch("bitfusion_isca_2018")
    assert (design.array.first_layer, design.memory.counting) == ("im2col", "per_mac")
    assert (design.output_bits, design.batch) == (32, 16)
