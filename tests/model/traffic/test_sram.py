"""Words of the on-chip buffers, counted by hand (M22)."""

from __future__ import annotations

from designs import drawn, linear
from layer_rows import row_of


def test_a_window_of_one_fold_keeps_its_sums_in_the_accumulators() -> None:
    # Windows of 4: each moves 8 outputs of 4 bits and 8 mask bits, 5 bytes, in and out. One window
    # of 8: 16 sums of 32 bits and 2 updated ones, 72 bytes, and 16 mask bits, 2 bytes.
    layer, mask = linear(8, 6, 2), drawn("x......x ........")
    narrow = {"memory.output_sram.port_bits": 8}
    for window, expected in ((4, 10), (8, 74)):
        row = row_of(layer, mask, narrow | {"lsb.window": window})
        assert row["output_sram_write_bytes"] == row["output_sram_read_bytes"] == expected
