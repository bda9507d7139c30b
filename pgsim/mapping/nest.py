"""Loop nests: the DRAM-level loops of a layer, with an order and block sizes (MODEL.md M40)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import LOOPS, Counts, NestKeys
from pgsim.lazy import lazy
from pgsim.schemes import ACTIVATIONS, WEIGHTS
from pgsim.workload import LayerShape, ops

if TYPE_CHECKING:
    from pgsim.kernels.nests import Walk
    from pgsim.kernels.sides import Line, Side

Five = tuple[int, int, int, int, int]

IMAGES, ROWS, COLUMNS, CHANNELS, IN_CHANNELS = range(5)  # as LOOPS has them
OPERAND_LOOPS = {  # that matter to an operand
    ACTIVATIONS.name: (IMAGES, ROWS, COLUMNS, IN_CHANNELS),
    WEIGHTS.name: (CHANNELS, IN_CHANNELS),
}
BLOCK_COLUMNS = (
    "block_images",
    "block_rows",
    "block_columns",
    "block_channels",
    "block_in_channels",
)

FIXED_CELLS: Mapping[str, str | float] = {
    "nest_order": "fixed",
    "nest_unheld": "none",
    **dict.fromkeys(BLOCK_COLUMNS, float("nan")),
}  # of a layer without a nest, in result tables, beside its window


@dataclass(frozen=True)
class Nest:
    """The loops of one run and group of a layer, cut into blocks.

    order: the letters of `LOOPS`, outermost first. sizes: of each loop, as `LOOPS` has them.
    blocks: size of a block of each; the last block of a loop may be smaller. unheld: the names of
    operands of which no more than a block is held, whatever fits.
    """

    order: str
    sizes: Five
    blocks: Five
    unheld: tuple[str, ...] = ()

    @lazy
    def trips(self) -> Five:
        """Blocks of each loop."""
        n, p, q, k, c = (
            -(-size // block) for size, block in zip(self.sizes, self.blocks, strict=True)
        )
        return n, p, q, k, c

    @property
    def block_positions(self) -> int:
        """Positions of a block."""
        images, rows, columns, _, _ = self.blocks
        return images * rows * columns

    @property
    def block_channels(self) -> int:
        """Output channels of a block."""
        return self.blocks[CHANNELS]

    @property
    def volume(self) -> int:
        """The product of a block's sizes."""
        return math.prod(self.blocks)

    @property
    def tie(self) -> tuple[object, ...]:
        """What decides between nests of equal cost, least first: larger blocks, then letters."""
        return (-self.volume, *(-size for size in self.blocks), self.order, self.unheld)

    @property
    def depths(self) -> list[int]:
        """The number of the loop at each depth, outermost first."""
        return [LOOPS.index(letter) for letter in self.order]

    @lazy
    def cells(self) -> Mapping[str, str | int]:
        """The nest as result tables have it."""
        return {
            "nest_order": self.order,
            "nest_unheld": " ".join(sorted(self.unheld)) or "none",
            **dict(zip(BLOCK_COLUMNS, self.blocks, strict=True)),
        }

    def block_sizes(self, loop: int) -> Counts:
        """Return the size of each block of a loop, int64 (trips,)."""
        trips, block = self.trips[loop], self.blocks[loop]
        last = self.sizes[loop] - block * (trips - 1)
        return np.array([block] * (trips - 1) + [last], np.int64)

    def of_batch(self, batch: int) -> Nest:
        """Return the nest for a batch of so many images, such as a smaller last one."""
        _, height, width, channels, inputs = self.sizes
        sizes = (batch, height, width, channels, inputs)
        return replace(nest_of_blocks(self.order, sizes, self.blocks), unheld=self.unheld)

    def repeated(self, batch: int) -> Nest:
        """Return the nest for a larger batch, one block of images after the other."""
        images = LOOPS[IMAGES]
        order = self.order if self.trips[IMAGES] > 1 else images + self.order.replace(images, "")
        return replace(self, order=order).of_batch(batch)


def loop_sizes(shape: LayerShape, batch: int) -> Five:
    """Return the sizes of the loops of one run and group, as `LOOPS` has them."""
    height, width = shape.run_out_size
    return batch, height, width, shape.channels_per_group, shape.in_channels_per_group


def nest_of_blocks(order: str, sizes: Five, blocks: tuple[int | None, ...]) -> Nest:
    """Return a nest; a block that is None, or larger than its loop, is the whole loop."""
    n, p, q, k, c = (
        size if block is None else min(size, block)
        for size, block in zip(sizes, blocks, strict=True)
    )
    return Nest(order, sizes, (n, p, q, k, c))


def given_nest(keys: NestKeys, shape: LayerShape, batch: int) -> Nest:
    """Return the nest that an architecture file gives a layer."""
    nest = nest_of_blocks(keys.order, loop_sizes(shape, batch), keys.blocks)
    return replace(nest, unheld=keys.unheld)


def sides(shape: LayerShape) -> tuple[Side, Side]:
    """Return how rows, and how columns, of a layer's output reach its input, as kernels have it."""
    from pgsim.kernels.sides import Side  # Numba: only if nests are walked

    rows, columns = (Side(_line(side.rows), _line(side.frames)) for side in shape.run_sides)
    return rows, columns


def _line(line: ops.Line) -> Line:
    from pgsim.kernels.sides import Line  # Numba: only if nests are walked

    return Line(line.outputs, line.inputs, line.taps, line.stride, line.before, line.dilation)


def walk_of(shape: LayerShape, nest: Nest) -> tuple[Walk, Counts, Counts]:
    """Return a nest as kernels walk it, and the input rows and columns that matter to what is held.

    The second and third are int64 (2,): the most rows, and columns, that one block reaches; and
    what all of them reach together.
    """
    from pgsim.kernels.nest_problem import MOST
    from pgsim.kernels.nest_reaches import reaches_of
    from pgsim.kernels.nests import Walk  # Numba: only if nests are walked

    trips = np.array(nest.trips, np.int64)
    sizes = np.zeros((5, trips.max()), np.int64)
    for loop in range(5):
        sizes[loop, : trips[loop]] = nest.block_sizes(loop)
    every = np.zeros((2, 2, trips.max()), np.int64)  # reached, and of that new, of both sides
    most, union = np.zeros(2, np.int64), np.zeros(2, np.int64)
    for axis, side in enumerate(sides(shape)):
        block = np.array([nest.blocks[ROWS + axis]], np.int64)
        of_size, reaches, union[axis] = reaches_of(side, block)
        every[:, axis, : reaches.shape[1]], most[axis] = reaches, of_size[MOST, 0]
    order = np.array(nest.depths, np.int64)
    return Walk(order, trips, sizes, every[0], every[1], shape.taps), most, union
