"""A gated layer cut into blocks, and what it costs in every order of their loops (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import LOOPS, PARTIAL_SUM_BITS
from pgsim.lazy import lazy
from pgsim.mapping import Nest
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.block_work import clocked
from pgsim.model.blocks import Block
from pgsim.model.fetches import FETCHES
from pgsim.model.job import Job
from pgsim.model.layer import ledger_of, simulate_block
from pgsim.model.ledger import Batches, Ledger
from pgsim.model.nests import Blocks, Waiting, run_blocks, timed_blocks, work_of_run
from pgsim.model.nests.timing import Chunks, order_of_blocks, stay_stretch
from pgsim.model.search.goal import Goal
from pgsim.model.search.orders import alphabetical
from pgsim.model.search.unheld import unheld_of
from pgsim.model.work_store import WorkStore
from pgsim.schemes import WEIGHTS, Pass

if TYPE_CHECKING:
    from pgsim.kernels.nest_orders import Pieces, Sized
    from pgsim.kernels.nest_problem import Cost


@dataclass(frozen=True)
class Ordered:
    """A nest that orders a layer's blocks: its cycles and bursts over all batches.

    alike: nests of the same blocks that agree on it cost the same energy too.
    """

    nest: Nest
    cycles: int
    bursts: int
    alike: Hashable


@dataclass(frozen=True)
class SizedLayer:
    """A gated layer in some batches, in blocks of some sizes, in whatever order.

    What passes take in their tiles is asked once for all orders.
    """

    job: Job
    block: Block
    store: WorkStore
    blocks: Blocks
    batches: Batches
    chunks: Chunks

    @classmethod
    def of(cls, job: Job, nest: Nest, block: Block, store: WorkStore) -> SizedLayer:
        """Return a layer in the blocks of a nest."""
        raster = next(_nests(job, nest))
        return cls(job, block, store, *timed_blocks(job.by(raster), block, store))

    @property
    def may_take_more(self) -> bool:
        """Whether blocks may cost more cycles than `orders` says, for pages or many digits."""
        arch = self.job.arch
        return (
            arch.memory.dram.in_time.has_pages or arch.least_burst_cycles != arch.dram_cycles.burst
        )

    def orders(self) -> list[Ordered]:
        """Return every order of the loops that move, with all held that fits and with less.

        Where DRAM opens pages, each burst takes its share of them alone: cycles are at least these.
        """
        nests = list(_nests(self.job, self.blocks.nest))
        if len(nests) == 1:
            return [self.simulated(nests[0])]
        chunk, lane_groups = self.chunks[0][0].job, self.blocks.tiles.lane_groups.shape[0]
        stretches = [stay_stretch(nest, lane_groups, chunk) for nest in nests]
        if self.job.arch.memory.all_ports and any(stretches):
            # What is read with a block depends on the blocks before: each order is simulated.
            return [self.simulated(nest) for nest in nests]
        from pgsim.kernels.nest_orders import Orders, costs_of_orders

        orders = Orders(
            np.array([nest.depths for nest in nests], np.int64),
            np.array([self.blocks.holding.fits(nest.unheld) for nest in nests], np.int64),
            np.array(stretches, np.int64),
        )
        order = order_of_blocks(self.blocks, 0, lane_groups * self.blocks.in_trips)
        costs = costs_of_orders(orders, self._sized, self._pieces, order)
        return [
            Ordered(nest, cycles, sum(moved), (stretch, cycles, *moved))
            for nest, stretch, (cycles, *moved) in zip(
                nests, stretches, costs.tolist(), strict=True
            )
        ]

    def cost(self, goal: Goal, nest: Nest) -> Cost:
        """Return what the layer costs by one nest of these blocks."""
        return goal.cost(self._ledger(nest), nest.volume)

    def simulated(self, nest: Nest) -> Ordered:
        """Return what a nest of these blocks takes, pages included."""
        ledger = self._ledger(nest)
        return Ordered(nest, ledger.sum("cycles"), ledger.bursts(), nest)

    def _ledger(self, nest: Nest) -> Ledger:
        """Return the ledger of one nest of these blocks, which is found once."""
        if nest not in self._ledgers:
            self._ledgers[nest] = self._found(nest)
        return self._ledgers[nest]

    @lazy
    def _ledgers(self) -> dict[Nest, Ledger]:
        return {}

    def _found(self, nest: Nest) -> Ledger:
        moving = [loop for loop in nest.depths if nest.trips[loop] > 1]
        if moving != sorted(moving):
            return simulate_block(self.job.by(nest), self.block, self.store)
        # Blocks run in raster order, in which their tiles are known.
        known = nest == self.blocks.nest
        blocks = self.blocks if known else Blocks(self.blocks.job.by(nest), nest)
        run = run_blocks(blocks, self.batches, self.chunks, self._waiting)
        (sums,) = clocked(self.job.arch, [work_of_run(run)])
        return ledger_of(self.blocks.job, sums)

    @lazy
    def _pieces(self) -> Pieces:
        """What the array does in every block."""
        from pgsim.kernels.nest_orders import Pieces  # Numba: only if nests are searched

        blocks, batches = self.blocks, self.batches
        runs, groups, _, number = batches.tiles
        happens = np.empty((len(blocks.job.passes), runs, groups, number), np.bool_)
        for own, timing in zip(happens, self._waiting.chunks[0][1], strict=True):
            own[...] = timing.executed.max(axis=2)
        return Pieces(
            self._waiting.work,
            happens.reshape(len(happens), runs, -1),
            blocks.job.leading,
        )

    @lazy
    def _waiting(self) -> Waiting:
        return Waiting.of(self.blocks, self.batches, self.chunks)

    @lazy
    def _sized(self) -> Sized:
        """The blocks as the kernels take them."""
        from pgsim.kernels.nest_orders import Sized  # Numba: only if nests are searched

        job, holding = self.blocks.job, self.blocks.holding
        needs = holding.needs.values()
        runs, stays = job.shape.runs_per_batch, FETCHES[WEIGHTS.name].only_in_first_run(job)
        return Sized(
            holding.walk,
            np.array([need.whole for need in needs]),
            np.array([need.block for need in needs]),
            np.array([_widths(job, None), *(_widths(job, each) for each in job.passes)]),
            np.array(job.arch.least_burst_cycles.as_integer_ratio()),
            runs if stays else 1,
        )


def _widths(job: Job, plan: Pass | None) -> tuple[int, ...]:
    """Return the bits of what is fetched, as `kernels.nests.Widths`; plan: by one pass alone."""
    activation, weight = job.activation_bits, job.fetched_weight_bits
    if plan is not None:
        activation, weight = plan.activation_bits, plan.weight_bits
    burst = job.arch.memory.dram.burst_bytes * 8
    return 0 if job.inputs_stay else activation, weight, PARTIAL_SUM_BITS, job.written_bits, burst


def _nests(job: Job, nest: Nest) -> Iterator[Nest]:
    """Yield a nest in every order that a gated layer may have, the first in the alphabet of each.

    Only loops of several blocks are told apart, and input channels are innermost of them. The first
    nest has blocks in raster order, and holds all that fits.
    """
    moving = [loop for loop in range(IN_CHANNELS) if nest.trips[loop] > 1]
    inner = (IN_CHANNELS,) if nest.trips[IN_CHANNELS] > 1 else ()
    unheld = list(unheld_of(job)) if inner else [()]
    for order in permutations(moving):
        letters = alphabetical([LOOPS[loop] for loop in (*order, *inner)])
        for names in unheld:
            yield replace(nest, order=letters, unheld=names)
