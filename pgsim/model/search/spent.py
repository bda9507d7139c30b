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
class Paid:
    """What the gated passes of a layer spend at least on an entry, a vector and a slot.

    It knows no masks, so that layers of one geometry share it. What follows from the input channels
    of a block is found once for each number of them.
    """

    job: Job
    goal: Goal

    def entries_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of an entry's PEs and sums at least.

        in_channels: int64 (choices,), of a block. Returns float64 (choices,).
        """
        return _of_each(in_channels, self._entries_pj, self._entry_pj)

    def outputs_pj(self, in_channels: Counts) -> Floats:
        """Return the same of an output's sums and mask, whatever the gate says of it."""
        return _of_each(in_channels, self._outputs_pj, self._output_pj)

    def vectors_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of reading a slot's operands in the gated passes."""
        return _of_each(in_channels, self._vectors_pj, self._read_pj)

    def slots_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of reading an issued slot from the issue table more than once.

        Every block of input channels reads it again (M28).
        """
        return _of_each(in_channels, self._slots_pj, self._again_pj)

    @lazy
    def _entries_pj(self) -> Floats:
        return self._unknown()

    @lazy
    def _outputs_pj(self) -> Floats:
        return self._unknown()

    @lazy
    def _vectors_pj(self) -> Floats:
        return self._unknown()

    @lazy
    def _slots_pj(self) -> Floats:
        return self._unknown()

    def _unknown(self) -> Floats:
        """Return what nobody has asked for yet, by input channels."""
        return np.full(self.job.shape.in_channels_per_group + 1, np.nan)

    def _entry_pj(self, in_channels: int) -> float:
        bit_pj = 0.0 if self._sums_stay(in_channels) else self.sum_bit_pj
        return sum(
            self._chunk_pj(each, bit_pj) * often for each, often in self._chunks(in_channels)
        )

    def _output_pj(self, in_channels: int) -> float:
        if self._sums_stay(in_channels):
            return 0.0
        bits = 1  # of the mask, and, where the bound of the leading passes takes sums for finished:
        alone = in_channels == self.job.shape.in_channels_per_group
        if alone and self.job.leading == visits(self.job, self.job.rates[0]) == 1:
            bits += max(0, PARTIAL_SUM_BITS - self.job.output_bits)
        return bits * self.sum_bit_pj

    def _sums_stay(self, in_channels: int) -> bool:
        """Say whether sums may wait in the array, whose input channels are one block."""
        return self.sums_may_stay and in_channels == self.job.shape.in_channels_per_group

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
        """Return an entry's energy in a block of input channels; bit_pj: of a sum, in and out."""
        job = self.job.of_channels(in_channels)
        busy_pj = self.goal.least_busy_pj(self.job)
        return sum(
            rate.output_cycles * busy_pj + visits(job, rate) * PARTIAL_SUM_BITS * bit_pj
            for plan, rate in zip(job.passes, job.rates, strict=True)
            if plan.gated
        )

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


@dataclass(frozen=True)
class Spent:
    """A gated layer in some images: what its entries take, and what each operand vector does.

    outputs, entries: of all those images, computed by the leading passes and by the gated ones.
    """

    paid: Paid
    outputs: int
    entries: int

    def trailing_pj(self, in_channels: Counts) -> Floats:
        """Return the energy of the gated passes' PEs and buffers at least, and of what is retained.

        in_channels: int64 (choices,), of a block. Returns float64 (choices,).
        """
        job, paid = self.paid.job, self.paid
        spent_pj = self.entries * paid.entries_pj(in_channels)
        spent_pj += self.outputs * paid.outputs_pj(in_channels)
        if job.output_stays:
            port_bits = job.arch.memory.activation_sram.port_bits
            words = self.outputs * job.output_bits / port_bits
            spent_pj += words * paid.goal.prices["activation_sram_write_words"]
        return spent_pj


def visits(job: Job, rate: Rate) -> int:
    """Return how often the sums of a pass come to the output buffer."""
    return int(job.flow.sum_visits(rate, np.ones((1, 1), np.int64)).item())


def _of_each(sizes: Counts, known: Floats, compute: Callable[[int], float]) -> Floats:
    """Return what was computed for each size; known: by size, to which new ones are added."""
    found: Floats = known[sizes]
    unknown = np.isnan(found)
    if unknown.any():
        for size in set(sizes[unknown].tolist()):
            known[size] = compute(size)
        found = known[sizes]
    return found
