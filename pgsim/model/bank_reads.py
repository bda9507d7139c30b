"""How the operand of the slots is read bank by bank, in whole words (MODEL.md M43)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pgsim.arch import Counts
from pgsim.mapping.pixels import Taps
from pgsim.model.job import Job

if TYPE_CHECKING:
    from pgsim.kernels.banks import Reads
    from pgsim.model.mask_work import MaskWork

_MOST_KEPT = 2**12  # folds of a reduction whose words are kept: 32 KiB


def bank_reads(job: Job, index: int) -> list[Reads] | None:
    """Return how a pass reads the vectors of its slots, None where no port limits it.

    A job is of one layer, but for that of `Job.of_each`: each has its own.
    """
    way = _way_of(job, index)
    return None if way is None else [way.reads(*each) for each in way.layers]


def late_with_all_slots(job: Job, index: int) -> Counts | None:
    """Return by how much banks are late in each window if all its slots are issued (M43).

    Returns int64 (layers, windows); None where no port limits the pass.
    """
    from pgsim.kernels.banks import all_slots  # Numba: only if banks are looked at

    way = _way_of(job, index)
    if way is None:
        return None
    windows = np.array(job.tiling.window_slots)  # one that may be written: as others are
    late = np.zeros((len(way.layers), windows.size), np.int64)
    for own, each in zip(late, way.layers, strict=True):
        if not way.keeps_up(*each):  # else nothing is late, which is told sooner
            own[:] = all_slots(windows, way.reads(*each))
    return late


class _Way(NamedTuple):
    """How a pass reads the vectors of its slots, what depends on input channels apart.

    banks, beat_slots, around: as `banks.Reads` has them, the last its lead, edge and bus cycles.
    by_step, macs, cycles: whether folds stream whole vectors, and what decides their needs. layers:
    of each layer, from one beat to the next, and a cut as `_words_to` takes it.
    """

    banks: int
    beat_slots: int
    around: tuple[int, int, int]
    by_step: bool
    macs: int
    cycles: int
    layers: list[tuple[int, ...]]

    def reads(self, spacing: int, *cut: int) -> Reads:
        """Return how the vectors of one of the layers are read."""
        from pgsim.kernels.banks import Reads  # Numba: only if banks are looked at

        needs = (_known_steps if self.by_step else _needs_by_fold)(self.macs, self.cycles, *cut)
        return Reads(self.banks, self.beat_slots, spacing, *self.around, *needs)

    def keeps_up(self, spacing: int, *cut: int) -> bool:
        """Say whether a bank brings all that a beat needs of it before the next beat begins."""
        own = -(-self.beat_slots // self.banks)  # vectors of a beat in a bank, at most
        words, in_time = _known_pace(self.by_step, self.macs, self.cycles, *cut)
        return own <= in_time and own * words <= spacing


def _way_of(job: Job, index: int) -> _Way | None:
    """Return how a pass reads the vectors of its slots, None where no port limits it."""
    arch, array, pass_ = job.arch, job.arch.array, job.passes[index]
    if pass_.scheduled and not arch.scheduler.most_vectors(array.columns):
        return None
    flow, rate = job.flow, job.rates[index]
    sram, bits = arch.memory.buffers[job.slot_operand.name], job.slot_operand.bits(pass_)
    beat = flow.beat(job.shape, array.rows, rate)
    spacing = array.fold_spacing(beat.cycles) if beat.is_fold else beat.cycles
    banks = min(sram.banks, int(job.tiling.window_slots.max()))  # no more hold any vector
    edge_cycles = 0 if array.folds_overlap else flow.edge_cycles(array.rows, array.columns)
    bus_cycles = flow.bus_cycles(array.rows) if array.folds_overlap else 0
    around = (lead_cycles(job), edge_cycles, bus_cycles)
    layers = list(np.broadcast(spacing, *_cut(job, index, bits)))
    return _Way(banks, beat.slots, around, beat.is_fold, rate.macs, rate.cycles, layers)


def lead_cycles(job: Job) -> int:
    """Return the cycles from a fold's load to its first step: none, but for folds that run alone.

    They wait until every row has its operands (M16).
    """
    array, flow = job.arch.array, job.flow
    loads_first = flow.holds_lane_operand and not array.folds_overlap
    return flow.bus_cycles(array.rows) if loads_first else 0


def _needs_by_step(macs: int, cycles: int, *cut: int) -> tuple[Counts, Counts]:
    """Return what a fold needs that streams whole vectors, in steps of so many cycles.

    Returns `folds` and `deadlines` of `banks.Reads`. Nobody changes them, but they may be written:
    kernels are compiled for such arrays. cut: as `_words_to` takes it.
    """
    from pgsim.kernels.banks import deadlines

    _, elements, _, stretch, bits, port_bits = cut
    points = deadlines(_ends(elements, macs), stretch, bits, port_bits, cycles)
    return np.zeros((1, 3), np.int64), points[None].copy()  # of a far larger array


def _needs_by_fold(macs: int, cycles: int, *cut: int) -> tuple[Counts, Counts]:
    """Return the same where a step needs the words that a fold reads of one vector."""
    return (_known_folds if _are_kept(*cut) else _latest_folds)(cycles, *cut)


def _pace(by_step: bool, macs: int, cycles: int, *cut: int) -> tuple[int, int]:
    """Return the most words of a vector that a fold reads, and how many vectors come in time.

    So many are there at every deadline if each word takes a cycle.
    """
    _, points = (_needs_by_step if by_step else _needs_by_fold)(macs, cycles, *cut)
    words, times = points[..., 0], points[..., 1]
    return int(words.max()), int((times // np.maximum(words, 1)).min())


def _latest_folds(cycles: int, *cut: int) -> tuple[Counts, Counts]:
    """Return the folds that may be the latest of those that read as many words, and when each is.

    They are as `_needs_by_fold` has them.
    """
    from pgsim.kernels.banks import latest

    read = _words_to(*cut)
    words, kinds = np.unique(read, return_inverse=True)
    before, found = np.cumsum(read) - read, []
    for kind in range(words.size):
        own = np.flatnonzero(kinds == kind)
        points = latest(np.stack([before[own], own], axis=-1))
        found.append(np.insert(points, 0, kind, axis=1))
    points = np.stack([words, np.full_like(words, cycles)], axis=-1)
    return np.concatenate(found), points[:, None]


def fold_words(job: Job, index: int, bits: int) -> Counts:
    """Return the words of a vector that each fold of the reduction reads, int64 (folds,).

    bits: of the plane that it reads of an element. The array is read-only.
    """
    cut = _cut(job, index, bits)
    return (_known_words if _are_kept(*cut) else _words_to)(*cut)


def vector_words(job: Job, index: int, bits: int) -> Counts:
    """Return the words of a vector that all folds read, int64 that broadcasts to tiles.

    bits: as `fold_words` takes them.
    """
    cuts = np.broadcast(*_cut(job, index, bits))
    return np.array([_known_sum(*cut) for cut in cuts], np.int64).reshape(cuts.shape)


def _are_kept(taps: int, elements: int, fold_elements: int, *_: int) -> bool:
    """Say whether a pass has few enough folds to keep what they read."""
    return taps * -(-elements // fold_elements) <= _MOST_KEPT


def _cut(job: Job, index: int, bits: int) -> tuple[int, ...]:
    """Return all that decides what the folds of a pass read, as `_words_to` takes it."""
    operand, port_bits = job.slot_operand, job.arch.memory.buffers[job.slot_operand.name].port_bits
    return (*_folds_of(job, index), operand.stretch(job.shape), bits, port_bits)


def fold_ends(job: Job, index: int) -> Counts:
    """Return the elements of the reduction up to and with each fold, int64 (folds,)."""
    return _fold_ends(*_folds_of(job, index))


def _folds_of(job: Job, index: int) -> tuple[int, int, int]:
    """Return the taps, their elements, and the elements of a fold that is not a tap's first."""
    beat = job.flow.beat(job.shape, job.arch.array.rows, job.rates[index])
    return beat.taps, job.shape.reduction // beat.taps, beat.fold_elements


def _fold_ends(taps: int, elements: int, fold_elements: int) -> Counts:
    ends: Counts = np.add.outer(np.arange(taps) * elements, _ends(elements, fold_elements)).ravel()
    return ends


def _words_to(
    taps: int, elements: int, fold_elements: int, stretch: int, bits: int, port_bits: int
) -> Counts:
    """Return the words that each fold reads, of elements that lie in stretches of whole words."""
    ends = _fold_ends(taps, elements, fold_elements)
    begins = np.concatenate([[0], ends[:-1]])
    stretch_words = -(-stretch * bits // port_bits)
    upto = ends // stretch * stretch_words - (-(ends % stretch) * bits // port_bits)
    before = begins // stretch * stretch_words + begins % stretch * bits // port_bits
    words: Counts = upto - before
    words.flags.writeable = False
    return words


def _words_of_all(*cut: int) -> int:
    return int(_words_to(*cut).sum())


# A search asks for the same few again and again.
_known_words = lru_cache(maxsize=256)(_words_to)
_known_folds = lru_cache(maxsize=1024)(_latest_folds)
_known_steps = lru_cache(maxsize=1024)(_needs_by_step)
_known_pace = lru_cache(maxsize=1024)(_pace)
_known_sum = lru_cache(maxsize=4096)(_words_of_all)


class FoldWork(NamedTuple):
    """What one fold of the reduction reads of each of its slots, which decides how late it is.

    taps: those of whose pixels its mask is. amount: read for each slot. more: and for an active
    one. Both are words where banks are looked at, else bits.
    """

    taps: Taps
    amount: int
    more: int = 0


def late_fold_by_fold(
    job: Job, mask: MaskWork, folds: Sequence[FoldWork], steps: Steps, *, banks: int, rate: int
) -> Counts:
    """Return how much is not there in time where the slots of each fold have their own steps.

    banks: that words come from. rate: what each brings in a cycle. Source: MODEL.md M52, M53.
    """
    from pgsim.kernels.banks import FoldReads, fold_by_fold  # Numba: only if banks are looked at

    array, flow = job.arch.array, job.flow
    reads = FoldReads(
        banks=min(banks, int(job.tiling.window_slots.max())),
        rate=rate,
        step_cycles=steps.cycles,
        more_cycles=steps.more_cycles,
        lead_cycles=lead_cycles(job) if job.arch.memory.all_ports else 0,
        edge_cycles=0 if array.folds_overlap else flow.edge_cycles(array.rows, array.columns),
        bus_cycles=flow.bus_cycles(array.rows) if array.folds_overlap else 0,
        all_slots=steps.all_slots,
    )
    distinct = sorted({fold.taps for fold in folds})
    masks = np.stack([mask.under(taps).rows for taps in distinct])
    rows = [(distinct.index(fold.taps), fold.amount, fold.more) for fold in folds]
    late = fold_by_fold(masks, mask.bounds, np.array(rows, np.int64), reads)
    return job.tiling.by_tile(late)


class Steps(NamedTuple):
    """Steps of a fold: their cycles, what an active one takes more, and whether all happen."""

    cycles: int
    more_cycles: int
    all_slots: bool


def _ends(elements: int, most: int) -> Counts:
    """Return where pieces of at most so many elements end; the first is the short one (M21)."""
    first = (elements - 1) % most + 1
    return np.arange(first, elements + 1, most, dtype=np.int64)
