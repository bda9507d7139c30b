"""Room: what of a batch is held at once, and that it stays within some hundred MiB."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pgsim.arch import Counts
from pgsim.errors import InputError
from pgsim.model.job import Job
from pgsim.model.ledger import PassCounts

_TILE_NUMBERS = 4  # that a tile holds beside those of its passes, in units of 50 bytes
_MOST_NUMBERS = 12 * 2**20  # 600 MiB
_MOST_SLOT_WORDS = 2**25  # a slot's lanes, 64 to a word of 8 bytes: 256 MiB
MOST_VECTORS = 2**24  # with two numbers of 8 bytes each: 256 MiB
_MOST_BURSTS = 2**25  # with a mark of 8 bytes each: 256 MiB
_MOST_COUNTS = 5 * 2**26  # of 8 bytes each: 2.5 GiB, for 50,000 images of 104 layers one by one
_BATCH_COUNTS = 42  # that a ledger holds of a batch
_PASS_COUNTS = len(PassCounts._fields)  # and of each pass of it


def most_tiles(passes: int) -> int:
    """Return how many tiles of a batch are held at most, of so many passes."""
    return _MOST_NUMBERS // (_TILE_NUMBERS + passes)


def check_room(job: Job, images: int, layers: int) -> None:
    """Refuse a layer of which a batch, or the table of all batches, would not fit in memory.

    layers: of the network. Raises InputError naming the layer, what there is too much of and what
    would help.
    """
    _check(
        job,
        job.batch_tiles,
        most_tiles(len(job.passes)),
        "tiles of a batch",
        "take a smaller batch, a larger array, or longer windows (memory.output_sram, lsb.window)",
    )
    counts = _BATCH_COUNTS + _PASS_COUNTS * len(job.passes)
    _check(
        job,
        -(-images // job.batch),
        _MOST_COUNTS // (counts * layers),
        "batches",
        "simulate fewer images, or take a larger batch where images share weights",
    )
    if job.gated:
        _check_masks(job)
    _check_banks(job)


def vectors_fit(job: Job, slots: Counts) -> npt.NDArray[np.bool_]:
    """Say of windows of some slots whether the operand vectors that kernels hold of each are few.

    They hold them bank by bank, of windows that a mask steers.
    """
    return _bank_vectors(job, slots) <= MOST_VECTORS


def _bank_vectors(job: Job, slots: Counts) -> Counts:
    if not (job.gated and job.arch.memory.all_ports):
        return np.zeros_like(slots)
    banks = job.arch.memory.buffers[job.slot_operand.name].banks
    vectors: Counts = slots * np.maximum(job.arch.array.columns, np.minimum(banks, slots))
    return vectors


def _check_banks(job: Job) -> None:
    """Refuse windows whose operand vectors, bank by bank, kernels could not hold."""
    vectors = _bank_vectors(job, np.array([job.largest_window]))
    help_ = "take shorter windows (memory.output_sram, lsb.window), or memory.ports: slots"
    what = "slots of a window, by lanes or by banks,"
    _check(job, int(vectors[0]), MOST_VECTORS, what, help_)


def _check_masks(job: Job) -> None:
    """Refuse masks whose slots, or whose planes on demand, kernels could not hold."""
    lanes, slots = job.cuts
    _, of_slots = job.arch.lanes.repeats(job.shape.runs_per_batch, job.shape.groups)
    words = -(-lanes.largest // 64) * slots.total * of_slots
    _check(job, words, _MOST_SLOT_WORDS, "slots of a batch, by 64 lanes", "take a smaller batch")
    if job.demand_bits:
        bits = job.run_inputs * job.demand_bits
        _check(
            job,
            bits // (8 * job.arch.memory.dram.burst_bytes),
            _MOST_BURSTS,
            "bursts on demand of a run",
            "take a smaller batch, longer bursts (memory.dram.burst_bytes), or "
            "memory.lsb_fetch: with_msb",
        )


def _check(job: Job, count: int, most: int, what: str, help_: str) -> None:
    if count > most:
        raise InputError(
            f"layer {job.shape.name!r} on {job.arch.name}: {count} {what} are more than pgsim "
            f"holds in memory ({most}): {help_}"
        )
