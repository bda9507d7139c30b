"""The formulas give every published figure: each of eight counts of each of 61 layers."""

from __future__ import annotations

import pytest

from bitfusion.formulas import Layer, compute_cycles, stats_of
from bitfusion.published import Published, published

DISTINCT = {each.shape: each for each in published()}


def test_the_file_has_every_layer_that_was_published() -> None:
    assert len(published()) == 61
    networks = ["AlexNet", "SVHN", "CIFAR10", "LeNet-5", "VGG-7", "RESNET-18", "RNN", "LSTM"]
    assert list(dict.fromkeys(each.network for each in published())) == networks


@pytest.mark.parametrize("row", DISTINCT.values(), ids=lambda row: f"{row.network} {row.layer}")
def test_the_formulas_give_what_was_published(row: Published) -> None:
    found = stats_of(row.shape)
    assert (found.cycles, found.compute_cycles) == (row.cycles, row.compute_cycles)
    dram = found.dram_read_bits, found.dram_write_bits
    assert dram == (row.dram_read_bits, row.dram_write_bits)
    read = found.weight_read_bits, found.input_read_bits
    assert read == (row.wbuf_read_bits, row.ibuf_read_bits)
    sums = found.output_read_bits, found.output_write_bits
    assert sums == (row.obuf_read_bits, row.obuf_write_bits)
    # What is read from DRAM and is neither of the operands are outputs, as many as are written.
    operands = found.dram_weight_read_bits + found.dram_input_read_bits
    assert operands == row.dram_read_bits - row.dram_write_bits


@pytest.mark.parametrize("row", published(), ids=lambda row: f"{row.network} {row.layer}")
def test_the_closed_form_holds_but_where_tiles_are_rounded_up(row: Published) -> None:
    closed = compute_cycles(row.shape)
    assert closed < row.compute_cycles if row.is_rounded_up else closed == row.compute_cycles


def test_the_closed_form_by_hand() -> None:
    # 16 images * 2 * 5 * 5 outputs of 32 channels each * 9 taps * ceil(70 / (16 * 2 * 2))
    conv = Layer(3, 5, 1, 70, 40, activation_bits=3, weight_bits=4)
    assert compute_cycles(conv) == 16 * 2 * 25 * 9 * 2
    # ceil(9 * 70 / 64) by im2col.
    assert compute_cycles(Layer(3, 5, 1, 70, 40, 3, 4, by_im2col=True)) == 16 * 2 * 25 * 10
