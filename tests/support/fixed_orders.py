"""Layers in the fixed order whose output buffers might be smaller, and what windows cost at least.

A number and a kind give the same case for ever, which is never one without smaller windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import numpy as np
from search_cases import Cost, SearchCase, search_case, steered_case, windows_of

from pgsim import LayerShape
from pgsim.arch import OBJECTIVES
from pgsim.kernels.nest_problem import Cost as Known
from pgsim.model.blocks import Block
from pgsim.model.search.fixed_bound import FixedBound
from pgsim.model.search.fixed_frame import FixedFrame
from pgsim.model.search.geometry import Geometry
from pgsim.model.search.goal import Goal
from pgsim.model.search.windows import Windows
from pgsim.model.work_store import WorkStore

BYTES = {"memory.dram.bytes_per_cycle": 1, "memory.dram.burst_bytes": 1}  # a byte takes a cycle
_APART = 100  # seeds, from those tried for one number to those tried for the next


def windowed_case(number: int, *, gated: bool, ports: str = "slots") -> SearchCase:
    """The first case of a number's seeds that has smaller windows; of two batches every other one.

    gated: whether a mask steers it.
    """
    drawn = steered_case if gated else _dense_case
    every = (
        drawn(seed, most=6, batches=1 + number % 2).with_changes({"memory.ports": ports})
        for seed in count(_APART * number)
    )
    return next(case for case in every if windows_of(case))


def _dense_case(seed: int, *, most: int, batches: int) -> SearchCase:
    return search_case(seed, gated=False, most=most, batches=batches)


def case_of(
    layer: LayerShape,
    changes: Mapping[str, Any],
    mask: np.ndarray | None = None,
    *,
    images: int = 1,
    output_bits: int = 4,
    scheme: str | None = None,
) -> SearchCase:
    """A layer on the design of `designs`.

    scheme: `pg` where there is a mask, and `full` where there is none, unless it is said.
    """
    scheme = scheme or ("full" if mask is None else "pg")
    return SearchCase(layer, mask, images, dict(changes), scheme, output_bits, (False, False))


def goal_of_one(case: SearchCase, name: str) -> Goal:
    """Energy to which one count alone adds, at 1 pJ, so that it is that count."""
    return Goal(OBJECTIVES["energy"], dict.fromkeys(case.prices, 0.0) | {name: 1.0})


def frame_of(case: SearchCase, goal: Goal) -> FixedFrame:
    """What the leading passes of a batch take in every smaller window."""
    return Geometry(case.job, goal).fixed


def bound_of(case: SearchCase, goal: Goal) -> FixedBound:
    """What every smaller window costs at least, over all batches."""
    batch = case.job.batch
    block = Block(0, batch, case.images // batch, 0)
    masks = Windows(case.job, goal, block, WorkStore(limit_bytes=0))
    return FixedBound(frame_of(case, goal), masks)


def fixed_costs(case: SearchCase) -> list[Cost]:
    """What every smaller window costs, simulated."""
    return [case.cost(None, window) for window in windows_of(case)[::-1]]


def as_known(cost: Cost, objective: str) -> Known:
    """What a simulation costs as searches compare it, of no blocks."""
    return Known(cost.value(objective), cost.bursts, cost.cycles, cost.energy_pj, 0)


def fixed_counts(case: SearchCase) -> list[dict[str, int]]:
    """What every smaller window counts, simulated."""
    return [case.ledger(None, window).total() for window in windows_of(case)[::-1]]
