"""A nest that a design gives a layer, from its keys to the table of results."""

from __future__ import annotations

import pytest
from designs import design, linear, trace_of

from pgsim import InputError, simulate

LAYER = linear(8, 8, 4, gate="none")


def row(**nest):
    arch = design({"mapping.nests": [nest]})
    return simulate(trace_of(LAYER), arch, "full").layers.iloc[0]


def test_the_table_has_the_blocks_of_the_nest():
    found = row(order="KPNQC", block_rows=3, block_in_channels=100)
    assert found["nest_order"] == "KPNQC"
    blocks = found[["block_images", "block_rows", "block_columns", "block_channels"]]
    assert [*blocks, found["block_in_channels"]] == [1, 3, 1, 4, 8]


def test_a_layer_without_a_nest_keeps_the_fixed_order():
    found = simulate(trace_of(LAYER), design(), "full").layers.iloc[0]
    assert found["nest_order"] == "fixed"


def test_a_nest_of_one_block_moves_what_the_fixed_order_moves():
    """One window and two lane groups, whose operands fit: all is fetched once either way.

    The fixed order writes tile by tile, `8·2·4` bits each: a burst for each lane group.
    """
    fixed = simulate(trace_of(LAYER), design(), "full").layers.iloc[0]
    found = row(order="NPQKC")
    # 8 * 8 * 4 bits of input, 4 * 8 * 8 of weights, 8 * 4 * 4 of output, in bursts of 16 bytes.
    expected = {
        "dram_activation_read_bytes": 32,
        "dram_weight_read_bytes": 32,
        "dram_write_bytes": 16,
    }
    assert {name: found[name] for name in expected} == expected
    assert {name: fixed[name] for name in expected} == expected | {"dram_write_bytes": 32}
    assert found["msb_cycles"] == fixed["msb_cycles"] == 2 * 2 * 8


def test_a_nest_for_a_layer_that_there_is_not():
    with pytest.raises(InputError) as refused:
        row(layer="liner", order="KPNQC")
    message = str(refused.value)
    assert message.startswith("test-4x2")
    assert "mapping.nests: layer 'liner': the trace has no such layer." in message
    assert "Did you mean 'linear'?" in message


def test_a_nest_whose_block_does_not_fit():
    arch = design(
        {
            "memory.weight_sram.kib": 0.015625,
            "memory.weight_sram.banks": 1,
            "memory.weight_sram.port_bits": 8,
            "mapping.nests": [{"order": "NPQKC"}],
        }
    )
    with pytest.raises(InputError, match=r"layer 'linear' on .*weight_sram.*take smaller blocks"):
        simulate(trace_of(LAYER), arch, "full")
