"""What windows of many sizes issue, asked for together, is what simulations count (M11, M41)."""

from __future__ import annotations

import os

import numpy as np
import pytest
from search_cases import blocks_that_fit, nests_of, steered_case

from pgsim.model.blocks import Block
from pgsim.model.search.windows import Windows
from pgsim.model.work_store import WorkStore

SEEDS = int(os.environ.get("PGSIM_SEARCH_SEEDS", "10"))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_all_sizes_issue_what_each_alone_does(seed: int) -> None:
    case = steered_case(seed, most=4, batches=1 + seed % 3)
    job, whole = case.job, case.job.shape.in_channels_per_group
    block = Block(0, job.batch, case.images // job.batch, 0)
    nests = {nest.blocks: nest for nest in nests_of(case)}
    every = [each for each in blocks_that_fit(case) if each[4] == whole and each in nests]
    if not every:
        return
    issued = Windows(job, case.goal("energy"), block, WorkStore()).issued(np.array(every))
    for place, blocks in enumerate(every):
        gated = case.ledger(nests[blocks]).passes[job.leading :]
        assert issued.cycles[place] == sum(int(each.steady_cycles.sum()) for each in gated)


@pytest.mark.parametrize("seed", range(4))
def test_a_window_is_asked_for_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks that differ in input channels alone have equal windows."""
    case = steered_case(seed, most=4)
    job = case.job
    windows = Windows(job, case.goal("energy"), Block(0, job.batch, 1, 0), WorkStore())
    asked = []
    of = Windows.issued_in
    monkeypatch.setattr(Windows, "issued_in", lambda *given: asked.append(0) or of(*given))
    sizes = np.array([[job.batch, *job.shape.run_out_size, 1, 1]])
    first = windows.issued(sizes)
    again = windows.issued(np.repeat(sizes, 2, axis=0))
    assert len(asked) == 1
    assert again.cycles.tolist() == [*first.cycles, *first.cycles]
