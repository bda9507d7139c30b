"""What each buffer holds of a nest, and what the nest's blocks move for it (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts
from pgsim.errors import InputError
from pgsim.lazy import lazy
from pgsim.mapping import Nest, walk_of
from pgsim.model.fetches import usable_bits
from pgsim.model.job import Job
from pgsim.schemes import ACTIVATIONS, WEIGHTS

if TYPE_CHECKING:
    from pgsim.kernels.nests import Held, Walk


@dataclass(frozen=True)
class Need:
    """What a nest needs of one operand, in elements along each loop; 1 where none matters.

    whole: int64 (5,), of all blocks of a loop. block: int64 (5,), of one block at most. usable:
    bits of the buffer that a tile may use. element: bits of an element; of weights, of a kernel.
    """

    whole: Counts
    block: Counts
    usable: int
    element: int

    @property
    def fit(self) -> int:
        """Elements that the buffer holds."""
        return self.usable // self.element

    @property
    def elements(self) -> int:
        """Elements of a block at most."""
        return int(self.block.prod())


@dataclass(frozen=True)
class Holding:
    """A nest on the buffers of a design: what is held, and the loops outside of it."""

    job: Job
    nest: Nest

    @lazy
    def _walked(self) -> tuple[Walk, Counts, Counts]:
        return walk_of(self.job.shape, self.nest)

    @property
    def walk(self) -> Walk:
        """The nest as kernels walk it."""
        return self._walked[0]

    @lazy
    def needs(self) -> dict[str, Need]:
        """What the nest needs of activations, weights and sums."""
        job, (_, reach, union) = self.job, self._walked
        (n, p, q, k, c), (bn, bp, bq, bk, bc) = self.nest.sizes, self.nest.blocks
        taps = self.walk.taps
        return {
            ACTIVATIONS.name: Need(
                np.array([n, union[0], union[1], 1, c]),
                np.array([bn, reach[0], reach[1], 1, bc]),
                usable_bits(job, ACTIVATIONS),
                job.activation_bits,
            ),
            WEIGHTS.name: Need(
                np.array([1, 1, 1, k, c]),
                np.array([1, 1, 1, bk, bc]),
                usable_bits(job, WEIGHTS),
                job.weight_bits * taps,
            ),
            "output": Need(
                np.array([n, p, q, k, 1]),
                np.array([bn, bp, bq, bk, 1]),
                job.arch.memory.usable_bits(job.arch.memory.output_sram),
                PARTIAL_SUM_BITS,
            ),
        }

    def fits(self, unheld: Collection[str]) -> list[int]:
        """Return how many elements of activations, weights and sums may be held.

        unheld: the names of operands of which no more than a block is.
        """
        return [
            min(need.elements, need.fit) if name in unheld else need.fit
            for name, need in self.needs.items()
        ]

    @lazy
    def held(self) -> Held:
        """How many loops lie outside of what is held of each operand.

        Raises InputError where a block does not fit a buffer.
        """
        from pgsim.kernels.nests import Held, outside  # Numba: only if nests are walked

        found = {}
        fits = self.fits(self.nest.unheld)
        for (name, need), fit in zip(self.needs.items(), fits, strict=True):
            found[name] = int(outside(self.walk.order, need.whole, need.block, fit))
            if found[name] < 0:
                raise InputError(self._refusal(name, need))
        return Held(found[ACTIVATIONS.name], found[WEIGHTS.name], found["output"])

    def _refusal(self, name: str, need: Need) -> str:
        """Return that a block does not fit the buffer of an operand, and what to do."""
        job, memory = self.job, self.job.arch.memory
        where = f"layer {job.shape.name!r} on {job.arch.name}: "
        smallest = Holding(job, replace(self.nest, blocks=(1, 1, 1, 1, 1))).needs[name]
        if smallest.elements <= need.fit:
            return (
                f"{where}a block of the nest {self.nest.order} {self.nest.blocks} needs more of "
                f"{name}_sram than fits: {need.elements} elements of {need.fit}: take smaller "
                "blocks"
            )
        bits = smallest.elements * need.element
        retained = job.retained_bits if name == ACTIVATIONS.name else 0
        kib = (bits * memory.halves + retained) / 8192
        return (
            f"{where}no block of a nest fits {name}_sram: the smallest takes {bits} bits, and a "
            f"tile may use {need.usable}: expected memory.{name}_sram.kib of at least "
            f"{kib:.17g}"
        )
