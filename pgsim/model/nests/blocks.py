"""The blocks of a nest on a design: their tiles, and the bursts that each of them moves (M40)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.errors import InputError
from pgsim.lazy import lazy
from pgsim.mapping import BlockTiles, Kinds, Nest, block_tiles, kinds_of, order_of_positions
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.job import Job
from pgsim.model.nests.holding import Holding
from pgsim.schemes import Pass

MOST_TILES = 2**21  # of a run and group: some 40 counts of 8 bytes are held for each


@dataclass(frozen=True)
class Chunk:
    """Blocks that take as many input channels of a reduction, as a job of their own.

    job: of a layer with only those input channels, in those blocks' tiles. blocks: bool (kinds,),
    which kinds of the nest's they are. numbers: int64, the place of the first block of each of them
    in the order of execution. times: how often each pass of a block takes such a chunk. opens,
    closes: whether it is the first of each sum, and the last.
    """

    job: Job
    blocks: npt.NDArray[np.bool_]
    numbers: Counts
    times: int
    opens: bool
    closes: bool


@dataclass(frozen=True)
class Blocks:
    """A nest's blocks in the order in which they execute.

    Where a mask steers a pass, all input channels of the outputs at hand are one block of C blocks:
    the gate needs a whole sum before the passes behind it begin. Blocks that are alike are one
    kind, and all arrays have an entry for each kind.
    """

    job: Job
    nest: Nest

    @lazy
    def holding(self) -> Holding:
        """What is held of each operand."""
        return Holding(self.job, self.nest)

    @lazy
    def kinds(self) -> Kinds:
        """Which blocks are alike: none where masks or values differ from block to block."""
        walk = self.holding.walk
        return Kinds(self.nest, walk) if self.job.varies else kinds_of(self.nest, walk)

    @lazy
    def in_trips(self) -> int:
        """C blocks that each pass of a block takes one after the other; 1 where none is gated."""
        return self.nest.trips[IN_CHANNELS] if self.job.decides else 1

    @property
    def number(self) -> int:
        """How many there are, in each run and group."""
        return math.prod(self.nest.trips) // self.in_trips

    def moved(self, activation_bits: int, weight_bits: int) -> tuple[Counts, Counts]:
        """Return the index of each kind along each loop, and a block's bursts, C blocks apart.

        Returns int64 (5, kinds) and int64 (4, kinds), as `kernels.nests.walk`.
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
        indices, moved = walk(self.kinds.walk, self.holding.held, widths)
        return indices, moved

    @lazy
    def _stored(self) -> tuple[Counts, Counts]:
        return self.moved(self.job.activation_bits, self.job.fetched_weight_bits)

    @lazy
    def indices(self) -> Counts:
        """The index of each kind along each loop of `kinds.nest`, int64 (5, kinds)."""
        return self._stored[0][:, :: self.in_trips]

    @lazy
    def bursts(self) -> Counts:
        """The bursts of each block's C blocks, int64 (4, kinds, C blocks)."""
        return self._stored[1].reshape(4, -1, self.in_trips)

    def bursts_of(self, plan: Pass) -> Counts:
        """The same, of the planes of one pass alone."""
        _, moved = self.moved(plan.activation_bits, plan.weight_bits)
        return moved.reshape(4, -1, self.in_trips)

    @lazy
    def opens(self) -> npt.NDArray[np.bool_]:
        """Whether blocks begin the sums that they add to, bool (kinds,)."""
        own: npt.NDArray[np.bool_] = self.indices[IN_CHANNELS] == 0
        return own

    @lazy
    def closes(self) -> npt.NDArray[np.bool_]:
        """Whether blocks finish their sums, bool (kinds,)."""
        last = self.kinds.nest.trips[IN_CHANNELS] - self.in_trips
        own: npt.NDArray[np.bool_] = self.indices[IN_CHANNELS] == last
        return own

    @lazy
    def tiles(self) -> BlockTiles:
        """The tiles of a block of each kind."""
        order = order_of_positions(self.nest) if self.job.varies else None
        return self._tiles(self.kinds.nest, self.indices, order)

    @property
    def every_tile(self) -> BlockTiles:
        """The tiles of all blocks one by one."""
        if self.kinds.nest is self.nest:
            return self.tiles
        depths = self.nest.depths
        indices = np.indices([self.nest.trips[loop] for loop in depths]).reshape(len(depths), -1)
        return self._tiles(self.nest, indices[np.argsort(depths)], None)

    def _tiles(self, nest: Nest, indices: Counts, order: Counts | None) -> BlockTiles:
        arch, shape = self.job.arch, self.job.shape
        own = shape.runs_per_batch, shape.groups, order
        return block_tiles(nest, indices, arch.lanes, arch.array.columns, *own)

    @lazy
    def chunks(self) -> list[Chunk]:
        """The blocks by the input channels that they take, those that begin sums first."""
        nest, every = self.kinds.nest, self.kinds.numbers[:: self.in_trips] // self.in_trips
        trips, sizes = nest.trips[IN_CHANNELS], nest.block_sizes(IN_CHANNELS)
        all_kinds = np.ones(self.indices.shape[1], bool)
        if trips == 1:
            job = self.job.in_tiles(self.tiles)
            return [Chunk(job, all_kinds, every, 1, opens=True, closes=True)]
        differs = sizes[-1] != sizes[0] or (self.job.decides and self.job.arch.memory.all_ports)
        last_alone = differs and trips > 2  # by its size, or because outputs leave with it (M43)
        found = [(0, 1)] + ([(1, trips - 1), (trips - 1, trips)] if last_alone else [(1, trips)])
        chunks: list[Chunk] = []
        alike: dict[int, Job] = {}
        for begin, end in found:
            at, size = self.indices[IN_CHANNELS], int(sizes[begin])
            if self.job.decides:  # each block takes all C blocks, of which many are alike
                own, times = all_kinds, end - begin
                if size not in alike:
                    alike[size] = self.job.of_channels(size, self.tiles)
                job = alike[size]
            else:
                own, times = (at >= begin) & (at < end), 1
                job = self.job.of_channels(size, self.tiles.part(own))
            chunks.append(Chunk(job, own, every[own], times, opens=begin == 0, closes=end == trips))
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
