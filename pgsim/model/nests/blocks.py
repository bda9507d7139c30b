"""The blocks of a nest on a design: their tiles, and the bursts that each of them moves (M40)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.errors import InputError
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Nest, block_tiles, order_of_positions
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.job import Job
from pgsim.model.nests.holding import Holding
from pgsim.schemes import Pass

MOST_TILES = 2**21  # of a run and group: some 40 counts of 8 bytes are held for each


@dataclass(frozen=True)
class Chunk:
    """Blocks that take as many input channels of a reduction, as a job of their own.

    job: of a layer with only those input channels, in those blocks' tiles. blocks: bool (blocks,),
    which of the nest's they are. times: how often each pass of a block takes such a chunk. opens,
    closes: whether it is the first of each sum, and the last.
    """

    job: Job
    blocks: npt.NDArray[np.bool_]
    times: int
    opens: bool
    closes: bool


@dataclass(frozen=True)
class Blocks:
    """A nest's blocks in the order in which they execute.

    Where a mask steers a pass, all input channels of the outputs at hand are one block of C blocks:
    the gate needs a whole sum before the passes behind it begin.
    """

    job: Job
    nest: Nest

    @lazy
    def holding(self) -> Holding:
        """What is held of each operand."""
        return Holding(self.job, self.nest)

    @lazy
    def in_trips(self) -> int:
        """C blocks that each pass of a block takes one after the other; 1 where none is gated."""
        return self.nest.trips[IN_CHANNELS] if self.job.decides else 1

    def moved(self, activation_bits: int, weight_bits: int) -> tuple[Counts, Counts]:
        """Return the index of each block along each loop, and its bursts, C blocks apart.

        Returns int64 (5, blocks) and int64 (4, blocks), as `kernels.nests.walk`.
        """
        from pgsim.kernels.nests import Widths, walk  # Numba: only if nests are walked

        job = self.job
        widths = Widths(
            0 if job.inputs_stay else activation_bits,
            weight_bits,
            PARTIAL_SUM_BITS,
            job.written_bits,
            job.arch.memory.dram.burst_bytes * 8,
        )
        indices, moved = walk(self.holding.walk, self.holding.held, widths)
        return indices, moved

    @lazy
    def _stored(self) -> tuple[Counts, Counts]:
        return self.moved(self.job.activation_bits, self.job.fetched_weight_bits)

    @lazy
    def indices(self) -> Counts:
        """The index of each block along each loop, int64 (5, blocks)."""
        return self._stored[0][:, :: self.in_trips]

    @lazy
    def bursts(self) -> Counts:
        """The bursts of each block's C blocks, int64 (4, blocks, C blocks)."""
        return self._stored[1].reshape(4, -1, self.in_trips)

    def bursts_of(self, plan: Pass) -> Counts:
        """The same, of the planes of one pass alone."""
        _, moved = self.moved(plan.activation_bits, plan.weight_bits)
        return moved.reshape(4, -1, self.in_trips)

    @lazy
    def tiles(self) -> BlockTiles:
        """The tiles of the blocks."""
        job = self.job
        shape = job.shape
        return block_tiles(
            self.nest,
            self.indices,
            job.arch.lanes,
            job.arch.array.columns,
            shape.runs_per_batch,
            shape.groups,
            order_of_positions(self.nest) if job.varies else None,
        )

    @lazy
    def chunks(self) -> list[Chunk]:
        """The blocks by the input channels that they take, those that begin sums first."""
        trips, sizes = self.nest.trips[IN_CHANNELS], self.nest.block_sizes(IN_CHANNELS)
        number = self.indices.shape[1]
        if trips == 1:
            job = self.job.in_tiles(self.tiles)
            return [Chunk(job, np.ones(number, bool), 1, opens=True, closes=True)]
        differs = sizes[-1] != sizes[0] or (self.job.decides and self.job.arch.memory.all_ports)
        last_alone = differs and trips > 2  # by its size, or because outputs leave with it (M43)
        found = [(0, 1)] + ([(1, trips - 1), (trips - 1, trips)] if last_alone else [(1, trips)])
        chunks: list[Chunk] = []
        alike: dict[int, Job] = {}
        for begin, end in found:
            at, size = self.indices[IN_CHANNELS], int(sizes[begin])
            if self.job.decides:  # each block takes all C blocks, of which many are alike
                own, times = np.ones(number, bool), end - begin
                if size not in alike:
                    alike[size] = self.job.of_channels(size, self.tiles)
                job = alike[size]
            else:
                own, times = (at >= begin) & (at < end), 1
                job = self.job.of_channels(size, self.tiles.part(own))
            chunks.append(Chunk(job, own, times, opens=begin == 0, closes=end == trips))
        return chunks


def blocks_of_nest(job: Job) -> Blocks:
    """Return the blocks of a job's nest.

    Raises InputError for a nest that the layer cannot have.
    """
    nest = job.nest
    if nest is None:
        raise ValueError("the job has no nest")
    where = f"layer {job.shape.name!r} on {job.arch.name}: nest {nest.order} {nest.blocks}"
    moving = [loop for loop in nest.depths if nest.trips[loop] > 1]
    if job.decides and IN_CHANNELS in moving[:-1]:
        raise InputError(
            f"{where}: a gate needs whole sums: expected C innermost, or block_in_channels "
            f"{nest.sizes[IN_CHANNELS]}"
        )
    if not job.flow.takes_nests:
        raise InputError(
            f"{where}: dataflow {job.flow.name} has an order of its own: expected mapping: fixed"
        )
    if job.demand_bits:
        raise InputError(
            f"{where}: memory.lsb_fetch: on_demand follows the fixed order: expected mapping: "
            "fixed, or memory.lsb_fetch: with_msb"
        )
    tiles = job.batch_tiles // (job.shape.runs_per_batch * job.shape.groups)
    if tiles > MOST_TILES:
        raise InputError(
            f"{where}: some {tiles} tiles of a run and group are more than pgsim holds in memory "
            f"({MOST_TILES}): take larger blocks"
        )
    return Blocks(job, nest)
