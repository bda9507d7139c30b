"""Energy of what gates: comparators, schedulers, further streams, the issue table (M28)."""

from __future__ import annotations

import pytest
from designs import design, drawn, linear, trace_of
from unit_costs import gates, stream_bit

from pgsim import simulate

LAYER, MASK = linear(6, 3, 1), drawn("x.x..x")


def energy(changes: dict[str, object] | None = None, scheme: str = "pg") -> dict[str, float]:
    arch = design({"array.dataflow": "ws"} | (changes or {}))
    return simulate(trace_of(LAYER, MASK), arch, scheme).summary


# 2 lanes, 4 slots of one active lane each (A = E = 4), D = 6 of 2-bit LSBs: two folds of 4 rows.
# Two slots share an issue slot where a scheduler lets them. Schedulers of 16 lanes cost an eighth
# for 2. The issue table holds two windows, of as many slots as make it, or a bank of it, 512 bytes:
# CACTI's 1.08629 pJ to read 32 bits and 2.40231 to write them.
PAIRED, PAIRED_MASK = linear(4, 6, 2), drawn("x.x. .x.x")
READ, WRITE = 1.08629 / 32, 2.40231 / 32
COMPARISONS = 8 * gates("dynamic_pj_per_cycle", "comparator_32")
SKIP = 4 / 8 * gates("dynamic_pj_per_cycle", "scheduler_skip_lanes_16")
COMBINE = 4 / 8 * gates("dynamic_pj_per_cycle", "scheduler_combine_lanes_16_ways_4_open_8")
QUEUE = 4 / 8 * gates("dynamic_pj_per_cycle", "scheduler_queue_lanes_16_depth_16_scan_4")
STREAM_BIT = stream_bit("dynamic_pj_per_cycle")
# An entry of 2 addresses of 7 bits, and for each lane which: 16 bits, written slot by slot.
# 2 vectors more than issue slots, 6 * 2 bits each, pass both columns.
COMBINED = COMPARISONS + COMBINE + 4 * 16 * WRITE + 2 * 2 * 12 * STREAM_BIT


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"lsb.scheduler": "dense"}, COMPARISONS),
        # Entries of 8 bits: written once, read in both folds; an ideal scheduler reads 2 of them.
        ({"lsb.window": 256}, COMPARISONS + SKIP + 4 * 8 * (WRITE + 2 * READ)),
        ({"lsb.window": 256, "array.dataflow": "os"}, COMPARISONS + SKIP + 4 * 8 * (WRITE + READ)),
        (
            {"lsb.scheduler": "ideal", "lsb.window": 256},
            COMPARISONS + SKIP + 4 * 8 * WRITE + 2 * 2 * 8 * READ,
        ),
        (
            {"lsb.scheduler": "combine", "lsb.window": 128, "lsb.ways": 2},
            COMBINED + 2 * 2 * 16 * READ,
        ),
        # No more lanes than 2 can share a slot, whatever `ways` allows.
        (
            {"lsb.scheduler": "combine", "lsb.window": 128, "lsb.ways": 8},
            COMBINED + 2 * 2 * 16 * READ,
        ),
        (
            {"lsb.scheduler": "combine", "lsb.window": 128, "array.dataflow": "os"},
            COMBINED + 2 * 16 * READ,
        ),
        # One way and half as many open issue slots: one address of 8 bits, like `skip`.
        (
            {"lsb.scheduler": "combine", "lsb.window": 256, "lsb.ways": 1, "lsb.open": 4},
            COMPARISONS + COMBINE / 2 + 4 * 8 * (WRITE + 2 * READ),
        ),
        # A bank of 8-bit addresses for each lane: 4 entries written, 2 slot times * 2 folds * 2
        # banks read. Vectors pass 1 or 2 columns, 6 in all, of which 2 slots' are not further.
        (
            {"lsb.scheduler": "queue", "lsb.window": 256},
            COMPARISONS + QUEUE + 4 * 8 * WRITE + 8 * 8 * READ + (6 - 4) * 12 * STREAM_BIT,
        ),
    ],
)
def test_gating(changes: dict[str, object], expected: float) -> None:
    arch = design({"array.dataflow": "ws"} | changes)
    found = simulate(trace_of(PAIRED, PAIRED_MASK), arch).summary["energy_gating_pj"]
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_queue_has_no_further_streams_where_the_first_would_do() -> None:
    # One lane of 2: 3 entries pass 1.5 columns each, fewer than 3 slots' pass as it is.
    found = energy({"lsb.scheduler": "queue", "lsb.window": 256})["energy_gating_pj"]
    expected = 6 / 8 * COMPARISONS + 6 / 4 * QUEUE
    assert found == pytest.approx(expected + 3 * 8 * WRITE + 3 * 2 * 8 * READ, rel=1e-6)


@pytest.mark.parametrize("kind", ["fixed", "fusion", "serial_activation", "serial_both"])
def test_further_streams_of_weights(kind: str) -> None:
    # Slots are channels: 4 of one active lane each, paired, so that 2 vectors of 6 8-bit weights
    # more than issue slots pass both columns. `skip` differs by its scheduler and table only.
    layer, mask = linear(2, 6, 4), drawn("x. .x x. .x")
    changes = {"array.pe.kind": kind, "array.lanes": "positions"}
    table = {"combine": 4 * 16 * WRITE + 2 * 16 * READ, "skip": 4 * 8 * (WRITE + READ)}
    logic = {"combine": COMBINE, "skip": SKIP}
    left = {}
    for scheduler, window in (("combine", 128), ("skip", 256)):
        arch = design(changes | {"lsb.scheduler": scheduler, "lsb.window": window})
        found = simulate(trace_of(layer, mask), arch).summary["energy_gating_pj"]
        left[scheduler] = found - table[scheduler] - logic[scheduler] - COMPARISONS
    bit = stream_bit("dynamic_pj_per_cycle", "fusion" if kind == "fusion" else "fixed")
    expected = {"combine": 2 * 6 * 8 * 2 * bit, "skip": 0}
    assert left == pytest.approx(expected, rel=1e-6, abs=1e-6)
