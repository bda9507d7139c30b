"""Words of operand vectors, against the words that hold each bit (M43)."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from designs import conv, linear
from jobs import Listed, job_of
from reference.folds import short_first

from pgsim import LayerShape
from pgsim.kernels.banks import all_slots
from pgsim.model.bank_reads import (
    bank_reads,
    fold_words,
    late_with_all_slots,
    lead_cycles,
    vector_words,
)


def words(stretch: int, bits: int, port_bits: int, elements: range) -> int:
    """The words that hold elements of a vector whose stretches begin at a word."""
    return len(
        {
            (k // stretch, bit // port_bits)
            for k in elements
            for bit in range(k % stretch * bits, (k % stretch + 1) * bits)
        }
    )


def case(seed: int) -> tuple[LayerShape, dict[str, object], Listed]:
    rng = Random(seed)
    channels, kernel = rng.randint(1, 40), rng.choice((1, 2, 3))
    layer = conv(channels, 5, 5, kernel) if rng.random() < 0.7 else linear(9, channels, 5)
    changes = {
        "array.dataflow": rng.choice(("os", "ws", "is", "bitfusion")),
        "array.rows": rng.choice((1, 2, 4, 16)),
        "array.pe.kind": rng.choice(("fixed", "fusion")),
        "memory.ports": "all",
        "memory.activation_sram.port_bits": rng.choice((8, 16, 64)),
        "memory.weight_sram.port_bits": rng.choice((8, 16, 64)),
    }
    bits = (0, rng.randint(1, 8)), (0, rng.randint(1, 8))
    return layer, changes, Listed((bits,))


@pytest.mark.parametrize("seed", range(100))
def test_words_of_folds(seed: int) -> None:
    layer, changes, scheme = case(seed)
    job = job_of(layer, None, changes, scheme)
    array, depth = job.arch.array, layer.reduction
    weights_are_slots = array.dataflow == "is"
    stretch = depth if weights_are_slots else layer.in_channels
    bits = (scheme.dense[0][1] if weights_are_slots else scheme.dense[0][0])[1]
    port_bits = job.arch.memory.buffers[job.slot_operand.name].port_bits
    taps = layer.kernel[0] * layer.kernel[1] if array.dataflow == "bitfusion" else 1
    pieces = [range(depth)]
    if array.dataflow != "os":
        held = array.rows * job.rates[0].macs
        pieces = [
            piece
            for tap in range(taps)
            for piece in short_first(range(tap * depth // taps, (tap + 1) * depth // taps), held)
        ]
    expected = [words(stretch, bits, port_bits, piece) for piece in pieces]
    reads = bank_reads(job, 0)
    assert reads is not None
    (found,) = reads
    assert fold_words(job, 0, bits).tolist() == expected
    assert vector_words(job, 0, bits) == sum(expected)
    rng = Random(seed)
    for vectors, spacing in ((rng.randint(1, 50), rng.randint(1, 99)) for _ in range(20)):
        # Were every fold late by its own words alone, the latest would be one of those looked at.
        every = [
            vectors * (sum(expected[:fold]) + own) - fold * spacing
            for fold, own in enumerate(expected)
        ]
        looked_at = [
            vectors * (before + int(found.deadlines[kind, -1, 0])) - fold * spacing
            for kind, before, fold in found.folds.tolist()
        ]
        assert max(looked_at) == max(every)


def late_windows(seed: int) -> tuple[list[int], list[int]]:
    """By how much banks are late in each window, as is told at once, and slot by slot."""
    layer, changes, scheme = case(seed)
    job = job_of(layer, None, changes, scheme)
    reads, late = bank_reads(job, 0), late_with_all_slots(job, 0)
    assert reads is not None and late is not None
    windows = np.array(job.tiling.window_slots)
    return late.ravel().tolist(), all_slots(windows, *reads).tolist()


def test_banks_that_keep_up_are_never_late() -> None:
    """Of banks that do not, some are late."""
    found = [late_windows(seed) for seed in range(100)]
    assert all(at_once == slot_by_slot for at_once, slot_by_slot in found)
    assert 10 < sum(any(late) for late, _ in found) < 90


def test_no_more_banks_are_looked_at_than_hold_a_slot() -> None:
    found = bank_reads(job_of(linear(3, 8, 2), None, {"memory.ports": "all"}), 0)
    assert found is not None
    assert [each.banks for each in found] == [3]


def test_no_port_limits_ideal() -> None:
    changes = {"memory.ports": "all", "lsb.scheduler": "ideal"}
    job = job_of(linear(3, 8, 2), np.ones((1, 2, 3), bool), changes, "pg")
    assert bank_reads(job, 1) is None
    assert bank_reads(job, 0) is not None


@pytest.mark.parametrize(
    ("dataflow", "overlap", "cycles"),
    [("ws", "none", 4), ("is", "none", 4), ("os", "none", 0), ("bitfusion", "none", 0)]
    + [(each, "folds", 0) for each in ("os", "ws", "is", "bitfusion")],
)
def test_folds_alone_load_before_their_first_step(dataflow: str, overlap: str, cycles: int) -> None:
    changes = {"array.dataflow": dataflow, "array.overlap": overlap}
    assert lead_cycles(job_of(linear(3, 8, 2), None, changes)) == cycles
