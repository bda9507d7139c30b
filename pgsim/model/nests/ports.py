"""Waits for the ports of all buffers in the tiles of a nest's blocks (MODEL.md M40, M43)."""

from __future__ import annotations

import numpy as np

from pgsim.arch import Counts
from pgsim.model.buffer_ports import moved_bits, with_waits
from pgsim.model.holding import finished_in_the_array
from pgsim.model.nests.blocks import Blocks, Chunk
from pgsim.model.nests.timing import Chunks
from pgsim.model.nests.traffic import ends_of_sums, loads_of, visits_of
from pgsim.model.passes import Timings


def wait_for_buffers(blocks: Blocks, chunks: Chunks, stretch: int) -> Chunks:
    """Return chunks whose passes wait for whichever port is furthest behind.

    stretch: of `timing.stay_stretch`. Where only the ports of the slots' operand are limited,
    nothing changes.
    """
    if not blocks.job.arch.memory.all_ports:
        return chunks
    alone = len(chunks) == 1
    return [
        (chunk, _waiting(blocks, chunk, timings, stretch, alone=alone)) for chunk, timings in chunks
    ]


def _waiting(
    blocks: Blocks, chunk: Chunk, timings: Timings, stretch: int, *, alone: bool
) -> Timings:
    """Return the passes of one chunk; alone: whether it takes all input channels at once."""
    job, visits = chunk.job, visits_of(chunk, timings)
    finished = np.zeros((1, 1, 1, 1), bool)
    opens: Counts | int = int(chunk.opens)
    leaves: Counts | int = int(chunk.closes)
    if alone:
        finished = finished_in_the_array(job, timings, visits)
    elif not job.decides:  # each block is a turn of its own
        opens, leaves = ends_of_sums(blocks, chunk)
    moved = moved_bits(job, timings, visits, finished, opens=opens, leaves=leaves)
    return with_waits(job, timings, loads_of(chunk, timings, stretch), moved)
