"""What a nest may leave unheld, so that each pass fetches its own plane when it comes (M41).

Holding an operand over several blocks of input channels brings the planes of gated passes with the
others. It fetches no element twice. But it comes before the gate, and for passes that then issue
nothing; so it is no better always.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from pgsim.mapping import Nest
from pgsim.mapping.nest import IN_CHANNELS
from pgsim.model.job import Job
from pgsim.model.nests import blocks_of_nest
from pgsim.schemes import ACTIVATIONS, WEIGHTS


def with_unheld(job: Job, nest: Nest) -> Iterator[Nest]:
    """Return a nest, and the same with every choice of operands unheld that may then cost less.

    job: that a mask steers. They are those that are held over several blocks of input channels, and
    of which the first pass does not use all bits. Source: MODEL.md M41.
    """
    yield nest
    if nest.trips[IN_CHANNELS] == 1:
        return
    held = blocks_of_nest(replace(job, nest=nest)).holding.held
    first, several = job.passes[0], nest.depths.index(IN_CHANNELS)
    names = []
    if first.activation_bits < job.activation_bits and not job.inputs_stay:
        names += [ACTIVATIONS.name] * (held.activation <= several)
    if first.weight_bits < job.weight_bits:
        names += [WEIGHTS.name] * (held.weight <= several)
    for number in range(1, len(names) + 1):
        for unheld in combinations(names, number):
            yield replace(nest, unheld=unheld)
