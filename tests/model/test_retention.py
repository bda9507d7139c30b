"""Tensors that stay on chip, in networks made by hand (MODEL.md M42).

Layers have 4 positions, 4-bit activations and 8-bit weights. Bursts have one byte, and so have the
words of the activation buffer: bytes are counted by hand.
"""

from __future__ import annotations

import pytest
from designs import conv, design, linear, recurrent

from pgsim import GateTrace, simulate
from pgsim.workload import LayerShape

BYTES = {"memory.activation_sram.port_bits": 8, "memory.dram.burst_bytes": 1}
MOVED = ("dram_activation_read_bytes", "dram_write_bytes", "activation_sram_write_bytes")


def layer(name: str, channels: int, outputs: int, **fields) -> LayerShape:
    return linear(4, channels, outputs, name=name, gate="none", **fields)


def rows_of(layers: list[LayerShape], images: int = 1, **changes) -> dict[str, dict]:
    arch = design(BYTES | {key.replace("__", "."): value for key, value in changes.items()})
    trace = GateTrace.from_masks({}, layers, images=images)
    return {row["layer"]: row for row in simulate(trace, arch, "full").rows}


def moved(layers: list[LayerShape], images: int = 1, **changes) -> dict[str, tuple[int, ...]]:
    """What each layer reads of activations from DRAM, writes to it, and keeps, in bytes."""
    found = rows_of(layers, images, memory__retain=True, **changes)
    return {name: tuple(row[each] for each in MOVED) for name, row in found.items()}


CHAIN = [layer("a", 8, 8), layer("b", 8, 6), layer("c", 6, 5)]


def test_in_a_chain_only_the_first_reads_and_only_the_last_writes():
    """4 positions of 8, 8, 6 and 5 channels at 4 bits are 16, 16, 12 and 10 bytes."""
    assert moved(CHAIN) == {"a": (16, 0, 16), "b": (0, 0, 12), "c": (0, 10, 0)}


def test_nothing_stays_unless_a_design_says_so():
    found = {name: tuple(row[each] for each in MOVED) for name, row in rows_of(CHAIN).items()}
    assert found == {"a": (16, 16, 0), "b": (16, 12, 0), "c": (12, 10, 0)}
    assert repr(rows_of(CHAIN, memory__retain=False)) == repr(rows_of(CHAIN))


def test_retention_changes_no_other_count():
    before, after = rows_of(CHAIN), rows_of(CHAIN, memory__retain=True)
    for name in ("a", "b", "c"):
        for column in (
            "msb_cycles",
            "bubble_cycles",
            "activation_sram_read_bytes",
            "weight_sram_read_bytes",
            "output_sram_read_bytes",
            "output_sram_write_bytes",
            "dram_weight_read_bytes",
        ):
            assert before[name][column] == after[name][column], (name, column)


def test_images_of_a_batch_stay_together():
    assert moved(CHAIN, images=2, batch=2) == {"a": (32, 0, 32), "b": (0, 0, 24), "c": (0, 20, 0)}


def one_bank(size_bytes: int) -> dict[str, object]:
    return {
        "memory__activation_sram__kib": size_bytes / 1024,
        "memory__activation_sram__banks": 1,
    }


def test_a_tensor_stays_beside_what_its_layers_need():
    """`a` needs a position in each half, `2·4` bytes, beside the 16 that it makes: 24 in all.

    Then a half holds one position, and its four lane groups read all 16 bytes each. Of `b`'s 12
    bytes 8 would fit. `c` reads them into a half of 12.
    """
    assert moved(CHAIN, **one_bank(24)) == {"a": (64, 0, 16), "b": (0, 12, 0), "c": (12, 10, 0)}


def test_a_tensor_that_does_not_fit_leaves_its_room_to_the_next():
    """In 23 bytes `a`'s output does not stay. `b`'s 12 bytes do beside the 8 that `b` needs.

    All halves are under 16 bytes: `a`'s four lane groups, and `b`'s three, read all of it each.
    """
    assert moved(CHAIN, **one_bank(23)) == {"a": (64, 16, 0), "b": (48, 0, 12), "c": (0, 10, 0)}


BLOCK = [
    layer("a", 8, 8),
    layer("b", 8, 8, inputs=["a"]),
    layer("c", 8, 8, inputs=["b"]),
    layer("d", 8, 4, inputs=["a", "c"]),
]


def test_a_shortcut_stays_until_its_last_reader():
    """`d` reads what `a` and `c` make: 48 bytes stay while `c` runs."""
    assert moved(BLOCK, **one_bank(48)) == {
        "a": (16, 0, 16),
        "b": (0, 0, 16),
        "c": (0, 0, 16),
        "d": (0, 8, 0),
    }


def test_without_room_for_both_neither_stays_for_the_layer_that_reads_both():
    """In 47 bytes `c`'s output does not fit beside `a`'s and `b`'s: `d` finds both in DRAM.

    Only `b`'s output stays. What it leaves of the buffer are halves of 15 bytes: each of the four
    lane groups of `b` reads 16.
    """
    assert moved(BLOCK, **one_bank(47)) == {
        "a": (16, 16, 0),
        "b": (64, 0, 16),
        "c": (0, 16, 0),
        "d": (16, 8, 0),
    }


def test_pooling_between_keeps_what_is_read():
    """8 of 4 x 4 outputs at 4 bits are 64 bytes; after 2 x 2 pooling 16 are read, and stay."""
    layers = [
        conv(2, 8, 4, 1, name="a", gate="none"),
        conv(8, 4, 2, 1, name="b", gate="none"),
    ]
    found = moved(layers)
    assert found["a"][:2] == (16, 0)
    assert found["b"] == (0, 8, 0)


def test_a_recurrent_layer_keeps_all_its_steps():
    """3 steps of 8 channels in, 6 out, 4 bits each, and 4 positions of 6 channels read."""
    layers = [
        recurrent(3, 8, 6, name="a", gate="none"),
        recurrent(3, 6, 4, name="b", gate="none"),
    ]
    assert moved(layers) == {"a": (12, 0, 9), "b": (0, 6, 0)}


@pytest.mark.parametrize("order", ["NPQKC", "CKQPN"])
def test_a_nest_keeps_what_the_fixed_order_keeps(order):
    """Two blocks of rows and of input channels: each output is written once, when it is done."""
    nest = [{"order": order, "block_rows": 2, "block_in_channels": 4}]
    found = moved(CHAIN, mapping__nests=nest)
    assert found == {"a": (16, 0, 16), "b": (0, 0, 12), "c": (0, 10, 0)}
