"""What it costs and saves that a PE stands still where operands are zero (MODEL.md M45)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgsim.arch.prices import LogicCost, synthesized
from pgsim.arch.technology import SynthesizedModule, Technology
from pgsim.errors import InputError

SIDE_BY_SIDE = (1, 2, 4, 8, 16)  # MACs of a PE in a cycle, by which zeros save more or less


def side_by_side(macs: int) -> int:
    """Return the largest of SIDE_BY_SIDE that is no more than so many MACs.

    Examples
    --------
    >>> side_by_side(4), side_by_side(7), side_by_side(64)
    (4, 4, 16)
    """
    return max(each for each in SIDE_BY_SIDE if each <= macs)


@dataclass(frozen=True)
class Isolation:
    """The synthesized modules of a PE whose unit is isolated from zeros.

    plain: the PE without. isolated: with it, by the MACs that it does side by side, the fewest
    first. Each was also synthesized with half of its activations zero, as ``..._half_zero``.
    """

    plain: str
    isolated: Mapping[int, str]

    def cost(self, technology: Technology, plain: LogicCost) -> LogicCost:
        """Return the cost of a PE that costs `plain` without isolation, where nothing is zero."""
        own, without = self._own(technology)
        return LogicCost(
            area_um2=plain.area_um2 * own.area_um2 / without.area_um2,
            dynamic_pj_per_cycle=plain.dynamic_pj_per_cycle
            * own.dynamic_pj_per_cycle
            / without.dynamic_pj_per_cycle,
            leakage_uw=plain.leakage_uw * own.leakage_uw / without.leakage_uw,
        )

    def path_ns(self, technology: Technology, plain_ns: float) -> float:
        """Return the path of a PE whose path is `plain_ns` without isolation."""
        own, without = self._own(technology)
        return plain_ns * own.critical_path_ns / without.critical_path_ns

    def zero_share(self, technology: Technology, macs: int) -> float:
        """Return the energy of a MAC with a zero operand, over that of one without.

        macs: that the PE does side by side; of those synthesized, the next more are taken. Energy
        is linear in the fraction of zeros: it is known without any, and with half.
        Raises InputError where the table would have a zero cost less than nothing, or add energy.
        """
        sizes = [each for each in self.isolated if each >= macs] or [max(self.isolated)]
        name = self.isolated[min(sizes)]
        whole = synthesized(technology, name).dynamic_pj_per_cycle
        half = synthesized(technology, f"{name}_half_zero").dynamic_pj_per_cycle
        share = 2 * half / whole - 1
        if not 0 <= share <= 1:
            raise InputError(
                f"technology: synthesis: {technology.synthesis}: a MAC with a zero operand comes "
                f"out as {share:.3g} of one without: expected {name}_half_zero to take from half "
                f"to all of the energy of {name}"
            )
        return share

    def _own(self, technology: Technology) -> tuple[SynthesizedModule, SynthesizedModule]:
        fewest = self.isolated[min(self.isolated)]
        return synthesized(technology, fewest), synthesized(technology, self.plain)
