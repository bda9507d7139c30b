"""The LSB plane with the MSBs or on demand (M24)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import conv, drawn, filled, linear
from jobs import Listed
from layer_rows import Row, row_of

from pgsim import LayerShape


@pytest.mark.parametrize(
    ("fetch", "image", "bytes_read"),
    [
        ("with_msb", "....", 64),  # 4 positions of 32 channels of 4 bits
        ("on_demand", "....", 32),  # the MSBs alone
        ("on_demand", "x...", 48),  # and one position's LSBs: 64 bits, one burst of 16 bytes
        ("on_demand", "xx..", 48),  # the next position's lie in the same burst
        ("on_demand", "x..x", 64),
    ],
)
def test_the_lsb_plane_is_fetched_with_the_msbs_or_on_demand(
    fetch: str, image: str, bytes_read: int
) -> None:
    row = row_of(linear(4, 32, 1), drawn(image), {"memory.lsb_fetch": fetch})
    assert row["dram_activation_read_bytes"] == bytes_read


def read(layer: LayerShape, mask: np.ndarray, changes: Row, scheme: str | Listed = "pg") -> int:
    """Bursts of activations."""
    changes = {"memory.lsb_fetch": "on_demand", "memory.dram.burst_bytes": 8} | changes
    row = row_of(layer, mask, changes, scheme)
    return int(row["dram_activation_read_bytes"]) // 8


def test_lane_groups_hold_bursts_where_the_input_is_resident() -> None:
    # 4 positions of 16 channels: 2 MSBs are 128 bits, 2 bursts; a position's LSBs 32, half a burst.
    layer = linear(4, 16, 4)
    assert read(layer, drawn("x... .... .... ...."), {}) == 2 + 1
    # Both lane groups need the first burst, or one each.
    assert read(layer, drawn("x... .... .x.. ...."), {}) == 2 + 1
    assert read(layer, drawn("x... .... ..x. ...."), {}) == 2 + 2


def test_lane_groups_fetch_again_where_it_is_not() -> None:
    # 8 positions of 160 channels of 4 bits are 5120 bits, more than half of 1 KiB: each lane group
    # fetches the MSBs, 40 bursts, and its own LSBs, 320 bits a position, 5 bursts.
    layer, small = (
        linear(8, 160, 4),
        {"memory.activation_sram.kib": 1, "memory.activation_sram.banks": 8},
    )
    mask = drawn("x....... ........ x....... ........")
    assert read(layer, mask, {}) == 40 + 5
    assert read(layer, mask, small) == 2 * (40 + 5)


def test_an_input_that_just_fits_is_held_for_all_lane_groups() -> None:
    # 8 positions of 128 channels of 4 bits are 4096 bits, just half of 1 KiB: MSBs come once, 2048
    # bits or 32 bursts, and position 0's LSBs, 256 bits or 4 bursts, for both lane groups together.
    small = {"memory.activation_sram.kib": 1, "memory.activation_sram.banks": 8}
    mask = drawn("x....... ........ x....... ........")
    assert read(linear(8, 128, 4), mask, small) == 32 + 4
    # With 129 each lane group fetches its own: 2064 bits are 33 bursts (32.25), 258 bits 5 (4.03).
    assert read(linear(8, 129, 4), mask, small) == 2 * (33 + 5)


def test_position_lanes_that_just_fit_share_what_they_hold() -> None:
    # `is`: 4 positions of 512 channels of 4 bits, lane groups of 2 positions: 4096 bits each. MSBs
    # are 2 * 512 * 2 bits, 32 bursts a lane group. LSBs of position 1 are 1024 bits, 16 bursts, for
    # both windows of one channel together.
    small = {"memory.activation_sram.kib": 1, "memory.activation_sram.banks": 8}
    changes = small | {"array.dataflow": "is", "lsb.window": 1}
    mask = drawn(".x.. .x..")
    assert read(linear(4, 512, 2), mask, changes) == 2 * 32 + 16
    # With 513 every window fetches the MSBs, 2052 bits or 33 bursts (32.06), and its own LSBs:
    # position 1's lie in bits 1026 to 2051 of their plane, bursts 16 to 32, 17 of them.
    assert read(linear(4, 513, 2), mask, changes) == 2 * 2 * 33 + 2 * 17


def test_bits_that_a_dense_pass_uses_are_never_on_demand() -> None:
    layer, mask = linear(4, 16, 2), drawn("xxxx ....")
    top, low, weights = (2, 2), (0, 2), (0, 8)
    # A gated pass over all 4 bits wants the low 2; behind a dense one over them nothing is left.
    recomputed = Listed(((top, weights),), (((0, 4), weights),))
    assert read(layer, mask, {}, recomputed) == 2 + 2
    assert read(layer, filled(layer, False), {}, recomputed) == 2
    both = Listed(((top, weights), (low, weights)), ((low, weights),))
    assert read(layer, filled(layer, False), {}, both) == 4
    # Two gated passes over the same bits fetch them once.
    twice = Listed(((top, weights),), ((low, weights), (low, weights)))
    assert read(layer, mask, {}, twice) == 2 + 2


def test_kernel_rows_that_do_not_fit_fetch_again() -> None:
    # A row of 20 pixels of 16 channels of 4 bits is 1280 bits, and 4 kernel rows 5120, too many:
    # everything comes 4 times. MSBs of 4 x 20 pixels are 40 bursts of 64 bits; the first output
    # wants 4 x 1 pixels of 32 LSBs: 4 bursts.
    layer = conv(16, 1, 20, 1).replace(in_size=[4, 20], kernel=[4, 1])
    mask = filled(layer, False)
    mask[0, 0, 0] = True
    assert read(layer, mask, {}) == 40 + 4
    assert read(
        layer, mask, {"memory.activation_sram.kib": 1, "memory.activation_sram.banks": 8}
    ) == 4 * (40 + 4)
