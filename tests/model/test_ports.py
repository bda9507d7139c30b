"""Port stalls, against a list of all steps of a pass (M21)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from designs import conv, filled, linear
from jobs import Listed, job_of
from packed_rows import shortfall

from pgsim import ArchConfig, LayerShape
from pgsim.model.issue import Issue
from pgsim.model.ports import SlotReads, port_stall_cycles, slot_reads

Bits = tuple[int, int]  # of the planes of activations and weights


def short_first(total: int, size: int) -> list[int]:
    """Pieces of a size, the first one short."""
    first = (total - 1) % size + 1
    return [first] + [size] * ((total - first) // size)


def steps(
    layer: LayerShape, arch: ArchConfig, bits: Bits, vectors: list[int]
) -> Iterator[tuple[int, int]]:
    """Of each step of a pass the elements that it reads and when it ends, in array cycles.

    vectors: the operand vectors of each issued slot.
    """
    array, begin = arch.array, 0
    macs, cycles = arch.pe.macs_and_cycles(*bits)
    if array.dataflow == "os":
        parts = short_first(layer.reduction, macs)
        steady, first_slot = len(parts) * cycles, 0
        for fold in short_first(len(vectors), array.rows):
            in_fold = sum(vectors[first_slot : first_slot + fold])
            for step, elements in enumerate(parts, start=1):
                yield in_fold * elements, begin + step * cycles
            first_slot += fold
            begin += max(steady, array.rows) if array.overlap == "folds" else steady + skew(arch)
        return
    taps = layer.kernel[0] * layer.kernel[1] if array.dataflow == "bitfusion" else 1
    steady = len(vectors) * cycles
    for elements in short_first(layer.reduction // taps, array.rows * macs) * taps:
        for step, read in enumerate(vectors, start=1):
            yield read * elements, begin + step * cycles
        if array.overlap == "none":
            begin += steady + skew(arch) + (0 if array.dataflow == "bitfusion" else array.rows)
        else:
            begin += steady if array.dataflow == "bitfusion" else max(steady, array.rows)


def skew(arch: ArchConfig) -> int:
    return arch.array.rows + arch.array.columns - 2


def naive(layer: LayerShape, arch: ArchConfig, bits: Bits, vectors: list[int]) -> int:
    positions_are_lanes = arch.array.dataflow == "is" or arch.array.lanes == "positions"
    sram = arch.memory.weight_sram if positions_are_lanes else arch.memory.activation_sram
    element_bits = bits[1] if positions_are_lanes else bits[0]
    read, stall = 0, 0
    for elements, end in steps(layer, arch, bits, vectors):
        read += elements * element_bits
        stall = max(stall, -(-read // (sram.banks * sram.port_bits)) - end)
    return stall


def some_design(rng: Random) -> dict[str, Any]:
    dataflow = rng.choice(("os", "os", "ws", "is", "bitfusion"))
    kind = rng.choice(("fixed", "fusion", "serial_activation"))
    port = {"banks": rng.choice((1, 2, 8)), "port_bits": rng.choice((8, 16, 64))}
    changes = {
        "array.dataflow": dataflow,
        "array.lanes": rng.choice(("channels", "positions")) if dataflow == "os" else "channels",
        "array.overlap": rng.choice(("folds", "none")),
        "array.pe.kind": kind,
        "array.pe.terms": rng.choice((1, 3, 16)),
        "array.rows": rng.choice((1, 2, 4, 10)),
        "array.columns": rng.choice((1, 2, 5)),
        "lsb.scheduler": rng.choice(("dense", "combine", "queue")),
    }
    ports = {
        f"memory.{name}_sram.{key}": port[key] for name in ("activation", "weight") for key in port
    }
    return changes | ports


@pytest.mark.parametrize("seed", range(400))
def test_stalls_equal_those_of_the_steps(seed: int) -> None:
    rng = Random(seed)
    layer = conv(rng.choice((1, 3, 5, 20)), 4, 4, rng.choice((1, 2, 3)))
    changes, bits = some_design(rng), (rng.randint(1, 8), rng.randint(1, 8))
    # A dense pass goes before the gated one, whose port is looked at.
    passes = Listed((((0, 8), (0, 8)),), (((0, bits[0]), (0, bits[1])),))
    job = job_of(layer, filled(layer, True), changes, passes)
    most = {"dense": 1, "combine": min(4, job.arch.array.columns), "queue": job.arch.array.columns}
    most_vectors = most[job.arch.lsb.scheduler]
    vectors = [rng.randint(1, most_vectors) for _ in range(rng.choice((1, 3, 11, 40)))]
    reads = slot_reads(job, 1)
    assert reads.most_vectors == most_vectors
    fold_cycles = job.arch.dataflow.fold_cycles(np.array([len(vectors)]), job.rates[1])
    spacing = job.arch.array.fold_spacing(fold_cycles)
    issue = issue_of(vectors, reads)
    found = port_stall_cycles(reads, issue, spacing)
    assert found.item() == naive(layer, job.arch, bits, vectors)


def issue_of(vectors: list[int], reads: SlotReads) -> Issue:
    """The issue of a tile whose slots read so many operand vectors each."""
    none = np.array([0])
    return Issue(
        slots=np.array([len(vectors)]),
        vectors=np.array([sum(vectors)]),
        **dict.fromkeys(("entries", "active_slots", "ideal", "fullest_lane"), none),
        shortfall_bits=tuple(np.array([shortfall(vectors, rate)]) for rate in reads.rates.tolist()),
    )


def test_a_fast_port_has_no_rates() -> None:
    # 64 banks of 512 bits bring more in a cycle than 4 rows of 6 elements of 8 bits need in 6.
    reads = slot_reads(job_of(linear(5, 6, 3)), 0)
    assert (reads.port_bits, reads.rates.tolist()) == (64 * 512, [])
    issue = issue_of([1] * 5, reads)
    assert port_stall_cycles(reads, issue, np.array([6])).item() == 0


def test_what_a_slow_port_is_asked_for() -> None:
    port = {"memory.activation_sram.banks": 1, "memory.activation_sram.port_bits": 8}
    # os, 4 rows, D = 6 at 4 bits: a fold of 6 cycles, the next 6 later, reads 4 vectors of 24 bits.
    reads = slot_reads(job_of(linear(5, 6, 3), changes=port), 0)
    assert reads.rates.tolist() == [[4, 24, 8 * 6]]
    # ws, D = 6 is folds of 2 and of 4 rows, a slot a cycle: 8 bits, then 16.
    reads = slot_reads(job_of(linear(5, 6, 3), changes=port | {"array.dataflow": "ws"}), 0)
    assert (reads.taps, reads.tap_folds) == (1, 2)
    assert reads.rates.tolist() == [[1, 8, 8], [1, 16, 8]]
