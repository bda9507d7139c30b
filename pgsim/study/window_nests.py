"""The best nest of each window that a gated layer may have: one loop after another (M40, M41)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations, product
from typing import Any

from pgsim.arch import LOOPS
from pgsim.mapping import Nest, loop_sizes
from pgsim.mapping.nest import CHANNELS, COLUMNS, IMAGES, IN_CHANNELS, ROWS, Five
from pgsim.model.job import Job
from pgsim.model.nests.holding import Holding
from pgsim.model.search.orders import alphabetical
from pgsim.model.search.problem import block_sizes

Cost = Callable[[Nest], Any]  # what compares: the least is the best

_MOST_BLOCKS = 2**16  # of a run and group: smaller blocks than these are of no use, and take long


@dataclass(frozen=True)
class WindowNests:
    """The nests of a gated layer, by the slots of their window.

    Blocks have the sizes that M41 lets them have. Loops of slots are those whose blocks make the
    window, of lanes the other loops of outputs.
    """

    job: Job

    @property
    def loops(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The loops of the slots, and those of the lanes."""
        return self.job.arch.lanes.slots_and_lanes((IMAGES, ROWS, COLUMNS), (CHANNELS,))

    @cached_property
    def sizes(self) -> Five:
        """The sizes of the loops."""
        return loop_sizes(self.job.shape, self.job.batch)

    @cached_property
    def candidates(self) -> tuple[list[int], ...]:
        """The sizes that the block of each loop may have, largest first."""
        return tuple(block_sizes(size).tolist() for size in self.sizes)

    @cached_property
    def splits(self) -> Mapping[int, list[tuple[int, ...]]]:
        """The blocks of the slots' loops by the window that they make, ascending."""
        found: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        for blocks in product(*(self.candidates[loop] for loop in self.loops[0])):
            found[math.prod(blocks)].append(blocks)
        return dict(sorted(found.items()))

    def best(self, window: int, cost: Cost) -> Nest | None:
        """Return the best nest found with a window of so many slots, None where no block fits.

        It begins with as many lanes, and as many input channels, as fit. Then the order, the blocks
        of the other loops and the split of the window are bettered in turn until none helps.
        """
        begun = list(filter(None, (self._roomiest(split) for split in self.splits[window])))
        if not begun:
            return None
        best = min(begun, key=cost)
        while True:
            found = best
            for others in (self._orders, self._lanes, self._inputs, self._windows):
                found = min((found, *others(found)), key=cost)
            if found == best:
                return best
            best = found

    def _roomiest(self, split: tuple[int, ...]) -> Nest | None:
        """Return a nest with as many lanes as fit beside a window, and then input channels."""
        slots, lanes = self.loops
        choices = product(*(self.candidates[loop] for loop in lanes))
        for own in sorted(choices, key=math.prod, reverse=True):
            for inputs in self.candidates[IN_CHANNELS]:
                blocks = dict(
                    zip((*slots, *lanes, IN_CHANNELS), (*split, *own, inputs), strict=True)
                )
                nest = self._nest(LOOPS, blocks)
                if self._fits(nest):
                    return nest
        return None

    def _nest(self, order: str, blocks: Mapping[int, int]) -> Nest:
        """Return a nest with its loops in the order of those that move, C innermost (M40)."""
        n, p, q, k, c = (blocks[loop] for loop in range(len(LOOPS)))
        nest = Nest(order, self.sizes, (n, p, q, k, c))
        moving = [LOOPS[loop] for loop in nest.depths if nest.trips[loop] > 1]
        inner = LOOPS[IN_CHANNELS]
        return replace(nest, order=alphabetical(sorted(moving, key=lambda loop: loop == inner)))

    def _fits(self, nest: Nest) -> bool:
        if math.prod(nest.trips) > _MOST_BLOCKS:
            return False
        needs = Holding(self.job, nest).needs.values()
        return all(int(need.block.prod()) <= need.fit for need in needs)

    def _with(self, nest: Nest, loops: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[Nest]:
        """Return a nest with other blocks of some loops, where these fit."""
        blocks = dict(enumerate(nest.blocks)) | dict(zip(loops, sizes, strict=True))
        other = self._nest(nest.order, blocks)
        if self._fits(other):
            yield other

    def _orders(self, nest: Nest) -> Iterator[Nest]:
        moving = [loop for loop in nest.order if nest.trips[LOOPS.index(loop)] > 1]
        for order in permutations(moving):
            rest = "".join(loop for loop in nest.order if loop not in moving)
            yield self._nest("".join(order) + rest, dict(enumerate(nest.blocks)))

    def _lanes(self, nest: Nest) -> Iterator[Nest]:
        for loop in self.loops[1]:
            for size in self.candidates[loop]:
                yield from self._with(nest, (loop,), (size,))

    def _inputs(self, nest: Nest) -> Iterator[Nest]:
        for size in self.candidates[IN_CHANNELS]:
            yield from self._with(nest, (IN_CHANNELS,), (size,))

    def _windows(self, nest: Nest) -> Iterator[Nest]:
        loops = self.loops[0]
        for split in self.splits[math.prod(nest.blocks[loop] for loop in loops)]:
            yield from self._with(nest, loops, split)
