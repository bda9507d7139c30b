"""What a nest may leave unheld, so that each pass fetches its own plane when it comes (M41).

Holding an operand over several blocks of input channels brings the planes of gated passes with the
others. It fetches no element twice. But it comes before the gate, and for passes that then issue
nothing; so it is no better always.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from pgsim.model.job import Job
from pgsim.schemes import ACTIVATIONS, WEIGHTS


def unheld_of(job: Job) -> Iterator[tuple[str, ...]]:
    """Yield every choice of operands that a nest of several C blocks may leave unheld, none first.

    job: that a mask steers. They are those of which the first pass does not use all bits: of
    others, all passes would fetch again what the first one fetched. Source: MODEL.md M41.
    """
    first, names = job.passes[0], []
    if first.activation_bits < job.activation_bits and not job.inputs_stay:
        names.append(ACTIVATIONS.name)
    if first.weight_bits < job.weight_bits and not job.weights_stay:
        names.append(WEIGHTS.name)
    for number in range(len(names) + 1):
        yield from combinations(names, number)
