"""What a search makes least: an objective, and what energy is made of (MODEL.md M41)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts, Objective, side_by_side
from pgsim.lazy import lazy
from pgsim.model.job import Job
from pgsim.model.ledger import Ledger
from pgsim.model.zeros import zero_fraction

if TYPE_CHECKING:
    from pgsim.kernels.nest_problem import Cost, Prices


Floats = npt.NDArray[np.float64]

ROUNDED = 1 - 1e-13  # costs are sums of some dozens of floats, in another order than bounds
ALIKE = 1 + 2e-12  # no less than what `better` takes for the same


@dataclass(frozen=True)
class Goal:
    """An objective, and the price of each count of the ledger in pJ."""

    objective: Objective
    prices: Mapping[str, float]

    def prices_of(self, job: Job, busy_pj: Floats) -> Prices:
        """Return the prices as kernels take them; busy_pj: of `Prices.pj`."""
        from pgsim.kernels.nest_problem import Prices  # Numba: only if nests are searched

        ways = ("activation_read", "weight_read", "sum_read", "write")
        slots, lanes = job.slot_operand.name, job.lane_operand.name
        counts = (
            "cycles",
            f"{slots}_sram_read_words",
            f"{lanes}_sram_read_words",
            "output_sram_read_words",
            "output_sram_write_words",
            *(f"dram_{way}_bursts" for way in ways),
            "activation_sram_write_words",
        )
        pj = np.array([self.prices[each] for each in counts])
        # 0 where MACs count, whatever the nest.
        pj[1:3] *= job.arch.memory.convention.operands(1, lambda: 0)
        return Prices(*self.objective.powers, np.concatenate([pj, busy_pj]))

    def busy_pj(self, job: Job, cycles: Counts) -> Floats:
        """Return what PEs spend that are busy for so long in the passes of a batch, float64 (...).

        cycles: int64 (passes, ...). PEs that stand still at zeros spend less, as M45 counts it.
        """
        spent: Floats = np.zeros(cycles.shape[1:])
        for index, own in enumerate(cycles):
            name = "lsb_busy_pe_cycles" if index else "msb_busy_pe_cycles"
            spent += own * self.prices[name]
            if job.arch.pe.zero_gating:
                fraction, saved_pj = self._zeros(job)[index]
                spent += np.floor(own * fraction) * saved_pj
        return spent

    def least_busy_pj(self, job: Job) -> float:
        """Return the price of a busy PE cycle in passes behind the first, at least."""
        zeros = self._zeros(job)[1:] if job.arch.pe.zero_gating else []
        saved_pj = min((fraction * pj for fraction, pj in zeros), default=0.0)
        return self.prices["lsb_busy_pe_cycles"] + saved_pj

    def _zeros(self, job: Job) -> list[tuple[float, float]]:
        """Return each pass's fraction of zeros, and what a PE spends more that stands still."""
        return [
            (zero_fraction(job, plan), self.prices[f"zero_pe_cycles_of_{side_by_side(rate.macs)}"])
            for rate, plan in zip(job.rates, job.passes, strict=True)
        ]

    def values(self, costs: Floats) -> Floats:
        """Return what is to be least.

        costs: float64 (choices, 3 or more), cycles, bursts of DRAM and energy.
        """
        return self._product(costs[:, :3])

    def _product(self, columns: Floats) -> Floats:
        """Return the product of those columns that the objective weighs; its powers are 0 and 1."""
        weighed = [columns[:, place] for place, power in enumerate(self.objective.powers) if power]
        values: Floats = reduce(np.multiply, weighed)
        return values

    def least(self, costs: Floats) -> Floats:
        """Return value, bursts and cycles of nests at least, from what bounds say of them.

        costs: as `values` takes them, each at least. Returns float64 (choices, 3). What is counted
        is a whole number.
        """
        least = np.empty((len(costs), 3))
        counts = np.ceil(costs[:, :2] * ROUNDED, out=least[:, 2:0:-1])
        known = costs[:, :3] if self.weighs_energy else counts
        least[:, 0] = self._product(known) * (ROUNDED if self.weighs_energy else 1)
        return least

    def may_win(self, least: Floats, best: Cost) -> npt.NDArray[np.bool_]:
        """Say which nests may cost no more than the best one; least: of `least`."""
        value, bursts, cycles = least.T
        ties = np.abs(value - best.value) <= (ALIKE - 1) * abs(best.value)
        cheaper = (bursts < best.bursts) | ((bursts == best.bursts) & (cycles <= best.cycles))
        found: npt.NDArray[np.bool_] = np.where(ties, cheaper, value < best.value)
        return found

    @property
    def weighs_energy(self) -> bool:
        """Whether energy decides, and not only between nests that are equal in all else."""
        return self.objective.powers[2] > 0

    def bound(self, least: Floats, cycles: int, bursts: int, volume: int) -> Cost:
        """Return what a nest costs at least whose cycles and bursts are known.

        least: float64, cycles, bursts and energy that it has at least. volume: of its blocks.
        """
        from pgsim.kernels.nest_problem import Cost  # Numba: only if nests are searched

        energy_pj = least[2] + (cycles - least[0]) * self.prices["cycles"]
        energy_pj += (bursts - least[1]) * self.least_burst_pj
        energy_pj *= ROUNDED
        value = float(self.objective.value(cycles, bursts, energy_pj))
        return Cost(value, bursts, cycles, energy_pj, volume)

    @lazy
    def least_burst_pj(self) -> float:
        """The price of a burst, whatever it moves, at least."""
        ways = ("activation_read", "weight_read", "sum_read", "write")
        return min(self.prices[f"dram_{way}_bursts"] for way in ways)

    @lazy
    def _priced(self) -> list[tuple[str, float]]:
        """What costs energy, always added in the same order."""
        return sorted((name, pj) for name, pj in self.prices.items() if pj)

    def cost(self, ledger: Ledger, volume: int = 0) -> Cost:
        """Return what a layer's ledger costs, over all its batches."""
        from pgsim.kernels.nest_problem import Cost  # Numba: only if nests are searched

        energy_pj = float(sum(ledger.sum(name) * pj for name, pj in self._priced))
        cycles, bursts = ledger.sum("cycles"), ledger.bursts()
        value = float(self.objective.value(cycles, bursts, energy_pj))
        return Cost(value, bursts, cycles, energy_pj, volume)
