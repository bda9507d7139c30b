"""What gated passes fetch again is in the bounds of what blocks move (MODEL.md M40, M41).

`test_bounds` holds the same bounds beside simulated nests of random cases.
"""

from __future__ import annotations

import numpy as np
import pytest
from designs import drawn, linear
from search_cases import Cost, SearchCase, nests_of

from pgsim.model.blocks import Block
from pgsim.model.search.fetched import every_bursts, first_bursts
from pgsim.model.search.geometry import Geometry
from pgsim.model.search.windows import Windows
from pgsim.model.work_store import WorkStore

ROUNDED = 1 + 1e-9  # bounds are sums of floats
BLOCKS = (1, 4, 1, 2, 2)  # two blocks of four positions, and two of input channels
OPEN, HALF, SHUT = (drawn(f"{one} {one}") for one in ("xxxxxxxx", "...x....", "........"))


def case_of(mask: np.ndarray, weight_bytes: int = 64, burst_cycles: int = 1) -> SearchCase:
    """Eight positions of four input channels and two outputs, which stay on chip.

    Words and bursts have a byte. All fits but for weights, if so few bytes are for them.
    """
    changes = {
        **{f"memory.{each}_sram.port_bits": 8 for each in ("activation", "weight", "output")},
        "memory.weight_sram.banks": 1,
        "memory.weight_sram.kib": weight_bytes / 1024,
        "memory.dram.burst_bytes": 1,
        "memory.dram.bytes_per_cycle": 1 / burst_cycles,
        "memory.ports": "all",
    }
    return SearchCase(linear(8, 4, 2), mask, 1, changes, "pg", 4, (False, True))


def bounds(case: SearchCase, blocks: tuple[int, ...] = BLOCKS) -> tuple[list[int], float]:
    """Bursts at least, without and with what gated passes fetch; and cycles at least."""
    geometry = Geometry(case.job, case.goal("latency"))
    masks = Windows(case.job, geometry.goal, Block(0, 1, 1, 0), WorkStore(limit_bytes=0))
    sizes = [tuple(each.tolist()) for each in geometry.bounds[1]]
    places, asked = np.array([sizes.index(blocks)]), np.array([blocks])
    first, every = (of(geometry, masks, places) for of in (first_bursts, every_bursts))
    least = masks.with_bursts(masks.with_first_bursts(geometry.bounds[2][places], first), every)
    return [*first.tolist(), *every.tolist()], float(masks.with_issued(least, asked)[0, 0])


def least_cost(case: SearchCase, blocks: tuple[int, ...] = BLOCKS) -> Cost:
    """What the best nest of these blocks takes: of bursts, and then of cycles."""
    costs = [case.cost(nest) for nest in nests_of(case) if nest.blocks == blocks]
    return min(costs, key=lambda each: (each.bursts, each.cycles))


@pytest.mark.parametrize(
    ("mask", "weight_bytes", "first", "every"),
    [
        # The first pass fetches 8 bytes of MSBs and 8 of weights. Gated ones fetch 8 of LSBs.
        (OPEN, 64, 16, 24),
        # Half of the weights fit: they come with both blocks of positions, and again with each.
        (OPEN, 8, 24, 24 + 8 + 16),
        # One of the two blocks of positions has entries: 4 bytes of LSBs, and weights once more.
        (HALF, 64, 16, 20),
        (HALF, 8, 24, 24 + 4 + 8),
        # Nothing is gated.
        (SHUT, 64, 16, 16),
        (SHUT, 8, 24, 24),
    ],
)
def test_planes_come_again_for_each_block_with_an_entry(
    mask: np.ndarray, weight_bytes: int, first: int, every: int
) -> None:
    """By hand, and simulated."""
    case = case_of(mask, weight_bytes)
    assert bounds(case)[0] == [first, every]
    assert least_cost(case).bursts == every


@pytest.mark.parametrize("burst_cycles", [1, 10])
@pytest.mark.parametrize("weight_bytes", [8, 64])
@pytest.mark.parametrize("blocks", [BLOCKS, (1, 8, 1, 2, 2), (1, 8, 1, 2, 1)], ids=str)
def test_after_the_last_fetch_comes_the_last_block_of_input_channels_alone(
    blocks: tuple[int, ...], weight_bytes: int, burst_cycles: int
) -> None:
    """The gated pass of the blocks before goes on while that one's planes are fetched."""
    case = case_of(OPEN, weight_bytes, burst_cycles)
    (_, bursts), cycles = bounds(case, blocks)
    cost = least_cost(case, blocks)
    assert bursts == cost.bursts
    assert bursts * burst_cycles <= cycles * ROUNDED
    assert cycles <= cost.cycles * ROUNDED
