"""From counts of tiles to counts of batches, against sums one by one; ledgers joined and summed."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from designs import conv, design, linear, recurrent

from pgsim.mapping import tile
from pgsim.model.ledger import Batches, Count, Ledger, PassCounts, Sums, joined, shown

LAYERS = (linear(7, 6, 5), recurrent(3, 6, 5), conv(4, 6, 4, 2, groups=2))


@pytest.mark.parametrize("seed", range(60))
def test_sums_equal_those_of_all_tiles(seed: int) -> None:
    rng = Random(seed)
    arch = design({"array.dataflow": "ws", "lsb.window": 3})
    tiling = tile(rng.choice(LAYERS), arch, batch=2, passes=2)
    simulated = rng.choice((1, 1, 3))
    batches = Batches(tiling, simulated)
    shape = batches.tiles
    some = [rng.choice((1, size)) for size in shape]
    counts = np.array([rng.randrange(100) for _ in range(int(np.prod(some)))]).reshape(some)
    every = np.zeros(shape, np.int64)
    for index in np.ndindex(*shape):
        every[index] = counts[
            tuple(min(own, size - 1) for own, size in zip(index, some, strict=True))
        ]
    of_batches = []
    for batch in range(simulated):
        runs = range(batch * tiling.runs, (batch + 1) * tiling.runs)
        of_batches.append(sum(int(value) for run in runs for value in every[run].reshape(-1)))
    assert batches.sums([counts]).tolist() == [of_batches]
    # Axes of one entry may be left out at the front.
    while counts.ndim and counts.shape[0] == 1:
        counts = counts[0]
        assert batches.sums([counts]).tolist() == [of_batches]


def test_runs_of_a_batch_add_up() -> None:
    tiling = tile(recurrent(3, 6, 5), design(), batch=2, passes=2)
    counts = np.array([1, 2, 3, 10, 20, 30])
    assert Batches(tiling, simulated=2).of_runs(counts).tolist() == [6, 60]
    assert Batches(tiling, simulated=1).of_runs(counts[:3]).tolist() == [6]


def test_what_stands_there_twice_is_summed_as_often() -> None:
    tiling = tile(recurrent(3, 6, 5), design(), batch=2, passes=2)
    batches = Batches(tiling, simulated=2)
    ones, tens = np.ones((1, 1, 1, 1), np.int64), np.full((1, 1, 1, 1), 10)
    tiles = int(np.prod(batches.tiles)) // 2
    found = batches.sums([ones, tens, ones, ones, tens])
    assert found.tolist() == [[each * tiles] * 2 for each in (1, 10, 1, 1, 10)]


def test_one_run_stands_for_all_that_are_alike() -> None:
    # Three runs in a batch, of which the second stands for the third: 7 + 2 * 5.
    tiling = tile(recurrent(3, 6, 5), design(), batch=2, passes=2)
    batches = Batches(tiling, simulated=1, alike=True)
    assert tiling.runs == 3
    assert batches.tiles == (2, *tiling.tiles(1)[1:])
    assert batches.of_runs(np.array([7, 5])).tolist() == [17]
    tiles = int(np.prod(batches.tiles[1:]))
    counts = [np.array([7, 5]).reshape(2, 1, 1, 1), np.array([[[[2]]]])]
    assert batches.sums(counts).tolist() == [[17 * tiles], [2 * 3 * tiles]]


FIELDS = len(PassCounts._fields)


def sums(*values: int) -> Sums:
    """Two counts and two passes, each row one more than the one before."""
    rows = np.add.outer(np.arange(2 + 2 * FIELDS), np.array(values))
    return Sums(("cycles", "outputs"), (1, 1), rows)


def test_blocks_are_joined_batch_after_batch() -> None:
    whole = joined([(sums(1, 2), 1), (sums(3), 1), (sums(4, 5), 1)])
    assert whole.counts["cycles"].tolist() == [1, 2, 3, 4, 5]
    assert whole.counts["outputs"].tolist() == [2, 3, 4, 5, 6]
    assert len(whole.passes) == 2
    for place, field in enumerate(PassCounts._fields, start=2 + FIELDS):
        expected = [place + value for value in (1, 2, 3, 4, 5)]
        assert getattr(whole.passes[1], field).tolist() == expected


def test_a_block_whose_batches_are_alike_counts_for_all_of_them() -> None:
    whole = joined([(sums(7), 3), (sums(1), 1)])
    assert whole.counts["cycles"].tolist() == [7, 7, 7, 1]
    assert whole.passes[0].outputs.tolist() == [9, 9, 9, 3]


def test_totals_of_some_batches() -> None:
    found = Ledger(sums(1, 2, 3).counts, ())
    assert found.total() == {"cycles": 6, "outputs": 9}
    assert found.total(slice(1, 2)) == {"cycles": 2, "outputs": 3}
    assert (found.sum("cycles"), found.sum("outputs", slice(1, 2))) == (6, 3)


def test_bursts_are_read_and_written() -> None:
    read, written = np.array([1, 2]), np.array([10, 20])
    assert Ledger({"dram_read_bursts": read, "dram_write_bursts": written}, ()).bursts() == 33


def test_a_count_that_is_shown_has_a_column_of_its_name() -> None:
    count = shown("waits", "cycles", "waits for something")
    assert (count.column, count.each(design()), count.priced) == ("waits", 1, False)
    assert shown("waits", "cycles", "waits", priced=True).priced
    assert Count("words", "bytes", "words").column == ""
