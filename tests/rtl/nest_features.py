"""What of M40 a case exercises: is every part of the rule reached?"""

from __future__ import annotations

from collections.abc import Iterator

from reference.layers import layer_of
from reference.mapping import Job
from reference.nests import LOOPS, MATTER

from rtl.cases import Case
from rtl.nest_cases import is_gated, loop_sizes, need, trips

DEPTHS = range(len(LOOPS) + 1)


def nest_features(case: Case, counts: dict[str, int]) -> Iterator[str]:
    """Name what a case has; counts: its cycles and bytes, as the RTL and pgsim report them."""
    shape, nest, blocks = case.shape, case.nest, trips(case, case.nest)
    memory, gated = case.arch["memory"], is_gated(case)
    yield case.layer["op"]
    yield from (("strided",) if max(shape.stride) > 1 else ())
    yield from (("padded",) if max(map(max, shape.margins)) > 0 else ())
    yield from (("dilated",) if max(shape.dilation) > 1 else ())
    yield from (("grouped",) if shape.groups > 1 else ())
    yield "a gate" if gated else "no gate"
    yield "two buffers" if memory["double_buffered"] else "one buffer"
    yield from (f"blocks of {loop}" for loop, count in blocks.items() if count > 1)
    sizes = loop_sizes(case)
    if any(sizes[loop] % nest.blocks[loop] for loop, count in blocks.items() if count > 1):
        yield "a last block that is smaller"
    yield from _hold_features(case, blocks)
    if counts["dram_sum_read_bytes"]:
        yield "unfinished sums come back"
    if blocks["C"] > 1 and not gated and not counts["dram_sum_read_bytes"]:
        yield "sums are held over input blocks"
    if counts["dram_stall_cycles"]:
        yield "DRAM stalls"
    if counts["port_stall_cycles"]:
        yield "port stalls, of every port" if memory["ports"] == "all" else "port stalls"
    yield from _array_features(case, blocks)


def depths(case: Case) -> dict[str, int]:
    """The depth at which each operand is held."""
    return {operand: _depth(case, operand) for operand in MATTER}


def _depth(case: Case, operand: str) -> int:
    memory = case.arch["memory"]
    kib = memory["output_sram" if operand == "sum" else f"{operand}_sram"]["kib"]
    usable_bits = int(kib * 8192 // (2 if memory["double_buffered"] else 1))
    return next(each for each in DEPTHS if need(case, case.nest, operand, each) <= usable_bits)


def _hold_features(case: Case, blocks: dict[str, int]) -> Iterator[str]:
    found, order = depths(case), case.nest.order
    many = [loop for loop in order if blocks[loop] > 1]
    for operand, depth in found.items():
        outside = any(loop in order[:depth] for loop in many)
        inside = any(loop in order[depth:] for loop in many)
        if outside and inside:
            yield f"a hold of {operand}s ends between the first and the last block"
    if len(set(found.values())) == len(found):
        yield "every operand is held at a depth of its own"
    if case.layer["op"] == "recurrent" and found["weight"] == 0:
        yield "weights are held over a run of a time step"
    held = order[found["activation"] :]
    for side, loop in enumerate("PQ"):
        wide = case.shape.kernel[side] > case.shape.stride[side]
        if loop in held and blocks[loop] > 1 and wide:
            yield f"blocks of {loop} share their halo"
    if is_gated(case) and blocks["C"] > 1:
        again = [one for one in ("activation", "weight") if found[one] > order.index("C")]
        yield from (f"each pass fetches its own plane of {one}s" for one in again)


def _array_features(case: Case, blocks: dict[str, int]) -> Iterator[str]:
    sizes = loop_sizes(case)
    taken = {loop: min(case.nest.blocks[loop], sizes[loop]) for loop in LOOPS}
    lanes = taken["K"]
    if not case.build.lanes_are_channels:
        lanes = taken["N"] * taken["P"] * taken["Q"]
    if lanes > case.build.columns:
        yield "several lane groups in a turn"
    job = Job(layer_of(case.layer), case.passes, case.arch)
    if job.operands_stay and lanes <= case.build.columns and blocks["C"] == 1:
        yield "operands stay from turn to turn"
    if is_gated(case) and case.build.scheduler in ("combine", "queue"):
        yield f"{case.build.scheduler} packs a block"
        memory = case.arch["memory"]
        slots = "activation" if case.build.lanes_are_channels else "weight"
        if memory["ports"] == "all" and memory[f"{slots}_sram"]["banks"] == 1:
            yield "what is packed lies in one bank"
