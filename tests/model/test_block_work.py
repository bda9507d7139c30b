"""Blocks of images at one speed of DRAM, against arrays that are stepped fold by fold (M25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from random import Random

import numpy as np
import pytest
from designs import design, recurrent
from jobs import job_of
from stepped_turns import Folds, Machine, Moved, Passes, naive, single, taken, ungated

from pgsim.arch import ArchConfig
from pgsim.model.block_work import CLOCKED, BlockWork, Turns, clocked
from pgsim.model.ledger import Batches, Sums

UNGATED = {"gate": "none", "msb_bits": None}


def clocked_design(cycles_of_burst: int = 1, cycles_of_page: int = 0) -> ArchConfig:
    """A design whose bursts of 16 bytes, and pages, take so many cycles of 2 ns each."""
    changes: dict[str, object] = {"memory.dram.bytes_per_cycle": 16 / cycles_of_burst}
    if cycles_of_page:
        changes |= {
            "memory.dram.model": "pages",
            "memory.dram.row_miss_ns": 2 * cycles_of_page,
            "memory.dram.refresh_ns": 0,
        }
    return design(changes)


def batches_of(runs: int, simulated: int, *, alike: bool = False) -> Batches:
    """So many batches of a layer of so many runs, of which two stand for all if they are alike."""
    return Batches(job_of(recurrent(runs, 1, 1, **UNGATED)).tiling, simulated, alike=alike)


@dataclass(frozen=True)
class Drawn:
    """A block: its runs on a machine, and the bursts that move around each of their turns."""

    machine: Machine
    runs: list[Passes]
    moved: list[list[Moved]]
    batches: Batches

    @property
    def work(self) -> BlockWork:
        work, moved, order = taken(self.machine, self.runs, self.moved)
        number = self.batches.simulated
        sums = Sums(("outputs",), (), 7 * np.arange(number, dtype=np.int64)[None])
        return BlockWork(self.batches, order, work, (moved,), sums)

    def of_runs(self, cycles_of_burst: int) -> list[tuple[int, int, int]]:
        """Every run, stepped: its cycles, those without work, and those of two waits at once."""
        found = []
        for own, around in zip(self.runs, self.moved, strict=True):
            slow = [Moved(*(each * cycles_of_burst for each in turn)) for turn in around]
            events = naive(self.machine, own, slow)
            turns = zip(events["turn_begins"], events["turn_ends"], strict=True)
            worked = sum(end - begin for begin, end in turns)
            late = sum(folds.stall for tiles in own for folds in tiles)
            both = late - sum(map(sum, events["port_stall_cycles"]))
            found.append((events["ends"], events["ends"] - worked, both))
        return found

    def of_batches(self, cycles_of_burst: int) -> list[list[int]]:
        """The same of batches: every run once, and the last for all that are like it."""
        found: list[list[int]] = [[], [], []]
        runs = self.of_runs(cycles_of_burst)
        each, every = self.batches.runs, self.batches.tiling.runs
        for begin in range(0, len(runs), each):
            own = runs[begin : begin + each]
            own += own[-1:] * (every - each)
            assert len(own) == every
            for counts, of_runs in zip(found, zip(*own, strict=True), strict=True):
                counts.append(sum(of_runs))
        return found


def drawn(rng: Random) -> Drawn:
    """A block of any kind of order, of one to three batches."""
    passes, tiles = rng.choice((1, 2, 3)), rng.randint(1, 4)
    machine = rng.choice((Machine(), ungated(), single(), Machine("ws"), Machine(gate_latency=2)))
    if passes == 1:
        machine = ungated()
    machine = replace(machine, ports_ahead=rng.random() < 0.5)
    batches = batches_of(rng.randint(1, 4), rng.randint(1, 3), alike=rng.random() < 0.5)
    number = batches.runs * batches.simulated
    turns = tiles + int(machine.order(passes).interleaved)
    return Drawn(
        machine,
        [
            [[Folds(rng.randint(1, 3), rng.randint(1, 9), rng.choice((0, 2))) for _ in range(tiles)]
             for _ in range(passes)]
            for _ in range(number)
        ],
        [[Moved(*(rng.randint(0, 9) for _ in range(3))) for _ in range(turns)]
         for _ in range(number)],
        batches,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(25))
def test_batches_wait_as_their_runs_do_one_after_the_other(seed: int) -> None:
    """Cycles and stalls of every batch are those of its runs, each stepped on an array."""
    rng = Random(seed)
    blocks = [drawn(rng) for _ in range(rng.randint(1, 3))]
    works = [each.work for each in blocks]
    for burst in (1, 4):
        expected = [each.of_batches(burst) for each in blocks]
        together = Turns.of(works).waits(clocked_design(burst))
        assert together.tolist() == [list(chain(*own)) for own in zip(*expected, strict=True)]
        sums = clocked(clocked_design(burst), works)
        for own, found, wanted in zip(blocks, sums, expected, strict=True):
            assert found.names == (*CLOCKED, "outputs")
            outputs = [7 * batch for batch in range(own.batches.simulated)]
            assert found.rows.tolist() == [*wanted, outputs]


def one_run(before: Sequence[int], beside: Sequence[int], after: Sequence[int]) -> BlockWork:
    """Two tiles of one pass of 10 cycles on an array whose sums leave in 6, and what they move."""
    around = [list(map(Moved, before, beside, after))]
    return Drawn(ungated(), [[[Folds(1, 10)] * 2]], around, batches_of(1, 1)).work


def test_pages_take_time_beside_bursts() -> None:
    """By hand: bursts of 1 cycle, and pages of 5 where they are counted.

    Three bursts before the first turn of 10 cycles, 12 beside it, two after the second, whose sums
    are out after 16: `3 + 12 + 16 + 2`. A page before and one beside are `8 + 17 + 16 + 2`.
    """
    bursts = one_run((3, 0), (12, 0), (0, 2))
    assert Turns.of([bursts]).waits(clocked_design()).tolist() == [[33], [33 - 26], [0]]
    pages = one_run((1, 0), (1, 0), (0, 0))
    both = BlockWork(
        bursts.batches, bursts.order, bursts.work, (*bursts.moved, *pages.moved), bursts.sums
    )
    found = Turns.of([both]).waits(clocked_design(cycles_of_page=5))
    assert found.tolist() == [[8 + 17 + 16 + 2], [8 + 17 + 16 + 2 - 26], [0]]


def test_one_row_of_transfers_stands_for_runs_alike() -> None:
    """By hand: a first run like the others. Two of five are simulated, the second for four."""
    passes = [[Folds(1, 10)] * 2]
    around = [Moved(3, 12, 0), Moved(0, 0, 2)]
    own = Drawn(ungated(), [passes] * 2, [around], batches_of(5, 1, alike=True))
    work = own.work
    assert work.sizes == (1, 2, 2, 1)  # passes, runs, tiles, and a row of what moves
    assert Turns.of([work]).waits(clocked_design()).tolist() == [[5 * 33], [5 * 7], [0]]


def test_the_smallest_block_is_a_tile_of_one_step() -> None:
    """By hand: one cycle, and 6 until the sum has left; one burst comes before, one goes after."""
    around = [[Moved(1, 0, 1)]]
    work = Drawn(ungated(), [[[Folds(1, 1)]]], around, batches_of(1, 1)).work
    (sums,) = clocked(clocked_design(), [work])
    assert {name: own.tolist() for name, own in sums.counts.items()} == {
        "cycles": [9],
        "dram_stall_cycles": [2],
        "ports_and_buses_cycles": [0],
        "outputs": [0],
    }


def test_no_memory_is_left_out() -> None:
    """By hand: 8 bytes a number, of work 3 x 2 tiles, of transfers 4 x 2, of sums one."""
    work = one_run((1, 0), (0, 0), (0, 1))
    assert work.size_bytes == 8 * (3 * 2 + 4 * 2 + 1)
    assert Turns.of([work, work]).size_bytes == 2 * 8 * (3 * 2 + 4 * 2)
