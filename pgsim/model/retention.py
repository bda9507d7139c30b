"""Tensors that stay in the activation buffer from their producer to their last consumer (M42)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pgsim.model.job import Job


def retained(jobs: Sequence[Job], reads: Mapping[str, Sequence[str]]) -> list[Job]:
    """Return the layers of a network, each knowing which of its tensors stay on chip.

    reads: of each layer by name, the layers whose outputs it reads. Tensors are taken in the order
    in which layers make them: one stays if, at every layer from its producer to its last consumer,
    it fits beside those that stay already and what the layer itself needs. Source: MODEL.md M42.
    """
    if not jobs or not jobs[0].arch.memory.retain:
        return list(jobs)
    memory = jobs[0].arch.memory
    room = [int(memory.activation_sram.kib * 8192)] * len(jobs)
    places = {job.shape.name: place for place, job in enumerate(jobs)}
    last = _last_readers(jobs, reads)
    kept: set[str] = set()
    for place, job in enumerate(jobs):
        name = job.shape.name
        if name not in last:
            continue
        bits = job.batch * job.shape.outputs * job.output_bits
        living = range(place, last[name] + 1)
        if all(room[at] - bits >= _need_bits(jobs[at], reads, kept | {name}) for at in living):
            kept.add(name)
            for at in living:
                room[at] -= bits
    capacity = int(memory.activation_sram.kib * 8192)
    return [
        replace(
            job,
            inputs_stay=_all_stay(job, reads, kept),
            output_stays=job.shape.name in kept,
            retained_bits=capacity - room[places[job.shape.name]],
        )
        for job in jobs
    ]


def _last_readers(jobs: Sequence[Job], reads: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the place of the last layer that reads each layer's output."""
    last: dict[str, int] = {}
    for place, job in enumerate(jobs):
        for name in reads[job.shape.name]:
            last[name] = place
    return {job.shape.name: last[job.shape.name] for job in jobs if job.shape.name in last}


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
    rows = min(shape.kernel[0], height) * width * shape.in_channels_per_group * job.activation_bits
    sram = memory.activation_sram
    return memory.halves * max(rows, sram.banks * sram.port_bits)
