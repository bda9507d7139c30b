"""Seeded cases of layers mapped by a loop nest (MODEL.md M40): cases of `cases`, each with a nest.

The buffers hold just so much of the nest, so that holds of every depth, and sums that leave
unfinished, are common. What a hold needs is found here for boxes, by counting.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
from reference import Nest, Pass, stored_bits
from reference.nests import LOOPS, MATTER, SUM_BITS

from rtl.arithmetic import Geometry
from rtl.builds import Build
from rtl.cases import Case, random_case, random_passes_case

TURNS = 150
PASSES = 400  # of the tiles of one turn, at most
LANE_GROUPS = 16  # of one turn, for which the RTL has room
NAMES = {"N": "images", "P": "rows", "Q": "columns", "K": "channels", "C": "in_channels"}
BUFFERS = {"activation": "activation_sram", "weight": "weight_sram", "sum": "output_sram"}


def random_nest_case(build: Build, seed: int) -> Case:
    """The case of a seed, the same for ever; every other one under passes of any number."""
    rng = Random(f"{build.name} nest {seed}")
    draw = (random_case, random_passes_case)[seed % 2]
    gated, least = rng.random() < 0.6, rng.choice((1, 4, 10))
    while True:
        case = draw(build, rng.randrange(2**32))
        case.arch["batch"] = rng.choice((1, 2, 3))
        nest = _nest(rng, case)
        fits = least <= _blocks(case, nest) <= TURNS and _fits(case, nest)
        if fits and is_gated(case) == gated:
            return _mapped(rng, replace(case, seed=seed), nest)


def _mapped(rng: Random, case: Case, nest: Nest) -> Case:
    """The case with its nest, on a design that takes it."""
    arch = case.arch
    memory = arch["memory"] | {"lsb_fetch": "with_msb"}  # planes on demand refuse nests
    lsb = arch["lsb"] | {"window": "auto"}  # a block is one
    mapping = {"nests": [{"order": nest.order, **_block_keys(nest)}]}
    memory |= {"dram": memory["dram"] | {"burst_bytes": rng.choice((1, 2, 4, 8, 16, 64))}}
    memory |= _buffers(rng, case, nest)
    arch = arch | {"memory": memory, "lsb": lsb, "mapping": mapping}
    return replace(case, arch=arch, nest=nest)


def _block_keys(nest: Nest) -> dict[str, int]:
    return {f"block_{name}": nest.blocks[loop] for loop, name in NAMES.items()}


def loop_sizes(case: Case) -> dict[str, int]:
    """The loops of the largest run and group."""
    shape = case.shape
    rows, columns = (1, 1) if case.layer["op"] == "recurrent" else shape.out_size
    sizes = (case.arch["batch"], rows, columns, shape.channels, shape.depth)
    return dict(zip(LOOPS, sizes, strict=True))


def trips(case: Case, nest: Nest) -> dict[str, int]:
    """Blocks of each loop; of images, those of the batch that is there."""
    sizes = loop_sizes(case)
    sizes["N"] = min(sizes["N"], len(case.activations))
    return {loop: -(-size // nest.blocks[loop]) for loop, size in sizes.items()}


def is_gated(case: Case) -> bool:
    """Whether a mask steers any pass."""
    return any(one.gated for one in case.passes)


def _nest(rng: Random, case: Case) -> Nest:
    sizes = loop_sizes(case)
    blocks = {loop: _block(rng, size) for loop, size in sizes.items()}
    if rng.random() < 0.3:
        blocks |= _of_one_lane_group(case, sizes)
    order = "".join(rng.sample(LOOPS, len(LOOPS)))
    if not is_gated(case) and rng.random() < 0.3:  # sums are unfinished for long
        order = "C" + order.replace("C", "")
        blocks["C"] = -(-sizes["C"] // rng.choice((2, 3)))
    if is_gated(case) and blocks["C"] < sizes["C"]:  # a gate needs whole sums
        whole = "".join(loop for loop in order if blocks[loop] >= sizes[loop])
        outside = "".join(loop for loop in order if loop not in whole + "C")
        order = rng.choice((order.replace("C", "") + "C", outside + "C" + whole))
    return Nest(order, blocks)


def _block(rng: Random, size: int) -> int:
    some = rng.randint(1, size)
    return rng.choice((size, size, -(-size // 2), some, some, 1))


def _of_one_lane_group(case: Case, sizes: Mapping[str, int]) -> dict[str, int]:
    """Blocks between which operands may stay in the array: few lanes, and all input channels."""
    columns = case.build.columns
    if case.build.lanes_are_channels:
        return {"K": min(sizes["K"], columns), "C": sizes["C"]}
    return {"N": 1, "P": 1, "Q": min(sizes["Q"], columns), "C": sizes["C"]}


def _blocks(case: Case, nest: Nest) -> int:
    steps = case.layer.get("time_steps", 1)
    return math.prod(trips(case, nest).values()) * case.shape.groups * steps


def _fits(case: Case, nest: Nest) -> bool:
    """Whether the RTL's tables have room for a block, and its sequencer decides in a cycle."""
    sizes = loop_sizes(case)
    taken = {loop: min(nest.blocks[loop], sizes[loop]) for loop in LOOPS}
    slots, lanes = taken["N"] * taken["P"] * taken["Q"], taken["K"]
    if not case.build.lanes_are_channels:
        slots, lanes = lanes, slots
    lane_groups = -(-lanes // case.build.columns)
    blocks = trips(case, nest)["C"] if is_gated(case) else 1
    fits = slots * lane_groups <= case.build.parameters["WINDOW"] and lane_groups <= LANE_GROUPS
    return fits and lane_groups * blocks * len(case.passes) <= PASSES


def _buffers(rng: Random, case: Case, nest: Nest) -> dict[str, Any]:
    """Buffers with room for what a hold of some depth needs, and ports that are often narrow."""
    halves = 2 if case.build.double_buffered else 1
    found = {}
    for operand, buffer in BUFFERS.items():
        bits = [need(case, nest, operand, depth) for depth in range(len(LOOPS) + 1)]
        chosen = max(bits[-1], rng.choice(bits) - rng.choice((0, 0, 8)))
        sram = {"banks": rng.choice((1, 1, 2, 4, 16)), "port_bits": rng.choice((8, 8, 16, 64))}
        least = sram["banks"] * sram["port_bits"]
        if operand == "sum":
            least = max(least, _window_bits(case.build))
        found[buffer] = sram | {"kib": -(-max(chosen, least) // 8) * halves / 1024}
    return found


def need(case: Case, nest: Nest, operand: str, depth: int) -> int:
    """The bits that the loops inside of a depth need of an operand, at most."""
    bits = _element_bits(case.passes, operand)
    if operand == "weight":
        bits *= math.prod(case.shape.kernel)
    for place, loop in enumerate(nest.order):
        if loop in MATTER[operand]:
            bits *= _most(case, nest, operand, loop, whole=place >= depth)
    return bits


def _element_bits(passes: list[Pass], operand: str) -> int:
    return SUM_BITS if operand == "sum" else stored_bits(passes, operand)


def _most(case: Case, nest: Nest, operand: str, loop: str, whole: bool) -> int:
    """Of one loop, the items that all its blocks take, or the largest one."""
    size = loop_sizes(case)[loop]
    block = size if whole else min(nest.blocks[loop], size)
    if operand != "activation" or loop not in "PQ":
        return block
    side = "PQ".index(loop)
    return max(len(set(_reached(case, side, first, block))) for first in range(0, size, block))


def _reached(case: Case, side: int, first: int, block: int) -> Iterator[int]:
    """Input rows, or columns, under the taps of a block of output rows."""
    shape: Geometry = case.shape
    if case.layer["op"] == "recurrent":
        yield 0
        return
    stops = min(first + block, shape.out_size[side])
    for out in range(first, stops):
        taps = np.arange(shape.kernel[side]) * shape.dilation[side]
        rows = out * shape.stride[side] - shape.margins[side][0] + taps
        yield from (int(row) for row in rows if 0 <= row < shape.in_size[side])


def _window_bits(build: Build) -> int:
    """Bits of the least window that a design must hold, whatever maps its layers (M39)."""
    return 32 * build.columns * (build.rows if build.dataflow == "os" else 1)
