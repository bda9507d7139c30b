"""Tensors that stay in the activation buffer from their producer to their last consumer (M42)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from pgsim.model.job import Job


def retained(jobs: Sequence[Job], reads: Mapping[str, Sequence[str]]) -> list[Job]:
    """Return the layers of a network, each knowing which of its tensors stay on chip.

    reads: of each layer by name, the layers whose outputs it reads. Tensors are taken in the order
    in which layers make them: one stays if, at every layer from its producer to its last consumer,
    it fits beside those that stay already and what the layer itself needs. What a layer that is
    skipped reads, its readers read. Source: MODEL.md M42, M56.
    """
    if not jobs or not jobs[0].arch.memory.retain:
        return list(jobs)
    reads = _through_skipped(jobs, reads)
    capacity = int(jobs[0].arch.memory.activation_sram.kib * 8192)
    # A product fetches its second operand, which may be any of what it reads, from DRAM (M60).
    products = [job.shape.name for job in jobs if not job.shape.kind.shares_weights]
    refused = {read for name in products for read in reads[name]}
    while True:
        kept, room = _kept(jobs, reads, refused, capacity)
        # What stays was not written: a reader that fetches anything would not find it in DRAM.
        broken = {
            name
            for job in jobs
            if not _all_stay(job, reads, kept)
            for name in reads[job.shape.name]
            if name in kept
        }
        if not broken:
            break
        refused |= broken
    return [
        replace(
            job,
            inputs_stay=_all_stay(job, reads, kept),
            output_stays=job.shape.name in kept,
            retained_bits=capacity - room[place],
        )
        for place, job in enumerate(jobs)
    ]


def _through_skipped(
    jobs: Sequence[Job], reads: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return what layers read; in place of a layer that is skipped, what that one reads (M56)."""
    computed = {job.shape.name for job in jobs}
    found: dict[str, tuple[str, ...]] = {}
    for name, own in reads.items():
        skipped = {each: found[each] for each in own if each in found and each not in computed}
        through = chain.from_iterable(skipped.get(each, (each,)) for each in own)
        found[name] = tuple(dict.fromkeys(through))
    return found


def _kept(
    jobs: Sequence[Job], reads: Mapping[str, Sequence[str]], refused: set[str], capacity: int
) -> tuple[set[str], list[int]]:
    """Return the layers whose outputs stay, none of `refused`, and the room left at each layer."""
    room, kept = [capacity] * len(jobs), set[str]()
    last = _last_readers(jobs, reads)
    for place, job in enumerate(jobs):
        name = job.shape.name
        if name not in last or name in refused:
            continue
        bits = job.arch.batch * _elements(job, jobs, reads) * job.output_bits
        living = range(place, last[name] + 1)
        if all(room[at] - bits >= _need_bits(jobs[at], reads, kept | {name}) for at in living):
            kept.add(name)
            for at in living:
                room[at] -= bits
    return kept, room


def _last_readers(jobs: Sequence[Job], reads: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the place of the last layer that reads each layer's output."""
    last: dict[str, int] = {}
    for place, job in enumerate(jobs):
        for name in reads[job.shape.name]:
            last[name] = place
    return {job.shape.name: last[job.shape.name] for job in jobs if job.shape.name in last}


def _elements(job: Job, jobs: Sequence[Job], reads: Mapping[str, Sequence[str]]) -> int:
    """Return the elements of an image that are kept: what pooling or gates leave for readers."""
    read = (
        each.shape.in_channels * each.shape.image_in_size[0] * each.shape.image_in_size[1]
        for each in jobs
        if job.shape.name in reads[each.shape.name]
    )
    return min(job.shape.outputs, max(read))


def _all_stay(job: Job, reads: Mapping[str, Sequence[str]], kept: set[str]) -> bool:
    return kept.issuperset(reads[job.shape.name])


def _need_bits(job: Job, reads: Mapping[str, Sequence[str]], kept: set[str]) -> int:
    """Return the bits of the activation buffer that a layer needs for what it fetches itself.

    Nothing if all that it reads stays; else the input rows under its kernel of one image, or a word
    in every bank if that is more, in both halves where buffers are doubled.
    """
    if _all_stay(job, reads, kept):
        return 0
    shape, memory = job.shape, job.arch.memory
    height, width = shape.run_in_size
    rows = min(shape.kernel_size[0], height)
    bits = rows * width * shape.in_channels_per_group * job.activation_bits
    sram = memory.activation_sram
    return memory.halves * max(bits, sram.banks * sram.port_bits)
