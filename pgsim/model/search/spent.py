"""What the gated passes of a layer spend at least, whatever they issue (MODEL.md M22, M41)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pgsim.arch import PARTIAL_SUM_BITS, Counts, Rate
from pgsim.lazy import lazy
from pgsim.model.bank_reads import fold_words
from pgsim.model.job import Job
from pgsim.model.search.goal import Floats, Goal


@dataclass(frozen=True)
class Spent:
    """A gated layer in some images: what its entries take, and what each operand vector does.

    outputs, entries: of all those images, computed by the leading passes and by the gated ones.
    """

    job: Job
    goal: Goal
    outputs: int
    entries: int

    def trailing_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of the gated passes' PEs and buffers at least, and of what is retained.

        in_channels: int64 (choices,), of a block. Returns float64 (choices,).
        """
        alike, places = np.unique(in_channels, return_inverse=True)
        spent = np.array([self._trailing_pj(each) for each in alike.tolist()])
        if self.job.output_stays:
            port_bits = self.job.arch.memory.activation_sram.port_bits
            words = self.outputs * self.job.output_bits / port_bits
            spent += words * self.goal.prices["activation_sram_write_words"]
        found: Floats = spent[places.reshape(-1)]
        return found

    def _trailing_pj(self, in_channels: int) -> float:
        chunks = self._chunks(in_channels)
        alone = in_channels == self.job.shape.in_channels_per_group
        if self.sums_may_stay and alone:
            return self._chunk_pj(in_channels, 0)  # sums may wait in the array
        energy_pj = sum(self._chunk_pj(each, self.sum_bit_pj) * often for each, often in chunks)
        bits = 1  # of the mask, and, where the bound of the leading passes takes sums for finished:
        if alone and self.job.leading == visits(self.job, self.job.rates[0]) == 1:
            bits += max(0, PARTIAL_SUM_BITS - self.job.output_bits)
        return energy_pj + self.outputs * bits * self.sum_bit_pj

    @property
    def sums_may_stay(self) -> bool:
        """Whether sums may wait in the array for the gated passes."""
        return self.job.arch.scheduler.keeps_slots_apart

    @lazy
    def sum_bit_pj(self) -> float:
        """The energy of a bit of a sum, in and out."""
        word_pj = sum(self.goal.prices[f"output_sram_{way}_words"] for way in ("read", "write"))
        return word_pj / self.job.arch.memory.output_sram.port_bits

    def _chunks(self, in_channels: int) -> list[tuple[int, int]]:
        """Return the sizes of blocks of input channels, and how often each comes."""
        times, rest = divmod(self.job.shape.in_channels_per_group, in_channels)
        return [(in_channels, times)] + [(rest, 1)] * (rest > 0)

    def _chunk_pj(self, in_channels: int, bit_pj: float) -> float:
        """Return the same of one block of input channels; bit_pj: of a sum, in and out."""
        job = self.job.of_channels(in_channels)
        busy_pj = self.goal.prices["lsb_busy_pe_cycles"]
        return self.entries * sum(
            rate.output_cycles * busy_pj + visits(job, rate) * PARTIAL_SUM_BITS * bit_pj
            for plan, rate in zip(job.passes, job.rates, strict=True)
            if plan.gated
        )

    def vectors_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of reading a slot's operands in the gated passes.

        in_channels: int64 (choices,), of a block. Returns float64 (choices,).
        """
        return _of_each(in_channels, self._vectors_pj, self._read_pj)

    def slots_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of reading an issued slot from the issue table more than once.

        Every block of input channels reads it again (M28). As `vectors_pj` takes and returns.
        """
        return _of_each(in_channels, self._slots_pj, self._again_pj)

    @lazy
    def _vectors_pj(self) -> dict[int, float]:
        return {}

    @lazy
    def _slots_pj(self) -> dict[int, float]:
        return {}

    def _again_pj(self, in_channels: int) -> float:
        job = self.job
        blocks = [(job.of_channels(each), often) for each, often in self._chunks(in_channels)]
        again = sum(
            sum(block.rates[index].reduction_folds * often for block, often in blocks)
            - job.rates[index].reduction_folds
            for index, plan in enumerate(job.passes)
            if plan.gated
        )
        banks = job.arch.scheduler.table_banks(job.arch.array.columns)
        return again * banks * self.goal.prices["issue_table_read_words"]

    def _read_pj(self, in_channels: int) -> float:
        job, operand = self.job, self.job.slot_operand
        word_pj = self.goal.prices[f"{operand.name}_sram_read_words"]
        gated = [index for index, plan in enumerate(job.passes) if plan.gated]
        widths = [operand.bits(job.passes[index]) for index in gated]
        if job.arch.memory.all_ports:
            words = sum(
                int(fold_words(job.of_channels(each), index, bits).sum()) * often
                for each, often in self._chunks(in_channels)
                for index, bits in zip(gated, widths, strict=True)
            )
            return words * word_pj
        bits = sum(
            int(job.flow.slot_elements(job.shape, np.ones(1, np.int64), job.rates[index])[0]) * own
            for index, own in zip(gated, widths, strict=True)
        )
        return bits / job.arch.memory.buffers[operand.name].port_bits * word_pj


def visits(job: Job, rate: Rate) -> int:
    """Return how often the sums of a pass come to the output buffer."""
    return int(job.flow.sum_visits(rate, np.ones((1, 1), np.int64)).item())


def _of_each(sizes: Counts, known: dict[int, float], compute: Callable[[int], float]) -> Floats:
    """Return what was computed for each size; known: by size, to which new ones are added."""
    alike, places = np.unique(sizes, return_inverse=True)
    for size in alike.tolist():
        if size not in known:
            known[size] = compute(size)
    found = np.array([known[size] for size in alike.tolist()], np.float64)
    return found[places.reshape(-1)]
