"""What every objective of a search is: a number to make least (MODEL.md M41)."""

from __future__ import annotations

from typing import ClassVar


class Objective:
    """What a search for loop nests makes least.

    needs_energy: whether its value depends on the energy.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    needs_energy: ClassVar[bool] = False

    def value(self, cycles: int, dram_bursts: int, energy_pj: float) -> float:
        """Return what is to be least; it never falls where one of the three rises."""
        raise NotImplementedError
