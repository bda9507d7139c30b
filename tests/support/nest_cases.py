"""Seeded small cases of layers mapped by a loop nest: a seed gives the same case for ever.

A case of `cases`, made smaller; a nest for it, in any order; and buffers that hold just so much of
the nest, so that holds of every depth, and sums that leave unfinished, are common.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from cases import Case, drawn_case, drawn_passes_case, drawn_pixels_case
from reference import Nest
from reference.layers import layer_of, passes_of
from reference.mapping import Job, Run
from reference.nests import LOOPS, MATTER, Walk

MACS = 15_000
PE_CYCLES = 60_000  # about, idle ones included
BLOCKS = 200


@dataclass(frozen=True)
class NestCase:
    """A case whose layer is mapped by a nest."""

    case: Case
    nest: Nest


def random_nest_case(seed: int) -> NestCase:
    """A case of a named scheme, or of any passes, and a nest."""
    return drawn_nest_case(Random(seed), seed)


def drawn_nest_case(rng: Random, seed: int) -> NestCase:
    """A case as `rng` draws it, among those that are stepped soon enough."""
    return _drawn(rng, seed, (drawn_case, drawn_case, drawn_passes_case))


def pixels_nest_case(seed: int) -> NestCase:
    """A case under a mask of input pixels (M52), and a nest."""
    return _drawn(Random(f"pixels {seed}"), seed, (drawn_pixels_case,))


def _drawn(rng: Random, seed: int, draws: Sequence[Callable[[Random, int], Case]]) -> NestCase:
    while True:
        draw = rng.choice(draws)
        case = _with_array(rng, draw(rng, seed))
        nest = _nest(rng, case)
        least = rng.choice((1, 3, 6))
        if least <= _blocks(case, nest) <= BLOCKS and _work(case, nest) <= 1:
            return NestCase(replace(case, arch=_arch(rng, case, nest)), nest)


def _with_array(rng: Random, case: Case) -> Case:
    """The case, at times on an array large enough that operands stay in it (M18)."""
    if rng.random() < 0.7:
        return case
    array = case.arch["array"] | {"rows": rng.choice((8, 16)), "columns": rng.choice((4, 8))}
    return replace(case, arch=case.arch | {"array": array})


def job_of(case: Case) -> Job:
    """The case's job as the reference has it."""
    layer = layer_of(case.layer)
    return Job(layer, passes_of(layer, case.scheme), case.arch)


def walk_of(case: Case, nest: Nest) -> Walk:
    """The walk of the first run, whose batch is the largest."""
    images = min(case.images, case.arch["batch"])
    return Walk(job_of(case), Run(0, images, 0), nest, case.output_bits)


def _nest(rng: Random, case: Case) -> Nest:
    sizes = walk_of(case, Nest(LOOPS, dict.fromkeys(LOOPS, 1))).sizes
    sizes["N"] = case.arch["batch"]  # more than there may be
    order = "".join(rng.sample(LOOPS, len(LOOPS)))
    blocks = {loop: _block(rng, sizes[loop]) for loop in LOOPS}
    if rng.random() < 0.3:
        blocks |= _of_one_lane_group(job_of(case), sizes)
    if job_of(case).gated and blocks["C"] < sizes["C"]:
        whole = "".join(loop for loop in order if blocks[loop] >= sizes[loop])
        outside = "".join(loop for loop in order if loop not in whole + "C")
        order = rng.choice((order.replace("C", "") + "C", outside + "C" + whole))
    unheld = tuple(name for name in ("activation", "weight") if rng.random() < 0.15)
    return Nest(order, blocks, unheld)


def _of_one_lane_group(job: Job, sizes: Mapping[str, int]) -> dict[str, int]:
    """Blocks between which operands may stay in the array: few lanes, and all input channels."""
    if job.slots_are_positions:
        return {"K": min(sizes["K"], job.columns), "C": sizes["C"]}
    return {"N": 1, "P": 1, "Q": min(sizes["Q"], job.columns), "C": sizes["C"]}


def _block(rng: Random, size: int) -> int:
    some = rng.randint(1, size)
    return rng.choice((size, size, -(-size // 2), some, some, 1))


def _blocks(case: Case, nest: Nest) -> int:
    walk = walk_of(case, nest)
    trips = math.prod(len(pieces) for pieces in walk.pieces.values())
    return trips * walk.job.layer.groups * walk.job.layer.time_steps


def _work(case: Case, nest: Nest) -> float:
    """How long the reference steps the case, 1 being as long as it may."""
    job, walk = job_of(case), walk_of(case, nest)
    layer, array = job.layer, case.arch["array"]
    outputs = layer.positions_per_step * layer.time_steps * layer.out_channels * case.images
    cycles = 0
    for index in range(len(job.passes)):
        macs, cycles_of_step = job.rate(index)
        for taken in walk.pieces["C"]:
            steps = len(taken) * layer.taps / macs * cycles_of_step
            used = (array["rows"], 1)[job.dataflow == "os"]
            cycles += outputs * max(steps, used) * array["rows"]
    blocks = _blocks(case, nest) * -(-case.images // case.arch["batch"])
    cycles += blocks * len(job.passes) * (array["rows"] + array["columns"]) ** 2 * array["rows"]
    macs = outputs * layer.reduction * len(job.passes)
    return max(macs / MACS, cycles / PE_CYCLES)


def _arch(rng: Random, case: Case, nest: Nest) -> dict[str, Any]:
    """The case's design with buffers that fit a block of the nest, and no planes on demand."""
    memory = dict(case.arch["memory"], lsb_fetch="with_msb")
    memory["overlap"] = rng.choice(("turns", "turns", "runs"))
    burst = rng.choice((1, 2, 4, 8, 16, 64))
    memory["dram"] = dict(memory["dram"], burst_bytes=burst)
    halves = 2 if memory["double_buffered"] else 1
    for operand, bits in _needs(case, nest).items():
        buffer = "output_sram" if operand == "sum" else f"{operand}_sram"
        sram = dict(memory[buffer], banks=rng.choice((1, 1, 2)), port_bits=rng.choice((8, 8, 64)))
        chosen = max(bits[-1], rng.choice(bits) - rng.choice((0, 0, 8)))
        least = sram["banks"] * sram["port_bits"]
        if operand == "sum":
            least = max(least, _window_bits(case))
        whole_bytes = -(-max(chosen, least) // 8) * halves
        memory[buffer] = sram | {"kib": whole_bytes / 1024}
    lsb = dict(case.arch["lsb"], window="auto")
    return case.arch | {"memory": memory, "lsb": lsb}


def _needs(case: Case, nest: Nest) -> Mapping[str, list[int]]:
    """Of each operand, the bits that a hold at each depth takes."""
    walk, found = walk_of(case, nest), {}
    for operand in MATTER:
        found[operand] = [walk.need(operand, depth) for depth in range(len(LOOPS) + 1)]
    return found


def _window_bits(case: Case) -> int:
    """Bits of the least window that a design must hold, whatever maps its layers (M39)."""
    array = case.arch["array"]
    return 32 * array["columns"] * (array["rows"] if array["dataflow"] == "os" else 1)
