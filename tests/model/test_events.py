"""Cycles of transfers, and what a run waits for, against exact fractions and by hand (M20, M25)."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from random import Random

import numpy as np
import pytest
from designs import design, drawn, filled, linear
from jobs import Listed, job_of
from layer_rows import row_of

from pgsim.model.events import bubbles as bubbles_left
from pgsim.model.events import of_runs, transfer_cycles
from pgsim.model.ledger import PassCounts

SINGLE = {"memory.double_buffered": False}


def naive_cycles(bursts: int, burst_bytes: int, bytes_per_cycle: str) -> int:
    return ceil(Fraction(bursts * burst_bytes) / Fraction(bytes_per_cycle))


RATES = ("0.3", "12.8", "4.2666667", "1.5", "16.0", "0.1", "25.6", "3.0", "17.066666666666666")


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("burst_bytes", [1, 16, 60, 64])
def test_transfers_are_rounded_up_exactly(rate: str, burst_bytes: int) -> None:
    changes = {
        "memory.dram.bytes_per_cycle": float(rate),
        "memory.dram.burst_bytes": burst_bytes,
    }
    job = job_of(linear(1, 1, 1), changes=changes)
    rng = Random(burst_bytes)
    # Small counts, counts around whole cycles, and counts at which products leave 64 bits.
    bursts = [*range(70), *(2**40 + small for small in range(-20, 20))]
    bursts += [rng.randrange(2**exponent) for exponent in range(1, 41) for _ in range(3)]
    found = transfer_cycles(job, np.array(bursts, np.int64).reshape(2, -1))
    assert found.dtype == np.int64
    expected = [naive_cycles(each, burst_bytes, rate) for each in bursts]
    assert found.reshape(-1).tolist() == expected


@pytest.mark.parametrize("seed", range(200))
def test_transfers_at_any_rate(seed: int) -> None:
    rng = Random(seed)
    rate = float(f"{rng.uniform(0.01, 100):.{rng.choice((1, 3, 7, 12))}f}")
    burst_bytes = rng.choice((8, 32, 64, 4096))
    changes = {"memory.dram.bytes_per_cycle": rate, "memory.dram.burst_bytes": burst_bytes}
    job = job_of(linear(1, 1, 1), changes=changes)
    bursts = [rng.randrange(2 ** rng.randint(1, 40)) for _ in range(50)]
    found = transfer_cycles(job, np.array(bursts, np.int64)).tolist()
    assert found == [naive_cycles(each, burst_bytes, str(rate)) for each in bursts]


@pytest.mark.parametrize(
    ("clock_mhz", "gb_per_s", "cycles"),
    [
        # Two bursts of 16 bytes at 8 GB/s take 4 ns: 2 cycles at 500 MHz, 4 at 1000, 3 and a bit
        # at 750 are 3, and at 800 are 3.2.
        (500, 8, 2),
        (750, 8, 3),
        (800, 8, 4),
        (1000, 8, 4),
        (1000, 0.3, 107),  # 106.67
    ],
)
def test_a_faster_clock_waits_longer_for_gigabytes_a_second(
    clock_mhz: float, gb_per_s: float, cycles: int
) -> None:
    changes = {
        "clock_mhz": clock_mhz,
        "memory.dram.gb_per_s": gb_per_s,
        "memory.dram.burst_bytes": 16,
    }
    job = job_of(linear(1, 1, 1), changes=changes)
    assert transfer_cycles(job, np.array([0, 2], np.int64)).tolist() == [0, cycles]


@pytest.mark.parametrize("seed", range(50))
def test_pages_that_are_opened_take_time_too(seed: int) -> None:
    rng = Random(seed)
    rate, clock = rng.choice(RATES), rng.choice((500, 333.3, 1e-3))
    changes = {
        "clock_mhz": clock,
        "memory.dram.bytes_per_cycle": float(rate),
        "memory.dram.model": "pages",
        "memory.dram.row_miss_ns": rng.choice((0, 1, 36)),
        "memory.dram.refresh_ns": rng.choice((0, 180)),
        "memory.dram.refresh_interval_ns": rng.choice((3904, 1000)),
    }
    job, dram = job_of(linear(1, 1, 1), changes=changes), design(changes).memory.dram
    bursts = [rng.randrange(2 ** rng.randint(1, 40)) for _ in range(30)]
    misses = [rng.randrange(each + 1) for each in bursts]
    found = transfer_cycles(job, np.array(bursts, np.int64), np.array(misses, np.int64))
    miss = Fraction(dram.row_miss_ns) * Fraction(str(clock)) / 1000
    slower = Fraction(dram.refresh_interval_ns, dram.refresh_interval_ns - dram.refresh_ns)
    assert found.tolist() == [
        ceil((each * 16 / Fraction(rate) + opened * miss) * slower)
        for each, opened in zip(bursts, misses, strict=True)
    ]


@pytest.mark.parametrize(
    ("rate", "reads_and_write"),
    [
        # Three bursts of 16 bytes: activations and weights together, 32 bytes, and the outputs.
        (16.0, 2 + 1),
        (12.8, 3 + 2),  # 2.5 cycles and 1.25
        (0.3, 107 + 54),  # 106.67 and 53.33
        (4.2666667, 8 + 4),  # 7.4999999 and 3.74999997
    ],
)
def test_a_tile_waits_for_its_transfers(rate: float, reads_and_write: int) -> None:
    layer = linear(1, 3, 1)
    for changes in ({}, SINGLE):
        row = row_of(
            layer, filled(layer, True), changes | {"memory.dram.bytes_per_cycle": rate}, "full"
        )
        assert row["dram_stall_cycles"] == reads_and_write


def test_counts_of_tiles_run_by_run() -> None:
    tiles = (2, 1, 2, 3)
    assert of_runs(np.array([[[[1, 2, 3]]]]), tiles).tolist() == [[1, 2, 3, 1, 2, 3]] * 2
    assert of_runs(np.array([[[[5]]], [[[6]]]]), tiles).tolist() == [[5] * 6, [6] * 6]


def test_bubbles_are_what_is_left() -> None:
    # Three batches of one run: cycles less the steady ones of both passes and both kinds of stalls.
    waits = {
        "cycles": np.array([100, 90, 80]),
        "port_stall_cycles": np.array([5, 0, 1]),
        "dram_stall_cycles": np.array([10, 20, 0]),
        "both_cycles": np.array([0, 0, 0]),
    }
    none = np.zeros(3, np.int64)
    passes = [
        PassCounts(*[none] * len(PassCounts._fields))._replace(steady_cycles=np.array(steady))
        for steady in ([50, 70, 9], [10, 0, 70])
    ]
    found = bubbles_left(waits, passes)
    assert {name: each.tolist() for name, each in found.items()} == {"bubble_cycles": [25, 0, 0]}
    # Of two arrays those of both are counted: what both do at once is twice in them (M59).
    found = bubbles_left(waits | {"both_cycles": np.array([0, 3, 20])}, passes)
    assert found["bubble_cycles"].tolist() == [25, 3, 20]


# Four passes, by hand: os on 2 x 2 PEs (skew 2), D = 5, windows of 2 of 4 positions, each pass of a
# window 5 cycles; roomy ports, and transfers of one cycle before and after.

TWO_BY_TWO = {"array.rows": 2, "lsb.window": 2}
D, G = ((2, 2), (0, 8)), ((0, 2), (0, 8))


def bubbles(scheme: Listed, changes: dict[str, object]) -> int:
    row = row_of(linear(4, 5, 2), drawn("x.x. x.x."), TWO_BY_TWO | changes, scheme)
    assert (row["port_stall_cycles"], row["msb_cycles"]) == (0, 10)
    assert row["lsb_cycles"] == 10 * (len(scheme.dense) + len(scheme.gated) - 1)
    return int(row["bubble_cycles"])


def test_four_passes_share_one_gate() -> None:
    # D 0-5, D 5-10, of tile 2 10-20; tile 1's gate is known at 12: G 20-25, G 25-30; tile 2's
    # 30-40; its sums are out at 42.
    passes = Listed(dense=(D, D), gated=(G, G))
    assert bubbles(passes, {}) == 2
    # One buffer: each tile D 0-10, gate at 12, G 12-22, out at 24.
    assert bubbles(passes, SINGLE) == 2 * (2 + 2)
    # Alone: a skew of 2 behind each of 8 folds.
    assert bubbles(passes, {"array.overlap": "none"}) == 8 * 2


def test_dense_passes_of_any_number_wait_for_nothing() -> None:
    assert bubbles(Listed(dense=(D,) * 4), {}) == 2
    assert bubbles(Listed(dense=(D,) * 4), SINGLE) == 2 * 2
