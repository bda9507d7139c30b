"""Words of the on-chip buffers, counted by hand (M22)."""

from __future__ import annotations

import numpy as np
import pytest
from designs import drawn, linear
from jobs import job_of, mask_work
from layer_rows import Row, row_of

from pgsim.model.passes import time_passes
from pgsim.model.traffic import Tiles
from pgsim.model.traffic.sram import SRAM_TRAFFIC


def test_a_window_of_one_fold_keeps_its_sums_in_the_accumulators() -> None:
    # Windows of 4: each moves 8 outputs of 4 bits and 8 mask bits, 5 bytes, in and out. One window
    # of 8: 16 sums of 32 bits and 2 updated ones, 72 bytes, and 16 mask bits, 2 bytes.
    layer, mask = linear(8, 6, 2), drawn("x......x ........")
    narrow = {"memory.output_sram.port_bits": 8}
    for window, expected in ((4, 10), (8, 74)):
        row = row_of(layer, mask, narrow | {"lsb.window": window})
        assert row["output_sram_write_bytes"] == row["output_sram_read_bytes"] == expected


# The rule itself, in words of 8 bits: 6 positions of 3 activations, 3 channels (lane groups of 2
# and 1), windows of 4 and 2 slots. D = 3; activations of 4 bits, weights of 8.

LAYER, MASK = linear(6, 3, 3), drawn("x.x... .xx.x. ......")
WORDS = {f"memory.{buffer}_sram.port_bits": 8 for buffer in ("activation", "weight", "output")}


def words(changes: Row, scheme: str, name: str) -> list[list[int]]:
    """Of every tile, (lane groups, windows)."""
    job = job_of(LAYER, MASK, WORDS | {"lsb.window": 4} | changes, scheme)
    mask = mask_work(job) if job.gated else None
    found = SRAM_TRAFFIC.counted(Tiles(job, time_passes(job, mask), mask, 1))[f"{name}_words"]
    (tiles,) = np.broadcast_to(found, job.tiling.tiles(1))[0].tolist()
    return tiles


def test_each_executed_pass_reads_what_its_slots_issue() -> None:
    # 4 and 2 slots of 3 activations of 2 bits, 3 words (24 bits) and 2 (12); then 3 and 1 of those,
    # 18 bits and 6, 3 words and 1; the second lane group issues nothing more.
    assert words({}, "pg", "activation_sram_read") == [[3 + 3, 2 + 1], [3, 2]]
    assert words({}, "dual_dense", "activation_sram_read") == [[6, 4], [6, 4]]
    # All 6 slots of one window of 4 bits, 72 bits.
    assert words({}, "full", "activation_sram_read") == [[9], [9]]


def test_words_need_not_be_of_a_power_of_two_bits() -> None:
    # In words of 24 bits, the slots and passes of above: 24 and 12 bits, 18 and 6. All 72 bits.
    wide = {"memory.activation_sram.port_bits": 24}
    assert words(wide, "pg", "activation_sram_read") == [[1 + 1, 1 + 1], [1, 1]]
    assert words(wide, "full", "activation_sram_read") == [[3], [3]]


def test_lanes_are_read_by_every_fold_or_load() -> None:
    # os: a fold a window and pass, 3 * 2 weights of 8 bits, 6 words, and 3.
    assert words({}, "pg", "weight_sram_read") == [[6 + 6, 6 + 6], [3, 3]]
    # ws with D = 3 in 4 rows: they stay from the first tile on; in 2 rows every pass loads them.
    ws = {"array.dataflow": "ws"}
    assert words(ws, "pg", "weight_sram_read") == [[6, 0], [3, 0]]
    again = words(ws | {"array.rows": 2}, "pg", "weight_sram_read")
    assert again == [[6 + 6, 6 + 6], [3, 3]]


@pytest.mark.parametrize("way", ["output_sram_read", "output_sram_write"])
def test_sums_are_finished_in_the_array_or_wait_outside(way: str) -> None:
    # Windows of one fold under `skip`: outputs of 4 bits and mask bits, 8 * 5 = 40 and 20 bits, of
    # the second lane group 20 and 10. Without a mask 32, 16, 16 and 8.
    assert words({}, "pg", way) == [[5, 3], [3, 2]]
    assert words({}, "dual_dense", way) == [[4, 2], [2, 1]]
    # `combine` moves sums of 32 bits: 8 and 4 outputs, of window 1 4 entries more, of 2 one; and
    # the mask bits: 12 * 4 + 1 words, 5 * 4 + 1; 4 * 4 + 1 and 2 * 4 + 1.
    assert words({"lsb.scheduler": "combine"}, "pg", way) == [[49, 21], [17, 9]]
    # `ws` in 2 rows, two folds: 8 + 4, 4 + 1, 4 and 2 sums, twice.
    ws = {"array.dataflow": "ws", "array.rows": 2}
    assert words(ws, "pg", way) == [[97, 41], [33, 17]]
    # One pass and one fold: outputs of 4 bits, 12 and 6 of them.
    assert words({"array.dataflow": "ws"}, "full", way) == [[6], [3]]
