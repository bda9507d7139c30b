"""What each buffer holds of a nest, and what the nest's blocks move for it (MODEL.md M40)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
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

    whole: int64 (5,), of all blocks of a loop. block: int64 (5,), of one block at most. fit:
    elements that the buffer holds.
    """

    whole: Counts
    block: Counts
    fit: int

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
        outputs = job.arch.memory.usable_bits(job.arch.memory.output_sram)
        return {
            ACTIVATIONS.name: Need(
                np.array([n, union[0], union[1], 1, c]),
                np.array([bn, reach[0], reach[1], 1, bc]),
                usable_bits(job, ACTIVATIONS) // job.activation_bits,
            ),
            WEIGHTS.name: Need(
                np.array([1, 1, 1, k, c]),
                np.array([1, 1, 1, bk, bc]),
                usable_bits(job, WEIGHTS) // (job.weight_bits * taps),
            ),
            "output": Need(
                np.array([n, p, q, k, 1]),
                np.array([bn, bp, bq, bk, 1]),
                outputs // PARTIAL_SUM_BITS,
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
                raise InputError(
                    f"layer {self.job.shape.name!r} on {self.job.arch.name}: a block of the nest "
                    f"{self.nest.order} {self.nest.blocks} needs more of {name}_sram than fits: "
                    f"{need.elements} elements of {need.fit}: take smaller blocks"
                )
        return Held(found[ACTIVATIONS.name], found[WEIGHTS.name], found["output"])
