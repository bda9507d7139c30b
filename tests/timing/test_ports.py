"""Port stalls, against a list of all steps of a pass (M21)."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from designs import conv, design, filled, trace_of
from packed_rows import shortfall
from pgsim.timing.folds import fold_spacing
from pgsim.timing.issue import Issue
from pgsim.timing.ports import port_stall_cycles, slot_reads

from pgsim import ArchConfig, LayerShape
from pgsim.arch import macs_and_cycles
from pgsim.schemes import Pass


def short_first(total: int, size: int) -> list[int]:
    """Pieces of a size, the first one short."""
    first = (total - 1) % size + 1
    return [first] + [size] * ((total - first) // size)


def steps(
    layer: LayerShape, arch: ArchConfig, pass_: Pass, vectors: list[int]
) -> Iterator[tuple[int, int]]:
    """Of each step of a pass the elements that it reads and when it ends, in array cycles.

    vectors: the operand vectors of each issued slot.
    """
    array, begin = arch.array, 0
    macs, cycles = macs_and_cycles(array.pe, pass_.activation_bits, pass_.weight_bits)
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


def naive(layer: LayerShape, arch: ArchConfig, pass_: Pass, vectors: list[int]) -> int:
    if arch.array.lanes_are_channels:
        sram, bits = arch.memory.activation_sram, pass_.activation_bits
    else:
        sram, bits = arch.memory.weight_sram, pass_.weight_bits
    read, stall = 0, 0
    for elements, end in steps(layer, arch, pass_, vectors):
        read += elements * bits
        stall = max(stall, -(-read // (sram.banks * sram.port_bits)) - end)
    return stall


def some_design(rng: Random) -> ArchConfig:
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
    return design(changes | ports)


@pytest.mark.parametrize("seed", range(400))
def test_stalls_equal_those_of_the_steps(seed: int) -> None:
    rng = Random(seed)
    layer = conv(rng.choice((1, 3, 5, 20)), 4, 4, rng.choice((1, 2, 3)))
    mask = trace_of(layer, filled(layer, True)).layers[0]
    arch, pass_ = some_design(rng), Pass(rng.randint(1, 8), rng.randint(1, 8), mask)
    most = {"dense": 1, "combine": min(4, arch.array.columns), "queue": arch.array.columns}
    vectors = [rng.randint(1, most[arch.lsb.scheduler]) for _ in range(rng.choice((1, 3, 11, 40)))]
    reads = slot_reads(layer, arch, pass_)
    count, none = np.array([len(vectors)]), np.array([0])
    issue = Issue(
        slots=count,
        vectors=np.array([sum(vectors)]),
        **dict.fromkeys(("entries", "active_slots", "ideal", "fullest_lane"), none),
        shortfall_bits=tuple(np.array([shortfall(vectors, rate)]) for rate in reads.rates.tolist()),
    )
    spacing = fold_spacing(arch.array, count * reads.beat_cycles)
    assert port_stall_cycles(reads, issue, spacing).tolist() == [naive(layer, arch, pass_, vectors)]
