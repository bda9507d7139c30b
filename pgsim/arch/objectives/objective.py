"""What every objective of a search is: a number to make least (MODEL.md M41)."""

from __future__ import annotations

from typing import ClassVar


class Objective:
    """What a search for loop nests makes least: a product of cycles, bursts of DRAM and energy.

    powers: 1 for each of the three that is in it, else 0. unit: of their product.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    powers: ClassVar[tuple[int, int, int]]
    unit: ClassVar[str]

    @property
    def is_cycles(self) -> bool:
        """Whether cycles alone are made least, which tables and figures show in any case."""
        return self.powers == (1, 0, 0)

    def value(self, cycles: float, dram_bursts: float, energy_pj: float) -> float:
        """Return what is to be least."""
        value = 1.0
        for each, power in zip((cycles, dram_bursts, energy_pj), self.powers, strict=True):
            value *= each**power
        return value
